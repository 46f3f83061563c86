/* The source that a choice names: who answers for it, how it is entered, and where our own state
 * about it lies. */
#ifndef NCM_ENGINE_SOURCE_H
#define NCM_ENGINE_SOURCE_H

#include <stdbool.h>

#include "base/err.h"
#include "engine/choose.h"
#include "provider/provider.h"

struct ncm_source {
    const struct ncm_provider *provider;
    struct ncm_place place;    /* borrows from the choice and from this */
    struct ncm_place registry; /* where the choice names another registry */
    char *registry_label;      /* the same for people; NULL without */
    struct ncm_provider pair;  /* provider points here then */
    /* One file a store, so that records of two are never mixed. With a registry of its own it is
     * the registry's: history and undo are about stages, and whoever opens that registry alone
     * must see the same ones. */
    char *state_path;
};

/* The choice must outlive it, and it must stay where it is in memory. NCM_UNSUPPORTED or
 * NCM_NOT_FOUND in words where nobody answers for it; nothing is to be released then. */
bool ncm_source_make(struct ncm_source *out, const struct ncm_choice *choice, struct ncm_err *err);
/* The same for a provider that is given; choice->registry is not looked at. */
void ncm_source_make_with(struct ncm_source *out, const struct ncm_provider *provider,
                          const struct ncm_choice *choice);
void ncm_source_release(struct ncm_source *s);

/* Where the state of a place lies: beside the store where its provider says so, else
 * $XDG_STATE_HOME/ncmlops/READABLE-NAME-HASH.ncmlops.db. The caller frees. */
char *ncm_place_state_path(const struct ncm_provider *provider, const struct ncm_place *place);

#endif
