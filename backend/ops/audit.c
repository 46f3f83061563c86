/* Writing the chain and walking it. Every record is added under BEGIN IMMEDIATE, so that two
 * processes never continue the chain from the same place. */
#include "ops/audit.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/parts.h"
#include "ops/process.h"

/* The hashed fields, in this order, as text; then the hash before. Never reorder: old records must
 * stay whole. */
#define FIELDS                                                                                     \
    "seq, id, part, time_ms, actor, host, process, store, action, subject, was, becomes, reason,"  \
    " undoes, changes, result, detail, previous"
enum field {
    F_SEQ,
    F_ID,
    F_PART,
    F_TIME,
    F_ACTOR,
    F_HOST,
    F_PROCESS,
    F_STORE,
    F_ACTION,
    F_SUBJECT,
    F_WAS,
    F_BECOMES,
    F_REASON,
    F_UNDOES,
    F_CHANGES,
    F_RESULT,
    F_DETAIL,
    F_PREVIOUS,
    N_FIELDS,
};
static const char *const field_names[N_FIELDS] = {
    "seq",     "id",   "part", "time",   "actor",  "host",    "process", "store",  "action",
    "subject", "from", "to",   "reason", "undoes", "changes", "result",  "detail", "previous",
};
#define CANONICAL_MOST ((size_t)64 << 20)

static const char *const words[NCM_N_INTENTS] = {
    [NCM_DO_PROMOTE] = "promote",
    [NCM_DO_ROLLBACK] = "rollback",
    [NCM_DO_UNDO] = "undo",
    [NCM_DO_ALIAS_SET] = "alias_set",
    [NCM_DO_ALIAS_DELETE] = "alias_delete",
    [NCM_DO_VERSION_TAG] = "version_tag",
    [NCM_DO_VERSION_UNTAG] = "version_untag",
    [NCM_DO_VERSION_NOTE] = "version_note",
    [NCM_DO_VERSION_DELETE] = "version_delete",
    [NCM_DO_MODEL_CREATE] = "model_create",
    [NCM_DO_MODEL_RENAME] = "model_rename",
    [NCM_DO_MODEL_TAG] = "model_tag",
    [NCM_DO_MODEL_UNTAG] = "model_untag",
    [NCM_DO_MODEL_NOTE] = "model_note",
    [NCM_DO_MODEL_DELETE] = "model_delete",
    [NCM_DO_REGISTER] = "register",
    [NCM_DO_RUN_TAG] = "run_tag",
    [NCM_DO_RUN_UNTAG] = "run_untag",
    [NCM_DO_RUN_NOTE] = "run_note",
    [NCM_DO_RUN_RENAME] = "run_rename",
    [NCM_DO_RUN_DELETE] = "run_delete",
    [NCM_DO_RUN_RESTORE] = "run_restore",
    [NCM_DO_EXPERIMENT_CREATE] = "experiment_create",
    [NCM_DO_EXPERIMENT_RENAME] = "experiment_rename",
    [NCM_DO_EXPERIMENT_TAG] = "experiment_tag",
    [NCM_DO_EXPERIMENT_UNTAG] = "experiment_untag",
    [NCM_DO_EXPERIMENT_DELETE] = "experiment_delete",
    [NCM_DO_EXPERIMENT_RESTORE] = "experiment_restore",
    [NCM_DO_ALERT_ACK] = "alert_ack",
    [NCM_DO_ALERT_RESOLVE] = "alert_resolve",
    [NCM_DO_SILENCE] = "silence",
    [NCM_DO_SILENCE_EXPIRE] = "silence_expire",
    [NCM_DO_DEPLOY_SCALE] = "deploy_scale",
    [NCM_DO_DEPLOY_RESTART] = "deploy_restart",
    [NCM_DO_DEPLOY_PAUSE] = "deploy_pause",
    [NCM_DO_DEPLOY_RESUME] = "deploy_resume",
    [NCM_DO_DEPLOY_ROLLBACK] = "deploy_rollback",
    [NCM_DO_DEPLOY_TRAFFIC] = "deploy_traffic",
    [NCM_DO_DEPLOY_PROMOTE] = "deploy_promote",
    [NCM_DO_DEPLOY_ABORT] = "deploy_abort",
    [NCM_DO_DEPLOY_VERSION] = "deploy_version",
};

const char *ncm_intent_word(enum ncm_intent_kind kind)
{
    return (unsigned)kind < NCM_N_INTENTS && words[kind] != NULL ? words[kind] : "";
}

/* "name:length:bytes" a line, "name:-" where absent: no two records share a text. */
static void hash_fields(const struct ncm_str f[N_FIELDS], char out[65])
{
    struct ncm_buf b;
    ncm_buf_init(&b, CANONICAL_MOST);
    for (int i = 0; i < N_FIELDS; i++) {
        if (f[i].p == NULL) {
            ncm_buf_printf(&b, "%s:-\n", field_names[i]);
        } else {
            ncm_buf_printf(&b, "%s:%zu:", field_names[i], f[i].len);
            ncm_buf_add(&b, f[i].p, f[i].len);
            ncm_buf_putc(&b, '\n');
        }
    }
    ncm_sha256_hex(b.p, b.len, out);
    ncm_buf_release(&b);
}

static struct ncm_str text(const char *s)
{
    return (struct ncm_str){s, s != NULL ? strlen(s) : 0};
}

static bool insert(struct ncm_db *state, const struct ncm_str f[N_FIELDS], const char *hash,
                   struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(state,
                        "INSERT INTO audit(" FIELDS ", hash)"
                        " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
                        &st, err)) {
        return false;
    }
    for (int i = 0; i < N_FIELDS; i++) {
        int64_t n;
        if ((i == F_SEQ || i == F_TIME) && ncm_parse_i64(f[i].p, &n)) {
            ncm_bind_i64(st, i + 1, n);
        } else if (f[i].p == NULL) {
            ncm_bind_null(st, i + 1);
        } else {
            ncm_bind_text(st, i + 1, f[i].p, f[i].len);
        }
    }
    ncm_bind_cstr(st, N_FIELDS + 1, hash);
    bool row;
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

static bool read_head(struct ncm_db *state, int64_t *seq, char **hash, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(state, "SELECT seq, hash FROM audit_head", &st, err)) {
        return false;
    }
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        struct ncm_str s = ncm_col_text(st, 1);
        *seq = ncm_col_i64(st, 0);
        *hash = ncm_strndup(s.p, s.len);
    }
    ncm_stmt_end(st);
    return ok && (row || ncm_fail(err, NCM_INVALID_DATA, _("the audit has lost its head record")));
}

static bool move_head(struct ncm_db *state, int64_t seq, const char *hash, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    if (!ncm_db_prepare(state, "UPDATE audit_head SET seq=?, hash=?", &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, seq);
    ncm_bind_cstr(st, 2, hash);
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

/* Adds a record at the end of the chain, inside the caller's transaction. */
static bool append(struct ncm_db *state, struct ncm_str f[N_FIELDS], struct ncm_err *err)
{
    int64_t seq = 0;
    char *before = NULL;
    char hash[65];
    if (!read_head(state, &seq, &before, err)) {
        return false;
    }
    char *number = ncm_sprintf("%lld", (long long)(seq + 1));
    f[F_SEQ] = text(number);
    f[F_PREVIOUS] = text(before);
    hash_fields(f, hash);
    bool ok = insert(state, f, hash, err) && move_head(state, seq + 1, hash, err);
    ncm_free(number);
    ncm_free(before);
    return ok;
}

static bool finish(struct ncm_db *state, bool ok, struct ncm_err *err)
{
    ok = ok && ncm_db_commit(state, err);
    if (!ok) {
        ncm_db_rollback(state);
    }
    return ok;
}

/* Time first, so that ids sort; five bits a digit without the letters that look like digits. */
static char *new_id(int64_t now_ms)
{
    static const char digits[] = "0123456789abcdefghjkmnpqrstvwxyz";
    char when[10];
    char random[7];
    for (int i = 8; i >= 0; i--) {
        when[i] = digits[now_ms & 31];
        now_ms >>= 5;
    }
    when[9] = '\0';
    ncm_random_hex(random, 3);
    return ncm_sprintf("%s%s", when, random);
}

bool ncm_audit_intent(struct ncm_db *state, const char *store, const struct ncm_plan *plan,
                      char **id, struct ncm_err *err)
{
    int64_t now = ncm_now_ms();
    char *actor = ncm_whoami();
    char *host = ncm_hostname();
    char *process = ncm_process_self();
    char *time = ncm_sprintf("%lld", (long long)now);
    struct ncm_buf changes;
    ncm_buf_init(&changes, CANONICAL_MOST / 2);
    ncm_changes_to_json(&plan->changes, &changes);
    *id = new_id(now);
    struct ncm_str f[N_FIELDS] = {
        [F_ID] = text(*id),
        [F_PART] = text("intent"),
        [F_TIME] = text(time),
        [F_ACTOR] = text(actor),
        [F_HOST] = text(host),
        [F_PROCESS] = text(process),
        [F_STORE] = text(store),
        [F_ACTION] = text(ncm_intent_word(plan->intent->kind)),
        [F_SUBJECT] = text(plan->subject != NULL ? plan->subject : ""),
        [F_WAS] = text(plan->from),
        [F_BECOMES] = text(plan->to),
        [F_REASON] = text(plan->intent->reason),
        [F_UNDOES] = text(plan->undoes),
        [F_CHANGES] = {changes.p, changes.len},
    };
    bool ok =
        !changes.full || ncm_fail(err, NCM_TOO_LARGE, _("the change is too large to be recorded"));
    ok = ok && ncm_db_begin(state, err) && finish(state, append(state, f, err), err);
    if (!ok) {
        ncm_free(*id);
        *id = NULL;
    }
    ncm_buf_release(&changes);
    ncm_free(actor);
    ncm_free(host);
    ncm_free(process);
    ncm_free(time);
    return ok;
}

/* Which part of the record is still to be written: the outcome, what it was settled as later where
 * it was left for that, or none (NULL): someone was first. */
static bool next_part(struct ncm_db *state, const char *id, const char **part, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(state,
                        "SELECT coalesce(detail,'') LIKE '" NCM_AUDIT_LATER "%'"
                        " OR coalesce(detail,'') LIKE '" NCM_AUDIT_UNNOTED "%',"
                        " EXISTS (SELECT 1 FROM audit s WHERE s.id=o.id AND s.part='settled')"
                        " FROM audit o WHERE id=? AND part='outcome'",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, id);
    bool ok = ncm_stmt_step(st, &row, err);
    *part = !ok || !row                                          ? "outcome"
            : ncm_col_i64(st, 0) != 0 && ncm_col_i64(st, 1) == 0 ? "settled"
                                                                 : NULL;
    ncm_stmt_end(st);
    return ok;
}

bool ncm_audit_outcome(struct ncm_db *state, const char *id, const char *result, const char *detail,
                       struct ncm_err *err)
{
    char *actor = ncm_whoami();
    char *host = ncm_hostname();
    char *process = ncm_process_self();
    char *time = ncm_sprintf("%lld", (long long)ncm_now_ms());
    struct ncm_str f[N_FIELDS] = {
        [F_ID] = text(id),         [F_TIME] = text(time),       [F_ACTOR] = text(actor),
        [F_HOST] = text(host),     [F_PROCESS] = text(process), [F_STORE] = text(""),
        [F_ACTION] = text(""),     [F_SUBJECT] = text(""),      [F_CHANGES] = text(""),
        [F_RESULT] = text(result), [F_DETAIL] = text(detail),
    };
    const char *part = NULL;
    bool ok = ncm_db_begin(state, err);
    if (ok) {
        ok = next_part(state, id, &part, err);
        f[F_PART] = text(part);
        ok = ok && (part == NULL || append(state, f, err));
        ok = finish(state, ok, err);
    }
    ncm_free(actor);
    ncm_free(host);
    ncm_free(process);
    ncm_free(time);
    return ok;
}

/* Compares one row with what came before; false: *why says what is wrong. */
static bool link_holds(struct ncm_stmt *st, int64_t expected, const char *before, char hash[65],
                       char **why)
{
    struct ncm_str f[N_FIELDS];
    for (int i = 0; i < N_FIELDS; i++) {
        f[i] = ncm_col_null(st, i) ? (struct ncm_str){NULL, 0} : ncm_col_text(st, i);
    }
    if (ncm_col_i64(st, F_SEQ) != expected) {
        *why = ncm_sprintf(_("record %lld is missing"), (long long)expected);
        return false;
    }
    if (!ncm_str_is(f[F_PREVIOUS], before)) {
        *why = ncm_sprintf("%s", _("it does not continue the record before it"));
        return false;
    }
    hash_fields(f, hash);
    if (!ncm_str_is(ncm_col_text(st, N_FIELDS), hash)) {
        *why = ncm_sprintf("%s", _("its text was changed after it was written"));
        return false;
    }
    return true;
}

static bool walk(struct ncm_db *state, int64_t *seq, char last[65], char **broken, char **why,
                 struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(state, "SELECT " FIELDS ", hash FROM audit ORDER BY seq", &st, err)) {
        return false;
    }
    bool ok;
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        char hash[65];
        if (!link_holds(st, *seq + 1, last, hash, why)) {
            struct ncm_str id = ncm_col_text(st, F_ID);
            *broken = ncm_strndup(ncm_cstr(id), id.len);
            break;
        }
        memcpy(last, hash, sizeof hash);
        (*seq)++;
    }
    ncm_stmt_end(st);
    return ok;
}

bool ncm_audit_verify(struct ncm_db *state, char **broken, char **why, struct ncm_err *err)
{
    int64_t seq = 0;
    int64_t head_seq = 0;
    char *head = NULL;
    char last[65] = "";
    *broken = NULL;
    *why = NULL;
    /* One view of both tables, while others may be adding to them. */
    if (!ncm_db_exec(state, "BEGIN", err)) {
        return false;
    }
    bool ok = read_head(state, &head_seq, &head, err) && walk(state, &seq, last, broken, why, err);
    if (ok && *broken == NULL && (seq != head_seq || strcmp(last, head) != 0)) {
        *broken = ncm_sprintf("#%lld", (long long)(seq < head_seq ? seq + 1 : seq));
        *why = ncm_sprintf("%s", _("records at the end are missing or were added outside"));
    }
    ncm_free(head);
    ncm_db_rollback(state);
    return ok;
}
