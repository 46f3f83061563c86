/* Rollouts in our state. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/process.h"
#include "ops/rollout/inside.h"

enum { BEAT_KEPT_MS = 90000 }; /* of a process that cannot be seen from here */

const char *ncm_step_state_word(enum ncm_step_state s)
{
    static const char *const words[] = {"planned", "running", "done",
                                        "failed",  "undone",  "skipped"};
    return words[s];
}

const char *ncm_rollout_state_word(enum ncm_rollout_state s)
{
    static const char *const words[] = {"running", "interrupted", "stopped",
                                        "done",    "undone",      "left"};
    return words[s];
}

static const char *const kinds[] = {"set", "wait", "promote"};

static int word_of(struct ncm_str word, const char *(*of)(int), int n, int fallback)
{
    for (int i = 0; i < n; i++) {
        if (ncm_str_is(word, of(i))) {
            return i;
        }
    }
    return fallback;
}

static const char *kind_word(int i)
{
    return kinds[i];
}

static const char *step_word(int i)
{
    return ncm_step_state_word((enum ncm_step_state)i);
}

static const char *state_word(int i)
{
    return ncm_rollout_state_word((enum ncm_rollout_state)i);
}

uint64_t rollout_hash(const char *id)
{
    uint64_t h = 14695981039346656037u;
    for (; *id != '\0'; id++) {
        h = (h ^ (unsigned char)*id) * 1099511628211u;
    }
    return h;
}

void rollout_release(struct rollout *r)
{
    char *texts[] = {r->id, r->title, r->model, r->version, r->stage, r->ref, r->kind, r->reason};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        ncm_free(texts[i]);
    }
    for (size_t i = 0; i < r->n_steps; i++) {
        struct rollout_step *s = &r->steps[i];
        ncm_free(s->what);
        ncm_free(s->from);
        ncm_free(s->to);
        ncm_free(s->changes);
        ncm_free(s->audit_id);
        ncm_free(s->detail);
    }
    ncm_free(r->steps);
    *r = (struct rollout){0};
}

static void bind_time(struct ncm_stmt *st, int i, int64_t ms)
{
    if (ms == NCM_NO_TIME) {
        ncm_bind_null(st, i);
    } else {
        ncm_bind_i64(st, i, ms);
    }
}

static int64_t time_of(struct ncm_stmt *st, int i)
{
    return ncm_col_null(st, i) ? NCM_NO_TIME : ncm_col_i64(st, i);
}

static char *text_of(struct ncm_stmt *st, int i)
{
    return ncm_strdup(ncm_col_text(st, i).p);
}

static bool put_step(struct ncm_db *db, const struct rollout *r, size_t i, struct ncm_err *err)
{
    const struct rollout_step *s = &r->steps[i];
    struct ncm_stmt *st;
    if (!ncm_db_prepare(
            db,
            "INSERT OR REPLACE INTO rollout_steps(rollout,n,kind,state,what,was,becomes,"
            "changes,audit_id,detail,started_ms,ended_ms)"
            " VALUES(?,?,?,?,?,?,?,?,?,?,?,?)",
            &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, r->id);
    ncm_bind_i64(st, 2, (int64_t)i);
    ncm_bind_cstr(st, 3, kinds[s->kind]);
    ncm_bind_cstr(st, 4, ncm_step_state_word(s->state));
    ncm_bind_cstr(st, 5, s->what);
    ncm_bind_cstr(st, 6, s->from);
    ncm_bind_cstr(st, 7, s->to);
    ncm_bind_cstr(st, 8, s->changes);
    ncm_bind_cstr(st, 9, s->audit_id);
    ncm_bind_cstr(st, 10, s->detail);
    bind_time(st, 11, s->started_ms);
    bind_time(st, 12, s->ended_ms);
    return ncm_stmt_run(st, err);
}

static bool put_row(struct ncm_db *db, const struct rollout *r, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db,
                        "INSERT INTO rollouts(id,title,model,version,stage,ref,kind,reason,archive,"
                        "ready_ms,actor,host,process,beat_ms,created_ms,state)"
                        " VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?14,?14,'running')",
                        &st, err)) {
        return false;
    }
    char *actor = ncm_whoami(), *host = ncm_hostname(), *process = ncm_process_self();
    ncm_bind_cstr(st, 1, r->id);
    ncm_bind_cstr(st, 2, r->title);
    ncm_bind_cstr(st, 3, r->model);
    ncm_bind_cstr(st, 4, r->version);
    ncm_bind_cstr(st, 5, r->stage);
    ncm_bind_cstr(st, 6, r->ref);
    ncm_bind_cstr(st, 7, r->kind);
    ncm_bind_cstr(st, 8, r->reason);
    ncm_bind_i64(st, 9, r->archive);
    ncm_bind_i64(st, 10, r->ready_ms);
    ncm_bind_cstr(st, 11, actor);
    ncm_bind_cstr(st, 12, host);
    ncm_bind_cstr(st, 13, process);
    ncm_bind_i64(st, 14, ncm_now_ms());
    ncm_free(actor);
    ncm_free(host);
    ncm_free(process);
    return ncm_stmt_run(st, err);
}

static bool ends(struct ncm_db *db, bool ok, struct ncm_err *err)
{
    ok = ok && ncm_db_commit(db, err);
    if (!ok) {
        ncm_db_rollback(db);
    }
    return ok;
}

bool rollout_is_alone(struct ncm_db *db, const char *ref, const char *but, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_has_table(db, "rollouts")) {
        return true;
    }
    if (!ncm_db_prepare(db,
                        "SELECT title FROM rollouts WHERE ref=?1 AND id<>?2"
                        " AND state IN ('running','stopped') ORDER BY created_ms LIMIT 1",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, ref);
    ncm_bind_cstr(st, 2, but);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        ok = ncm_fail(err, NCM_CONFLICT, _("a plan for %.80s is not over: %.120s"), ref,
                      ncm_cstr(ncm_col_text(st, 0)));
        ncm_hint(err, "%s", _("go on with it, take it back or leave it as it is first"));
    }
    ncm_stmt_end(st);
    return ok;
}

bool rollout_create(struct ncm_db *db, struct rollout *r, struct ncm_err *err)
{
    char id[17];
    ncm_random_hex(id, 8);
    ncm_free(r->id);
    r->id = ncm_strdup(id);
    if (!ncm_db_begin(db, err)) {
        return false;
    }
    /* Looked at when it was planned as well, but somebody may have been quicker since. */
    bool ok = rollout_is_alone(db, r->ref, r->id, err) && put_row(db, r, err);
    for (size_t i = 0; ok && i < r->n_steps; i++) {
        ok = put_step(db, r, i, err);
    }
    return ends(db, ok, err);
}

static bool update(struct ncm_db *db, const char *sql, const struct rollout *r, int64_t value,
                   const char *text, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db, sql, &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, r->id);
    ncm_bind_i64(st, 2, ncm_now_ms());
    ncm_bind_i64(st, 3, value);
    ncm_bind_cstr(st, 4, text);
    return ncm_stmt_run(st, err);
}

bool rollout_put_step(struct ncm_db *db, const struct rollout *r, size_t i, struct ncm_err *err)
{
    if (!ncm_db_begin(db, err)) {
        return false;
    }
    bool ok = put_step(db, r, i, err) &&
              update(db,
                     "UPDATE rollouts SET beat_ms=?2, position=?3, kind=coalesce(kind,?4)"
                     " WHERE id=?1",
                     r, (int64_t)r->position, r->kind, err);
    return ends(db, ok, err);
}

bool rollout_put_state(struct ncm_db *db, const struct rollout *r, enum ncm_rollout_state state,
                       struct ncm_err *err)
{
    bool over =
        state == NCM_ROLLOUT_DONE || state == NCM_ROLLOUT_UNDONE || state == NCM_ROLLOUT_LEFT;
    return update(db,
                  "UPDATE rollouts SET beat_ms=?2, ended_ms=CASE WHEN ?3 THEN ?2 END, state=?4"
                  " WHERE id=?1",
                  r, over, ncm_rollout_state_word(state), err);
}

bool rollout_beat(struct ncm_db *db, const char *id, struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_prepare(db, "UPDATE rollouts SET beat_ms=?2 WHERE id=?1", &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, id);
    ncm_bind_i64(st, 2, ncm_now_ms());
    return ncm_stmt_run(st, err);
}

/* What the record says, and whether the process that wrote "running" is still there. */
static enum ncm_rollout_state state_now(struct ncm_str word, struct ncm_str process,
                                        struct ncm_str host, int64_t beat_ms)
{
    int state = word_of(word, state_word, NCM_ROLLOUT_LEFT + 1, NCM_ROLLOUT_STOPPED);
    if (state != NCM_ROLLOUT_RUNNING) {
        return (enum ncm_rollout_state)state;
    }
    switch (ncm_process_state(ncm_cstr(process), ncm_cstr(host))) {
    case NCM_PROCESS_ALIVE:
        return NCM_ROLLOUT_RUNNING;
    case NCM_PROCESS_DEAD:
        return NCM_ROLLOUT_INTERRUPTED;
    default:
        return ncm_now_ms() - beat_ms < BEAT_KEPT_MS ? NCM_ROLLOUT_RUNNING
                                                     : NCM_ROLLOUT_INTERRUPTED;
    }
}

static bool load_steps(struct ncm_db *db, struct rollout *r, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool ok, row = true;
    if (!ncm_db_prepare(db,
                        "SELECT kind,state,what,was,becomes,changes,audit_id,detail,started_ms,"
                        "ended_ms FROM rollout_steps WHERE rollout=? ORDER BY n",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, r->id);
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        r->steps = ncm_resize(r->steps, r->n_steps + 1, sizeof *r->steps);
        r->steps[r->n_steps++] = (struct rollout_step){
            .kind = (enum ncm_step_kind)word_of(ncm_col_text(st, 0), kind_word, 3, NCM_STEP_WAIT),
            .state = (enum ncm_step_state)word_of(ncm_col_text(st, 1), step_word,
                                                  NCM_STEP_SKIPPED + 1, NCM_STEP_FAILED),
            .what = text_of(st, 2),
            .from = text_of(st, 3),
            .to = text_of(st, 4),
            .changes = text_of(st, 5),
            .audit_id = text_of(st, 6),
            .detail = text_of(st, 7),
            .started_ms = time_of(st, 8),
            .ended_ms = time_of(st, 9),
        };
    }
    ncm_stmt_end(st);
    return ok;
}

bool rollout_load(struct ncm_db *db, const char *id, struct rollout *out, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    *out = (struct rollout){0};
    if (!ncm_db_prepare(db,
                        "SELECT id,title,model,version,stage,ref,kind,reason,archive,ready_ms,"
                        "undoing,position FROM rollouts WHERE id=?",
                        &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, id);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        *out = (struct rollout){
            .id = text_of(st, 0),
            .title = text_of(st, 1),
            .model = text_of(st, 2),
            .version = text_of(st, 3),
            .stage = text_of(st, 4),
            .ref = text_of(st, 5),
            .kind = text_of(st, 6),
            .reason = text_of(st, 7),
            .archive = ncm_col_i64(st, 8) != 0,
            .ready_ms = ncm_col_i64(st, 9),
            .undoing = ncm_col_i64(st, 10) != 0,
            .position = (size_t)ncm_col_i64(st, 11),
        };
    }
    ncm_stmt_end(st);
    ok = ok && (row || ncm_fail(err, NCM_NOT_FOUND, _("there is no plan %.40s"), id)) &&
         load_steps(db, out, err);
    if (ok && out->position > out->n_steps) {
        out->position = out->n_steps;
    }
    if (!ok) {
        rollout_release(out);
    }
    return ok;
}

bool rollout_over(enum ncm_rollout_state state, struct ncm_err *err)
{
    return ncm_fail(err, NCM_CONFLICT, "%s",
                    state == NCM_ROLLOUT_DONE     ? _("this plan is over: all of it is done")
                    : state == NCM_ROLLOUT_UNDONE ? _("this plan is over: it was taken back")
                                                  : _("this plan is over: it was left as it was"));
}

static bool may_claim(struct ncm_db *db, const char *id, bool undoing, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    enum ncm_rollout_state state = NCM_ROLLOUT_STOPPED;
    if (!ncm_db_prepare(db, "SELECT state,process,host,beat_ms FROM rollouts WHERE id=?", &st,
                        err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, id);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        state = state_now(ncm_col_text(st, 0), ncm_col_text(st, 1), ncm_col_text(st, 2),
                          ncm_col_i64(st, 3));
    }
    ncm_stmt_end(st);
    if (!ok || !row) {
        return ok && ncm_fail(err, NCM_NOT_FOUND, _("there is no plan %.40s"), id);
    }
    if (state == NCM_ROLLOUT_RUNNING) {
        return ncm_fail(err, NCM_CONFLICT, _("somebody is still carrying this plan out"));
    }
    return state == NCM_ROLLOUT_STOPPED || state == NCM_ROLLOUT_INTERRUPTED ||
           (undoing && state == NCM_ROLLOUT_DONE) ||
           rollout_over(state, err);
}

bool rollout_claim(struct ncm_db *db, const struct rollout *r, bool undoing, bool alone,
                   struct ncm_err *err)
{
    struct ncm_stmt *st;
    if (!ncm_db_begin(db, err)) {
        return false;
    }
    /* One that is half taken back goes on that way, whoever comes next. */
    bool ok = may_claim(db, r->id, undoing, err) &&
              (!alone || rollout_is_alone(db, r->ref, r->id, err)) &&
              ncm_db_prepare(db,
                             "UPDATE rollouts SET process=?2, host=?3, beat_ms=?4, state='running',"
                             " undoing=max(undoing,?5), ended_ms=NULL WHERE id=?1",
                             &st, err);
    if (ok) {
        char *host = ncm_hostname(), *process = ncm_process_self();
        ncm_bind_cstr(st, 1, r->id);
        ncm_bind_cstr(st, 2, process);
        ncm_bind_cstr(st, 3, host);
        ncm_bind_i64(st, 4, ncm_now_ms());
        ncm_bind_i64(st, 5, undoing);
        ok = ncm_stmt_run(st, err);
        ncm_free(host);
        ncm_free(process);
    }
    return ends(db, ok, err);
}

char *ncm_rollout_of_change(struct ncm_db *state, const char *audit_id)
{
    struct ncm_stmt *st;
    struct ncm_err ignored;
    bool row = false;
    char *title = NULL;
    if (!ncm_db_has_table(state, "rollouts") ||
        !ncm_db_prepare(state,
                        "SELECT r.title FROM rollout_steps s JOIN rollouts r ON r.id=s.rollout"
                        " WHERE s.audit_id=? AND r.state<>'undone'",
                        &st, &ignored)) {
        return NULL;
    }
    ncm_bind_cstr(st, 1, audit_id);
    if (ncm_stmt_step(st, &row, &ignored) && row) {
        title = text_of(st, 0);
    }
    ncm_stmt_end(st);
    return title;
}

static void take_steps(struct ncm_arena *a, const struct rollout *r, struct ncm_rollout *out)
{
    out->steps = ncm_arena_alloc(a, r->n_steps, sizeof *out->steps);
    out->n_steps = r->n_steps;
    for (size_t i = 0; i < r->n_steps; i++) {
        const struct rollout_step *s = &r->steps[i];
        out->steps[i] = (struct ncm_rollout_step){
            .kind = s->kind,
            .state = s->state,
            .what = ncm_arena_cstr(a, s->what),
            .from = ncm_arena_cstr(a, s->from),
            .to = ncm_arena_cstr(a, s->to),
            .audit_id = ncm_arena_cstr(a, s->audit_id),
            .detail = ncm_arena_cstr(a, s->detail),
            .started_ms = s->started_ms,
            .ended_ms = s->ended_ms,
        };
    }
}

static void take_rollout(struct ncm_stmt *st, struct ncm_arena *a, struct ncm_rollout *x)
{
    x->id = ncm_col_dup(st, 0, a);
    x->title = ncm_col_dup(st, 1, a);
    x->model = ncm_col_dup(st, 2, a);
    x->version = ncm_col_dup(st, 3, a);
    x->ref = ncm_col_dup(st, 4, a);
    x->actor = ncm_col_dup(st, 5, a);
    x->host = ncm_col_dup(st, 6, a);
    x->reason = ncm_col_dup(st, 7, a);
    x->created_ms = ncm_col_i64(st, 8);
    x->ended_ms = time_of(st, 9);
    x->position = (size_t)ncm_col_i64(st, 10);
    x->state = state_now(ncm_col_text(st, 11), ncm_col_text(st, 12), x->host, ncm_col_i64(st, 13));
}

static bool read_rows(struct ncm_db *db, bool all, struct ncm_arena *a, struct ncm_list *list,
                      struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool ok, row = true;
    if (!ncm_db_prepare(db,
                        "SELECT id,title,model,version,ref,actor,host,reason,created_ms,ended_ms,"
                        "position,state,process,beat_ms FROM rollouts WHERE ?1"
                        " OR state IN ('running','stopped') ORDER BY created_ms DESC, id LIMIT 200",
                        &st, err)) {
        return false;
    }
    ncm_bind_i64(st, 1, all);
    while ((ok = ncm_stmt_step(st, &row, err)) && row) {
        take_rollout(st, a, ncm_list_add(list));
    }
    ncm_stmt_end(st);
    return ok;
}

bool rollouts_read(struct ncm_db *db, bool all, struct ncm_rollouts_snapshot **out,
                   struct ncm_err *err)
{
    struct ncm_rollouts_snapshot *s = ncm_snapshot_new(NCM_T_ROLLOUTS, sizeof *s);
    struct ncm_list list = {.size = sizeof(struct ncm_rollout)};
    *out = s;
    if (db == NULL || !ncm_db_has_table(db, "rollouts")) {
        return true;
    }
    bool ok = read_rows(db, all, s->head.arena, &list, err);
    s->n = list.n;
    s->items = ncm_list_move(&list, s->head.arena);
    for (size_t i = 0; ok && i < s->n; i++) {
        struct rollout r = {.id = ncm_strdup(ncm_cstr(s->items[i].id))};
        ok = load_steps(db, &r, err);
        take_steps(s->head.arena, &r, &s->items[i]);
        rollout_release(&r);
    }
    if (!ok) {
        ncm_snapshot_unref(s);
        *out = NULL;
    }
    return ok;
}
