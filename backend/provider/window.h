/* Full rows of a list of runs: loaded for the window that is looked at, kept about it. */
#ifndef NCM_PROVIDER_WINDOW_H
#define NCM_PROVIDER_WINDOW_H

#include <stdbool.h>
#include <stddef.h>

#include "base/err.h"
#include "model/snapshot.h"
#include "provider/provider.h"

/* Loads page p of s, or says why it cannot: that it was cancelled, too. */
typedef bool (*ncm_page_fn)(void *to, struct ncm_runs_snapshot *s, size_t p, struct ncm_err *err);

/* Loads the pages of the fetch's window that are not there yet and publishes. Takes s; false (with
 * nothing published) where a page fails. */
bool ncm_window_publish(struct ncm_fetch *f, struct ncm_runs_snapshot *s, ncm_page_fn load,
                        void *to, struct ncm_err *err);
/* The same for the rows of `previous` in their order, whose pages about the window are shared;
 * farther ones are let go, so that memory follows what is looked at. */
bool ncm_window_move(struct ncm_fetch *f, const struct ncm_runs_snapshot *previous,
                     ncm_page_fn load, void *to, struct ncm_err *err);

#endif
