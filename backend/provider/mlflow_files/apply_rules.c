/* What MLflow refuses (model/rules.h), answered from the files, and what only its file store
 * refuses: names that cannot be files. Reads only. */
#include <string.h>

#include "base/i18n.h"
#include "model/rules.h"
#include "provider/mlflow_files/apply.h"

enum {
    NAME_BYTES = 255,           /* most of a file's name */
    RUN_TAG_MOST = 4 * 1000000, /* MLflow's file store has no limit; more is no tag */
};

/* MLflow 2.19 and 2.20 raised two limits; the files do not tell these releases apart. */
static bool value_most(void *to, enum ncm_change_kind kind, int64_t *most, struct ncm_err *err)
{
    const struct files_writer *w = to;
    (void)err;
    if (kind == NCM_CH_RUN_TAG || kind == NCM_CH_RUN_NOTE)
        *most = RUN_TAG_MOST;
    else if (kind == NCM_CH_EXPERIMENT_TAG)
        *most = w->release >= 2 ? NCM_EXPERIMENT_TAG_NEW : NCM_EXPERIMENT_TAG_OLD;
    else
        *most = NCM_REGISTRY_TAG_NEW;
    return true;
}

static bool need_version(void *to, const char *model, const char *version, struct ncm_err *err)
{
    char *dir = files_version_dir(to, model, version, err);
    ncm_free(dir);
    return dir != NULL;
}

static bool need_active_run(void *to, const char *id, struct ncm_err *err)
{
    struct files_writer *w = to;
    bool active = false;
    if (w->active != NULL && strcmp(w->active, id) == 0)
        return true;
    char *dir = files_run_place(to, id, err);
    bool ok = dir != NULL && files_is_active(to, dir, &active, err) &&
              (active || ncm_rules_run_deleted(id, err));
    ncm_free(dir);
    if (ok) {
        ncm_free(w->active);
        w->active = ncm_strdup(id);
    }
    return ok;
}

static bool need_active_experiment(void *to, const char *id, struct ncm_err *err)
{
    char *dir = files_experiment_place(to, id, err);
    bool ok = dir != NULL && (!files_in_trash(to, dir) || ncm_rules_experiment_deleted(id, err));
    ncm_free(dir);
    return ok;
}

static bool model_free(void *to, const char *name, struct ncm_err *err)
{
    struct ncm_err unused;
    char *dir = files_model_dir(to, name, &unused);
    ncm_free(dir);
    return dir == NULL || ncm_rules_model_taken(name, err);
}

static bool experiment_free(void *to, const char *name, struct ncm_err *err)
{
    bool deleted;
    return !files_experiment_named(to, name, &deleted) ||
           ncm_rules_experiment_taken(name, deleted, err);
}

static bool too_long(const char *what, const char *name, struct ncm_err *err)
{
    ncm_fail(err, NCM_REFUSED, _("%s: no file can have so long a name: '%.60s…'"), what, name);
    return ncm_hint(err, _("a part of it may have %d bytes"), NAME_BYTES);
}

/* Names of models, aliases and keys become names of files and folders. */
static bool can_be_files(const struct ncm_change *ch, struct ncm_err *err)
{
    const char *name = ch->kind == NCM_CH_MODEL_CREATE   ? ch->object
                       : ch->kind == NCM_CH_MODEL_RENAME ? ch->to
                                                         : NULL;
    if (name != NULL && strlen(name) > NAME_BYTES)
        return too_long(_("model name"), name, err);
    if (name != NULL && strchr(name, '%') != NULL)
        return ncm_fail(err, NCM_REFUSED,
                        _("MLflow's file store takes no '%%' in a model's name: '%s'"), name);
    if (ch->to == NULL || ch->key == NULL)
        return true;
    if (ch->kind == NCM_CH_ALIAS)
        return strlen(ch->key) <= NAME_BYTES || too_long(_("alias"), ch->key, err);
    bool tag = ch->kind == NCM_CH_VERSION_TAG || ch->kind == NCM_CH_MODEL_TAG ||
               ch->kind == NCM_CH_RUN_TAG || ch->kind == NCM_CH_RUN_METRIC ||
               ch->kind == NCM_CH_EXPERIMENT_TAG;
    return !tag || files_is_key(ch->key) || too_long(_("key"), ch->key, err);
}

bool files_rules(struct files_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    const struct ncm_rules rules = {
        .to = w,
        .value_most = value_most,
        .need_version = need_version,
        .need_active_run = need_active_run,
        .need_active_experiment = need_active_experiment,
        .model_free = model_free,
        .experiment_free = experiment_free,
        .run_name_most = RUN_TAG_MOST,
        .run_key_most = RUN_TAG_MOST,
    };
    if (ch->kind == NCM_CH_EXPERIMENT_LIFECYCLE && strcmp(ch->object, "0") == 0 && ch->to != NULL &&
        strcmp(ch->to, "deleted") == 0)
        return ncm_fail(err, NCM_REFUSED, _("MLflow's file store keeps its default experiment"));
    return ncm_rules_check(&rules, ch, err) && can_be_files(ch, err);
}
