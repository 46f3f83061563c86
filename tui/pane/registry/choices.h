/* A picker's items: what is shown, and beside it (registry.picks) the word the choice stands for.
 */
#ifndef TUI_PANE_REGISTRY_CHOICES_H
#define TUI_PANE_REGISTRY_CHOICES_H

#include "pane/registry/registry.h"

#define MAX_CHOICES 64

struct choices {
    struct registry *r;
    struct ui_pick_item items[MAX_CHOICES];
    char labels[MAX_CHOICES][96], details[MAX_CHOICES][120];
    size_t n;
};

/* Empties the list and the words of the one before. */
void choices_init(struct choices *c, struct registry *r);
/* Adds; all text is copied; what does not fit any more is left out. label and detail: clean. */
void choices_add(struct choices *c, const char *word, const char *label, const char *detail);
/* The word of what was picked (borrowed from the pane); NULL where nothing was. */
const char *choices_word(const struct registry *r, const size_t *chosen, size_t n);

#endif
