/* Which characters count as letters and digits in keys and aliases. For rules.c only. */
#ifndef NCM_MODEL_RULES_WORDS_H
#define NCM_MODEL_RULES_WORDS_H

#include <stdbool.h>
#include <stdint.h>

bool ncm_rules_word_char(uint32_t cp);

#endif
