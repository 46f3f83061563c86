#include "model/frame.h"

#include <string.h>

void ncm_frame_free(struct ncm_frame *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->n_columns; i++) {
        struct ncm_column *c = &f->columns[i];
        for (size_t k = 0; k < c->n_words; k++) {
            ncm_free(c->words[k]);
        }
        ncm_free(c->name);
        ncm_free(c->numbers);
        ncm_free(c->codes);
        ncm_free(c->words);
        ncm_free(c->counts);
    }
    ncm_free(f->columns);
    ncm_free(f->times);
    ncm_free(f->time_name);
    ncm_free(f);
}

const struct ncm_column *ncm_frame_find(const struct ncm_frame *f, const char *name)
{
    for (size_t i = 0; i < f->n_columns; i++) {
        if (strcmp(f->columns[i].name, name) == 0) {
            return &f->columns[i];
        }
    }
    return NULL;
}
