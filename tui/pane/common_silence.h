/* Silencing from any pane: how long, what by, and then the panel of the change. */
#ifndef TUI_PANE_COMMON_SILENCE_H
#define TUI_PANE_COMMON_SILENCE_H

#include "api/alert.h"
#include "ui/pane.h"

/* Owned by the pane: what is being asked. Zero before the first use. */
struct common_silence {
    struct ui *ui;
    char *source;   /* "ncmlops", "alertmanager" */
    char *matchers; /* proposed, then as edited */
    char *how_long;
    char *id; /* of the silence that is changed; NULL: a new one */
};

/* For labels (sorted): asks how long (how_long NULL) and by what, then opens the panel. */
void common_silence_labels(struct common_silence *s, struct ui *ui, const char *source,
                           const struct ncm_kv *labels, size_t n, const char *how_long);
/* The same for a silence that there is: only how long anew. */
void common_silence_extend(struct common_silence *s, struct ui *ui, const char *source,
                           const struct ncm_silence *silence, const char *how_long);
void common_silence_release(struct common_silence *s);

#endif
