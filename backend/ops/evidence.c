/* What became of a change, by what the store holds now. Where the store has transactions, one
 * transition tag speaks for the whole list; elsewhere every change is looked at. */
#include <string.h>

#include "base/i18n.h"
#include "io/node.h"
#include "ops/parts.h"
#include "provider/mark.h"

/* A request that nobody answered may still be carried out by a server for about so long. */
#define LATE_MS (60 * 1000)

/* The version that carries the transition tag of this change; false: it leaves none. *version NULL:
 * any version of the model. */
static bool leaves_tag(const struct ncm_evidence_of *of, const struct ncm_change *ch,
                       const char **version)
{
    *version = ch->version;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return ch->from == NULL || ch->to == NULL || strcmp(ch->from, ch->to) != 0;
    case NCM_CH_VERSION_DELETE:
        /* Elsewhere a deleted version's tags go with it. */
        return (of->provider->capabilities & NCM_CAP_ATOMIC) != 0;
    case NCM_CH_VERSION_CREATE:
        *version = NULL;
        return true;
    case NCM_CH_ALIAS:
        *version = ch->to != NULL ? ch->to : ch->from;
        return *version != NULL;
    default:
        return false;
    }
}

enum mark { MARK_NONE, MARK_THERE, MARK_UNREADABLE };

static enum mark mark_of(const struct ncm_evidence_of *of, const struct ncm_change *ch,
                         const char *version, struct ncm_err *err)
{
    char *key = ncm_sprintf(NCM_MARK_PREFIX "%s", of->audit_id);
    char *value = NULL;
    struct ncm_change ask = {.kind = NCM_CH_VERSION_TAG,
                             .object = ch->object,
                             .version = (char *)(uintptr_t)version,
                             .key = key};
    bool known = of->provider->present(of->conn, &ask, &value, err);
    enum mark out = !known ? MARK_UNREADABLE : value != NULL ? MARK_THERE : MARK_NONE;
    ncm_free(value);
    ncm_free(key);
    return out;
}

/* Whether the newest note on a deployment is of this change. */
static bool noted_there(const struct ncm_evidence_of *of, const struct ncm_change *ch)
{
    static char key[] = NCM_MARK_DEPLOY;
    struct ncm_change ask = *ch;
    struct ncm_err ignored;
    char *id = NULL;
    ask.key = key;
    bool noted = ncm_change_of_deployment(ch->kind) && of->provider->present(of->conn, &ask, &id, &ignored) &&
                 id != NULL && strcmp(id, of->audit_id) == 0;
    ncm_free(id);
    return noted;
}

enum standing { NEITHER, AS_BEFORE, AS_AFTER, UNREADABLE };

static enum standing unread(const struct ncm_err *err)
{
    return err->code == NCM_NOT_FOUND ? NEITHER : UNREADABLE;
}

/* What a model that was to be renamed is called now. */
static enum standing renamed(const struct ncm_evidence_of *of, const struct ncm_change *ch)
{
    struct ncm_err err;
    char *value = NULL;
    struct ncm_change ask = *ch;
    if (of->provider->present(of->conn, &ask, &value, &err)) {
        ncm_free(value);
        return AS_BEFORE;
    }
    ask.object = ch->to;
    if (err.code == NCM_NOT_FOUND && of->provider->present(of->conn, &ask, &value, &err)) {
        ncm_free(value);
        return AS_AFTER;
    }
    return unread(&err);
}

/* A description that is empty and none at all are one to some stores. */
static const char *plain(const struct ncm_change *ch, const char *value)
{
    bool note = ch->kind == NCM_CH_VERSION_NOTE || ch->kind == NCM_CH_MODEL_NOTE;
    return note && value != NULL && value[0] == '\0' ? NULL : value;
}

/* A silence that says all that was wanted, until the same millisecond, is ours. */
static enum standing silenced(const struct ncm_evidence_of *of, const struct ncm_change *ch)
{
    static char none[] = "";
    struct ncm_err err;
    char *value = NULL;
    struct ncm_change ask = *ch;
    ask.object = none;
    if (!of->provider->present(of->conn, &ask, &value, &err)) {
        return unread(&err);
    }
    enum standing out = value != NULL ? AS_AFTER : AS_BEFORE;
    ncm_free(value);
    return out;
}

static enum standing stands(const struct ncm_evidence_of *of, const struct ncm_change *ch)
{
    struct ncm_err err;
    char *value = NULL;
    bool gone = ch->kind == NCM_CH_VERSION_DELETE || ch->kind == NCM_CH_MODEL_DELETE;
    if (ch->kind == NCM_CH_MODEL_RENAME) {
        return renamed(of, ch);
    }
    if (ch->kind == NCM_CH_SILENCE_CREATE) {
        return silenced(of, ch);
    }
    if (!of->provider->present(of->conn, ch, &value, &err)) {
        return gone && err.code == NCM_NOT_FOUND ? AS_AFTER : unread(&err);
    }
    enum standing out = NEITHER;
    const char *now = plain(ch, value);
    if (ch->kind == NCM_CH_MODEL_CREATE || ch->kind == NCM_CH_EXPERIMENT_CREATE ||
        ch->kind == NCM_CH_RUN_CREATE) {
        /* One that is there may have been made by anybody. */
        out = value == NULL ? AS_BEFORE : of->said_done ? AS_AFTER : NEITHER;
    } else if (ch->kind == NCM_CH_VERSION_CREATE) {
        out = AS_BEFORE; /* its tag would be there */
    } else if (gone) {
        out = AS_BEFORE;
    } else if (!ncm_change_same(plain(ch, ch->from), plain(ch, ch->to)) || ch->any_from) {
        out = ncm_change_same(now, plain(ch, ch->to))                      ? AS_AFTER
              : !ch->any_from && ncm_change_same(now, plain(ch, ch->from)) ? AS_BEFORE
                                                                           : NEITHER;
    }
    ncm_free(value);
    return out;
}

static void say(struct ncm_evidence *out, const char *result, const char *detail)
{
    out->result = result;
    out->detail = ncm_strdup(detail);
}

/* ---- a store with transactions -------------------------------------------------------------- */

/* Without a tag: everything as it was to become, everything as it was, or neither. */
static void by_state(const struct ncm_evidence_of *of, struct ncm_evidence *out)
{
    size_t after = 0, before = 0, n = of->changes->n;
    for (size_t i = 0; i < n; i++) {
        const struct ncm_change *ch = &of->changes->items[i];
        enum standing st = ch->any_from ? NEITHER : stands(of, ch);
        after += st == AS_AFTER ? 1 : 0;
        before += st == AS_BEFORE ? 1 : 0;
    }
    if (n > 0 && after == n) {
        say(out, "done", "interrupted; the store holds what was to be written");
    } else if (n > 0 && before == n) {
        say(out, "failed", "interrupted before the change; the store is as it was");
    } else {
        say(out, "unknown", "interrupted; the store does not tell");
    }
}

static void of_transaction(const struct ncm_evidence_of *of, struct ncm_evidence *out)
{
    for (size_t i = 0; i < of->changes->n; i++) {
        const char *version;
        const struct ncm_change *ch = &of->changes->items[i];
        struct ncm_err err;
        if (!leaves_tag(of, ch, &version)) {
            continue;
        }
        enum mark mark = mark_of(of, ch, version, &err);
        if (mark == MARK_UNREADABLE) {
            say(out, "unknown", err.what);
        } else if (mark == MARK_THERE) {
            out->noted = true;
            say(out, "done", "interrupted; its transition tag is there");
        } else if (ch->kind == NCM_CH_ALIAS && ch->to == NULL && stands(of, ch) == AS_AFTER) {
            /* One that pointed at nothing left its tag nowhere. */
            say(out, "unknown", "interrupted; the store does not tell");
        } else {
            say(out, "failed", "interrupted before the change; no transition tag");
        }
        return;
    }
    by_state(of, out);
}

/* ---- one without: every change for itself ---------------------------------------------------- */

struct tally {
    size_t done, before, other, noted;
    bool unnoted, away, by_others;
    struct ncm_buf stand, do_not;
};

static void name_it(struct ncm_buf *list, const struct ncm_change *ch)
{
    char *what = ncm_change_about(ch);
    ncm_buf_printf(list, "%s%s", list->len > 0 ? ", " : "", what);
    ncm_free(what);
}

/* Whether someone else's note says that they made the version what it is, after we meant to. Ids
 * begin with their time. */
static bool others_note(const struct ncm_evidence_of *of, const struct ncm_change *ch,
                        const struct ncm_model_version *v)
{
    const size_t prefix = strlen(NCM_MARK_PREFIX);
    bool found = false;
    for (size_t i = 0; v != NULL && !found && i < v->n_tags; i++) {
        const char *key = ncm_cstr(v->tags[i].key);
        struct ncm_doc *doc;
        struct ncm_err ignored;
        if (strncmp(key, NCM_MARK_PREFIX, prefix) != 0 ||
            strncmp(key + prefix, of->audit_id, strlen(of->audit_id)) == 0 ||
            strcmp(key + prefix, of->audit_id) < 0 || v->tags[i].value.p == NULL ||
            !ncm_json_parse("transition", v->tags[i].value.p, v->tags[i].value.len, &doc,
                            &ignored)) {
            continue;
        }
        const struct ncm_node *root = ncm_doc_root(doc);
        const char *alias = ncm_node_str(root, "alias", NULL);
        found = ncm_change_same(ncm_node_str(root, "to", NULL), ch->to) &&
                ncm_change_same(alias, ch->kind == NCM_CH_ALIAS ? ch->key : NULL);
        ncm_doc_free(doc);
    }
    return found;
}

/* The store is as we wanted it, without our note: somebody else may have done it. */
static bool done_by_others(const struct ncm_evidence_of *of, const struct ncm_change *ch,
                           const char *version)
{
    struct ncm_snapshot *got = NULL;
    struct ncm_err ignored;
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    struct ncm_fetch f = {.query = q, .publish = ncm_fetch_keep, .progress = ncm_fetch_quiet, .to = &got};
    bool found = false;
    if (of->provider->fetch != NULL && of->provider->fetch(of->conn, &f, &ignored) && got != NULL) {
        const struct ncm_model *m = ncm_models_find((const void *)got, ch->object);
        found = m != NULL && version != NULL && others_note(of, ch, ncm_model_version(m, version));
    }
    ncm_snapshot_unref(got);
    ncm_query_free(q);
    return found;
}

static void look_at(const struct ncm_evidence_of *of, const struct ncm_change *ch, struct tally *t)
{
    const char *version = NULL;
    struct ncm_err err;
    bool tagged = leaves_tag(of, ch, &version);
    enum mark mark = tagged ? mark_of(of, ch, version, &err) : MARK_NONE;
    if (mark == MARK_UNREADABLE && err.code != NCM_NOT_FOUND) {
        t->away = true;
        return;
    }
    bool noted = mark == MARK_THERE || noted_there(of, ch);
    enum standing st = noted ? AS_AFTER : stands(of, ch);
    if (st == AS_AFTER && tagged && mark == MARK_NONE && !of->said_done) {
        t->by_others = t->by_others || done_by_others(of, ch, version);
    }
    t->away = t->away || st == UNREADABLE;
    t->unnoted = t->unnoted || (st == AS_AFTER && tagged && mark == MARK_NONE);
    t->done += st == AS_AFTER;
    t->noted += noted;
    t->before += st == AS_BEFORE;
    t->other += st == NEITHER;
    name_it(st == AS_AFTER ? &t->stand : &t->do_not, ch);
}

/* Making a model and its first version: the version's note speaks for the model too. */
static void model_with_version(const struct ncm_changes *c, struct tally *t)
{
    if (c->n == 2 && c->items[0].kind == NCM_CH_MODEL_CREATE &&
        c->items[1].kind == NCM_CH_VERSION_CREATE && t->done == 1 && t->other == 1) {
        t->done = t->noted = 2;
        t->other = 0;
    }
}

static void conclude(const struct ncm_evidence_of *of, const struct tally *t, size_t n,
                     struct ncm_evidence *out)
{
    bool may_come = (of->provider->capabilities & NCM_CAP_REMOTE) != 0 && of->age_ms < LATE_MS;
    out->unnoted = t->unnoted;
    out->noted = t->noted == t->done;
    if (t->away) {
        out->later = out->away = true;
        say(out, "unknown", NCM_AUDIT_LATER "; the store could not be asked");
    } else if (n > 0 && t->done == n && t->by_others) {
        say(out, "unknown", "the store is as it was to become, but others say they did it");
    } else if (n > 0 && t->done == n) {
        say(out, "done", t->unnoted ? NCM_AUDIT_UNNOTED : "the store holds what was to be written");
    } else if (n > 0 && t->before == n && may_come) {
        out->later = true;
        say(out, "unknown", NCM_AUDIT_LATER "; so far the store is as it was");
    } else if (n > 0 && t->before == n) {
        say(out, "failed", "the store is as it was");
    } else {
        out->result = "unknown";
        out->detail =
            ncm_sprintf("in the store: %s; not: %s", t->stand.len > 0 ? t->stand.p : "nothing",
                        t->do_not.len > 0 ? t->do_not.p : "nothing");
    }
}

static void of_each(const struct ncm_evidence_of *of, struct ncm_evidence *out)
{
    struct tally t = {0};
    size_t n = of->changes->n;
    ncm_buf_init(&t.stand, 1000);
    ncm_buf_init(&t.do_not, 1000);
    for (size_t i = 0; i < of->changes->n && !t.away; i++) {
        const struct ncm_change *ch = &of->changes->items[i];
        bool nothing = ch->kind == NCM_CH_VERSION_STAGE && ncm_change_same(ch->from, ch->to);
        if (nothing) {
            n--;
        } else {
            look_at(of, ch, &t);
        }
    }
    model_with_version(of->changes, &t);
    conclude(of, &t, n, out);
    ncm_buf_release(&t.stand);
    ncm_buf_release(&t.do_not);
}

void ncm_audit_evidence(const struct ncm_evidence_of *of, struct ncm_evidence *out)
{
    memset(out, 0, sizeof *out);
    if ((of->provider->capabilities & NCM_CAP_ATOMIC) != 0) {
        of_transaction(of, out);
    } else {
        of_each(of, out);
    }
}

bool ncm_audit_written(const struct ncm_evidence_of *of)
{
    for (size_t i = 0; i < of->changes->n; i++) {
        const struct ncm_change *ch = &of->changes->items[i];
        const char *version;
        struct ncm_err err;
        /* An alias that pointed at nothing leaves its tag nowhere. */
        if ((ch->kind != NCM_CH_ALIAS || ch->to != NULL) && leaves_tag(of, ch, &version)) {
            return mark_of(of, ch, version, &err) != MARK_NONE;
        }
    }
    return true;
}
