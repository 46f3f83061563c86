#include "pane/registry/choices.h"

#include <stdio.h>
#include <string.h>

void registry_free_picks(struct registry *r)
{
    for (size_t i = 0; i < r->n_picks; i++) {
        ncm_free(r->picks[i]);
    }
    ncm_free(r->picks);
    r->picks = NULL;
    r->n_picks = 0;
}

void choices_init(struct choices *c, struct registry *r)
{
    memset(c, 0, sizeof *c);
    c->r = r;
    registry_free_picks(r);
    r->picks = ncm_alloc(MAX_CHOICES, sizeof *r->picks);
}

void choices_add(struct choices *c, const char *word, const char *label, const char *detail)
{
    if (c->n == MAX_CHOICES) {
        return;
    }
    snprintf(c->labels[c->n], sizeof c->labels[0], "%s", label);
    snprintf(c->details[c->n], sizeof c->details[0], "%s", detail);
    c->items[c->n].label = c->labels[c->n];
    c->items[c->n].detail = c->details[c->n];
    c->r->picks[c->n++] = ncm_strdup(word);
    c->r->n_picks = c->n;
}

const char *choices_word(const struct registry *r, const size_t *chosen, size_t n)
{
    return n > 0 && chosen != NULL && chosen[0] < r->n_picks ? r->picks[chosen[0]] : NULL;
}
