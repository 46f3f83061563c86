#include "model/change.h"

#include <string.h>

#include "base/mem.h"

void ncm_changes_init(struct ncm_changes *c)
{
    *c = (struct ncm_changes){0};
}

void ncm_changes_drop_last(struct ncm_changes *c)
{
    struct ncm_change *ch = &c->items[--c->n];
    ncm_free(ch->object);
    ncm_free(ch->version);
    ncm_free(ch->key);
    ncm_free(ch->from);
    ncm_free(ch->to);
    ncm_free(ch->extra);
}

void ncm_changes_release(struct ncm_changes *c)
{
    while (c->n > 0)
        ncm_changes_drop_last(c);
    ncm_free(c->items);
    *c = (struct ncm_changes){0};
}

struct ncm_change *ncm_changes_add(struct ncm_changes *c, enum ncm_change_kind kind,
                                   const char *object, const char *version, const char *key,
                                   const char *from, const char *to)
{
    c->items = ncm_grow(c->items, c->n, &c->cap, sizeof *c->items);
    struct ncm_change *item = &c->items[c->n++];
    *item = (struct ncm_change){
        .kind = kind,
        .object = ncm_strdup(object),
        .version = ncm_strdup(version),
        .key = ncm_strdup(key),
        .from = ncm_strdup(from),
        .to = ncm_strdup(to),
    };
    return item;
}

static void add_copy(struct ncm_changes *to, const struct ncm_change *c)
{
    struct ncm_change *copy =
        ncm_changes_add(to, c->kind, c->object, c->version, c->key, c->from, c->to);
    copy->any_from = c->any_from;
    copy->extra = ncm_strdup(c->extra);
}

void ncm_changes_copy(struct ncm_changes *to, const struct ncm_changes *from)
{
    ncm_changes_init(to);
    for (size_t i = 0; i < from->n; i++)
        add_copy(to, &from->items[i]);
}

/* What was created is taken back by deleting it; the new version's number, the experiment's or the
 * run's id must be known for that (it comes with the receipt). */
static bool invert_create(const struct ncm_change *c, struct ncm_changes *out)
{
    if (!c->object)
        return false;
    switch (c->kind) {
    case NCM_CH_RUN_CREATE:
        if (!c->key)
            return false;
        ncm_changes_add(out, NCM_CH_RUN_LIFECYCLE, c->key, NULL, NULL, "active", "deleted");
        return true;
    case NCM_CH_VERSION_CREATE:
        if (!c->version)
            return false;
        ncm_changes_add(out, NCM_CH_VERSION_DELETE, c->object, c->version, NULL, NULL, NULL);
        return true;
    case NCM_CH_MODEL_CREATE:
        ncm_changes_add(out, NCM_CH_MODEL_DELETE, c->object, NULL, NULL, NULL, NULL);
        return true;
    default:
        ncm_changes_add(out, NCM_CH_EXPERIMENT_LIFECYCLE, c->object, NULL, NULL, "active",
                        "deleted");
        return true;
    }
}

/* A new silence is taken back by expiring it (its id came with the receipt), a changed one cannot
 * be: what it was is not in the change. One that was expired is made again where the change still
 * has its text. */
static bool invert_silence(const struct ncm_change *c, struct ncm_changes *out)
{
    if (c->kind == NCM_CH_SILENCE_CREATE) {
        if (c->object == NULL || c->object[0] == '\0' || c->from != NULL) {
            return false;
        }
        struct ncm_change *expire =
            ncm_changes_add(out, NCM_CH_SILENCE_EXPIRE, c->object, NULL, NULL, "active", "expired");
        expire->extra = ncm_strdup(c->to);
        return true;
    }
    if (c->extra == NULL) {
        return false;
    }
    ncm_changes_add(out, NCM_CH_SILENCE_CREATE, "", NULL, NULL, NULL, c->extra);
    return true;
}

static bool invert(const struct ncm_change *c, struct ncm_changes *out)
{
    switch (c->kind) {
    case NCM_CH_SILENCE_CREATE:
    case NCM_CH_SILENCE_EXPIRE:
        return invert_silence(c, out);
    case NCM_CH_VERSION_DELETE:
    case NCM_CH_MODEL_DELETE:
    case NCM_CH_RUN_METRIC:
    case NCM_CH_DEPLOY_RESTART:
    case NCM_N_CHANGES:
        return false;
    case NCM_CH_VERSION_CREATE:
    case NCM_CH_MODEL_CREATE:
    case NCM_CH_RUN_CREATE:
    case NCM_CH_EXPERIMENT_CREATE:
        return invert_create(c, out);
    case NCM_CH_MODEL_RENAME:
        if (!c->from || !c->to)
            return false;
        ncm_changes_add(out, c->kind, c->to, NULL, NULL, c->to, c->from);
        return true;
    default:
        /* Without a comparison nobody knows what was there. */
        if (c->any_from && !c->from)
            return false;
        ncm_changes_add(out, c->kind, c->object, c->version, c->key, c->to, c->from);
        return true;
    }
}

/* The id of the run that the list makes; NULL: it makes none, or the id is not known. */
static const char *made_in(const struct ncm_changes *c)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].kind == NCM_CH_RUN_CREATE)
            return c->items[i].key;
    return NULL;
}

/* Whether deleting the run that the list made takes this back too. */
static bool goes_with_run(const struct ncm_change *ch, const char *made)
{
    struct ncm_change anew = *ch;
    if (made && ch->object && strcmp(ch->object, made) == 0)
        anew.object = "";
    return ncm_change_of_new_run(&anew);
}

bool ncm_changes_invert(const struct ncm_changes *c, struct ncm_changes *out)
{
    const char *made = made_in(c);
    ncm_changes_init(out);
    for (size_t i = c->n; i-- > 0;)
        if (!goes_with_run(&c->items[i], made) && !invert(&c->items[i], out)) {
            ncm_changes_release(out);
            return false;
        }
    return true;
}

static const char *const words[NCM_N_CHANGES] = {
    [NCM_CH_VERSION_STAGE] = "version_stage",
    [NCM_CH_VERSION_TAG] = "version_tag",
    [NCM_CH_VERSION_NOTE] = "version_note",
    [NCM_CH_VERSION_CREATE] = "version_create",
    [NCM_CH_VERSION_DELETE] = "version_delete",
    [NCM_CH_ALIAS] = "alias",
    [NCM_CH_MODEL_CREATE] = "model_create",
    [NCM_CH_MODEL_RENAME] = "model_rename",
    [NCM_CH_MODEL_TAG] = "model_tag",
    [NCM_CH_MODEL_NOTE] = "model_note",
    [NCM_CH_MODEL_DELETE] = "model_delete",
    [NCM_CH_RUN_TAG] = "run_tag",
    [NCM_CH_RUN_NOTE] = "run_note",
    [NCM_CH_RUN_NAME] = "run_name",
    [NCM_CH_RUN_LIFECYCLE] = "run_lifecycle",
    [NCM_CH_RUN_CREATE] = "run_create",
    [NCM_CH_RUN_METRIC] = "run_metric",
    [NCM_CH_RUN_STATUS] = "run_status",
    [NCM_CH_EXPERIMENT_CREATE] = "experiment_create",
    [NCM_CH_EXPERIMENT_NAME] = "experiment_name",
    [NCM_CH_EXPERIMENT_TAG] = "experiment_tag",
    [NCM_CH_EXPERIMENT_LIFECYCLE] = "experiment_lifecycle",
    [NCM_CH_SILENCE_CREATE] = "silence_create",
    [NCM_CH_SILENCE_EXPIRE] = "silence_expire",
    [NCM_CH_ALERT_ACK] = "alert_ack",
    [NCM_CH_ALERT_STATE] = "alert_state",
    [NCM_CH_DEPLOY_SCALE] = "deploy_scale",
    [NCM_CH_DEPLOY_PAUSE] = "deploy_pause",
    [NCM_CH_DEPLOY_RESTART] = "deploy_restart",
    [NCM_CH_DEPLOY_REVISION] = "deploy_revision",
    [NCM_CH_DEPLOY_VERSION] = "deploy_version",
    [NCM_CH_DEPLOY_TRAFFIC] = "deploy_traffic",
    [NCM_CH_DEPLOY_SELECTOR] = "deploy_selector",
};

const char *ncm_change_word(enum ncm_change_kind kind)
{
    return (unsigned)kind < NCM_N_CHANGES ? words[kind] : "unknown";
}

bool ncm_change_of(const char *word, enum ncm_change_kind *out)
{
    for (int i = 0; i < NCM_N_CHANGES; i++)
        if (strcmp(words[i], word) == 0) {
            *out = (enum ncm_change_kind)i;
            return true;
        }
    return false;
}

bool ncm_change_of_deployment(enum ncm_change_kind kind)
{
    return kind >= NCM_CH_DEPLOY_SCALE && kind <= NCM_CH_DEPLOY_SELECTOR;
}

bool ncm_change_of_registry(enum ncm_change_kind kind)
{
    switch (kind) {
    case NCM_CH_VERSION_STAGE:
    case NCM_CH_VERSION_TAG:
    case NCM_CH_VERSION_NOTE:
    case NCM_CH_VERSION_CREATE:
    case NCM_CH_VERSION_DELETE:
    case NCM_CH_ALIAS:
    case NCM_CH_MODEL_CREATE:
    case NCM_CH_MODEL_RENAME:
    case NCM_CH_MODEL_TAG:
    case NCM_CH_MODEL_NOTE:
    case NCM_CH_MODEL_DELETE:
        return true;
    default:
        return false;
    }
}
