/* Names of keys, as configuration and help write them. */
#ifndef TUI_UI_KEY_NAME_H
#define TUI_UI_KEY_NAME_H

#include <stdbool.h>
#include <stddef.h>

/* A key for showing: "P", "⏎", "spc", "C-l". Writes to out and returns it. */
char *key_show(int key, char *out, size_t outsz);
/* Takes the next word of a list of keys (blanks and ", " between them; a comma alone is the key);
 * false at the end. */
bool key_word(const char **list, char *word, size_t size);

#endif
