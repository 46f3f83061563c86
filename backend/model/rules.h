/* What MLflow's own clients refuse, so that nothing gets into a store that they would not have put
 * there; lengths are counted in characters, as they do. What only the store can tell (what is
 * there, how long a value may be) is asked of the provider. */
#ifndef NCM_MODEL_RULES_H
#define NCM_MODEL_RULES_H

#include <stdbool.h>
#include <stdint.h>

#include "base/err.h"
#include "model/change.h"

/* Most characters of a tag's value: releases before and from MLflow 2.19 (registry), 2.20
 * (experiments); a run's tags 5000 or 8000. */
enum {
    NCM_REGISTRY_TAG_OLD = 5000,
    NCM_REGISTRY_TAG_NEW = 100000,
    NCM_EXPERIMENT_TAG_OLD = 5000,
    NCM_EXPERIMENT_TAG_NEW = 20000,
    NCM_RUN_TAG_OLD = 5000,
    NCM_RUN_TAG_NEW = 8000,
};

/* A provider's answers; each returns false with err set where the change is to be refused. */
struct ncm_rules {
    void *to;
    /* Most characters of a value of this kind of tag (…_TAG, NCM_CH_RUN_NOTE). */
    bool (*value_most)(void *to, enum ncm_change_kind kind, int64_t *most, struct ncm_err *err);
    /* NCM_NOT_FOUND where the version is not there. */
    bool (*need_version)(void *to, const char *model, const char *version, struct ncm_err *err);
    /* NCM_NOT_FOUND, or NCM_REFUSED where it is deleted. */
    bool (*need_active_run)(void *to, const char *id, struct ncm_err *err);
    bool (*need_active_experiment)(void *to, const char *id, struct ncm_err *err);
    /* NCM_REFUSED where the name is taken (also by a deleted experiment). */
    bool (*model_free)(void *to, const char *name, struct ncm_err *err);
    bool (*experiment_free)(void *to, const char *name, struct ncm_err *err);
    /* Most characters of a run's name and of its tags' keys where the store has other limits than
     * MLflow's usual ones; 0: it has those. */
    int64_t run_name_most, run_key_most;
};

/* NCM_REFUSED (or NCM_USAGE, NCM_NOT_FOUND) with a sentence. A run made in the same list (object
 * "") is not asked for: it is there once the list is carried out. */
bool ncm_rules_check(const struct ncm_rules *r, const struct ncm_change *ch, struct ncm_err *err);

/* The nearest key of a metric that every release of MLflow takes: what is no letter, digit, blank
 * or one of _ - . / becomes "_" (1.x takes no colon), so do slashes and dots that would make it no
 * file name; at most 250 bytes, whole characters. Different texts may give one key. O(length); the
 * caller frees. */
char *ncm_rules_metric_key(const char *text);

/* The sentences for refusals that every provider makes; false. */
bool ncm_rules_no_model(const char *name, struct ncm_err *err);
bool ncm_rules_no_version(const char *name, const char *version, struct ncm_err *err);
bool ncm_rules_no_run(const char *id, struct ncm_err *err);
bool ncm_rules_no_experiment(const char *id, struct ncm_err *err);
bool ncm_rules_run_deleted(const char *id, struct ncm_err *err);
bool ncm_rules_experiment_deleted(const char *id, struct ncm_err *err);
bool ncm_rules_model_taken(const char *name, struct ncm_err *err);
bool ncm_rules_experiment_taken(const char *name, bool by_deleted, struct ncm_err *err);

#endif
