/* After a crash: what became of an intent that has no outcome. Decided by what the store holds,
 * never by doing it again. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"
#include "ops/process.h"

/* A process that cannot be seen from here gets this long to write its outcome. */
#define ELSEWHERE_MS (15 * 60 * 1000)

/* The version that carries the transition tag of this change; false: it leaves none. *version NULL:
 * any version of the model. */
static bool leaves_tag(const struct ncm_change *ch, const char **version)
{
    *version = ch->version;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return ch->from == NULL || ch->to == NULL || strcmp(ch->from, ch->to) != 0;
    case NCM_CH_VERSION_DELETE:
        return true;
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

static bool same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}

static const char *by_tag(const struct ncm_provider *provider, struct ncm_conn *conn,
                          const char *audit_id, const struct ncm_change *ch, const char *version,
                          char **detail)
{
    struct ncm_err err;
    char *key = ncm_sprintf("ncmlops.transition.%s", audit_id);
    char *value = NULL;
    struct ncm_change ask = {.kind = NCM_CH_VERSION_TAG,
                             .object = ch->object,
                             .version = (char *)(uintptr_t)version,
                             .key = key};
    bool known = provider->present(conn, &ask, &value, &err);
    const char *result = !known ? "unknown" : value != NULL ? "done" : "failed";
    *detail = ncm_strdup(!known          ? err.what
                         : value != NULL ? "interrupted; its transition tag is there"
                                         : "interrupted before the change; no transition tag");
    ncm_free(value);
    ncm_free(key);
    return result;
}

enum standing { NEITHER, AS_BEFORE, AS_AFTER };

/* What a model that was to be renamed is called now. */
static enum standing renamed(const struct ncm_provider *provider, struct ncm_conn *conn,
                             const struct ncm_change *ch)
{
    struct ncm_err err;
    char *value = NULL;
    struct ncm_change ask = *ch;
    if (provider->present(conn, &ask, &value, &err)) {
        ncm_free(value);
        return AS_BEFORE;
    }
    ask.object = ch->to;
    if (err.code == NCM_NOT_FOUND && provider->present(conn, &ask, &value, &err)) {
        ncm_free(value);
        return AS_AFTER;
    }
    return NEITHER;
}

static enum standing stands(const struct ncm_provider *provider, struct ncm_conn *conn,
                            const struct ncm_change *ch)
{
    struct ncm_err err;
    char *value = NULL;
    if (ch->kind == NCM_CH_MODEL_RENAME) {
        return renamed(provider, conn, ch);
    }
    if (ch->any_from || !provider->present(conn, ch, &value, &err)) {
        return NEITHER;
    }
    enum standing out = NEITHER;
    if (ch->kind == NCM_CH_MODEL_CREATE || ch->kind == NCM_CH_EXPERIMENT_CREATE) {
        /* One that is there may have been made by anybody. */
        out = value == NULL ? AS_BEFORE : NEITHER;
    } else if (!same(ch->from, ch->to)) {
        out = same(value, ch->to) ? AS_AFTER : same(value, ch->from) ? AS_BEFORE : NEITHER;
    }
    ncm_free(value);
    return out;
}

/* Without a tag: everything as it was to become, everything as it was, or neither. */
static const char *by_state(const struct ncm_provider *provider, struct ncm_conn *conn,
                            const struct ncm_changes *changes, char **detail)
{
    size_t after = 0, before = 0;
    for (size_t i = 0; i < changes->n; i++) {
        enum standing st = stands(provider, conn, &changes->items[i]);
        after += st == AS_AFTER ? 1 : 0;
        before += st == AS_BEFORE ? 1 : 0;
    }
    if (changes->n > 0 && after == changes->n) {
        *detail = ncm_strdup("interrupted; the store holds what was to be written");
        return "done";
    }
    if (changes->n > 0 && before == changes->n) {
        *detail = ncm_strdup("interrupted before the change; the store is as it was");
        return "failed";
    }
    *detail = ncm_strdup("interrupted; the store does not tell");
    return "unknown";
}

const char *ncm_audit_evidence(const struct ncm_provider *provider, struct ncm_conn *conn,
                               const char *audit_id, const struct ncm_changes *changes,
                               char **detail)
{
    /* All changes of an action are one transaction: one tag speaks for all. */
    for (size_t i = 0; i < changes->n; i++) {
        const char *version;
        const struct ncm_change *ch = &changes->items[i];
        if (!leaves_tag(ch, &version)) {
            continue;
        }
        const char *result = by_tag(provider, conn, audit_id, ch, version, detail);
        /* One that pointed at nothing left its tag nowhere. */
        if (ch->kind == NCM_CH_ALIAS && ch->to == NULL && strcmp(result, "failed") == 0 &&
            stands(provider, conn, ch) == AS_AFTER) {
            ncm_free(*detail);
            *detail = ncm_strdup("interrupted; the store does not tell");
            result = "unknown";
        }
        return result;
    }
    return by_state(provider, conn, changes, detail);
}

bool ncm_audit_written(const struct ncm_provider *provider, struct ncm_conn *conn,
                       const char *audit_id, const struct ncm_changes *changes)
{
    for (size_t i = 0; i < changes->n; i++) {
        const struct ncm_change *ch = &changes->items[i];
        const char *version;
        /* An alias that pointed at nothing leaves its tag nowhere. */
        if ((ch->kind != NCM_CH_ALIAS || ch->to != NULL) && leaves_tag(ch, &version)) {
            char *detail;
            const char *result = by_tag(provider, conn, audit_id, ch, version, &detail);
            ncm_free(detail);
            return strcmp(result, "failed") != 0;
        }
    }
    return true;
}

static bool still_at_it(const struct ncm_record *r)
{
    switch (ncm_process_state(ncm_cstr(r->process), ncm_cstr(r->host))) {
    case NCM_PROCESS_ALIVE:
        return true;
    case NCM_PROCESS_DEAD:
        return false;
    default:
        return ncm_now_ms() - r->time_ms < ELSEWHERE_MS;
    }
}

static bool settle_one(struct ncm_db *state, const struct ncm_provider *provider,
                       struct ncm_conn *conn, const struct ncm_record *r, struct ncm_err *err)
{
    struct ncm_changes changes;
    char *detail = NULL;
    const char *result = "unknown";
    if (ncm_changes_from_json(ncm_cstr(r->changes), r->changes.len, &changes, err)) {
        result = ncm_audit_evidence(provider, conn, r->id.p, &changes, &detail);
        ncm_changes_release(&changes);
    }
    bool ok = ncm_audit_outcome(state, r->id.p, result, detail, err);
    ncm_free(detail);
    return ok;
}

bool ncm_audit_settle(struct ncm_db *state, const struct ncm_provider *provider,
                      struct ncm_conn *conn, struct ncm_err *err)
{
    struct ncm_log_book book;
    if (!ncm_log_book_load(state, &book, err)) {
        return false;
    }
    bool ok = true;
    for (size_t i = 0; ok && i < book.n; i++) {
        const struct ncm_record *r = &book.items[i];
        if (r->result.p == NULL && !still_at_it(r)) {
            ok = settle_one(state, provider, conn, r, err);
        }
    }
    ncm_log_book_release(&book);
    return ok;
}
