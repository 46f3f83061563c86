/* One code point at a time: for the text_*.c files and for comparing as others do. */
#ifndef NCM_BASE_TEXT_CHAR_H
#define NCM_BASE_TEXT_CHAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* wcwidth under a UTF-8 locale: -1 for what cannot be shown, 0 for marks. */
int ncm_char_width(uint32_t cp);
/* Simple lower case, in every locale. */
uint32_t ncm_char_lower(uint32_t cp);

#endif
