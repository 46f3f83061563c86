/* Pane 9, Log: the audit. Who changed what, when, from what to what, why, with what result; whether
 * the chain is whole. */
#include "api/action.h"
#include "api/output.h"
#include "api/registry.h"
#include "api/session.h"
#include "api/text.h"
#include "pane/panes.h"
#include "ui/pane.h"
#include "ui/widget.h"

#include <stdio.h>
#include <string.h>

struct log_pane {
    struct ui *ui;
    struct ncm_want *want;
    const struct ncm_audit_snapshot *audit; /* held */
    char *filter, *selected;                /* words; audit id */
    size_t *rows, n_rows, cap_rows;
    bool verify_asked;
    bool narrow; /* the last drawing showed ages instead of times */
    struct table table;
    struct table_column columns[8];
};

static const struct ncm_audit_entry *entry_at(const struct log_pane *p, size_t row)
{
    return row < p->n_rows ? &p->audit->items[p->rows[row]] : NULL;
}

static bool matches(const struct log_pane *p, const struct ncm_audit_entry *e)
{
    const struct ncm_str fields[] = {e->actor, e->host,   e->action, e->subject, e->from,
                                     e->to,    e->reason, e->result, e->id};
    for (size_t i = 0; i < sizeof fields / sizeof *fields; i++) {
        if (ncm_text_has(ncm_cstr(fields[i]), p->filter)) {
            return true;
        }
    }
    return false;
}

static void remember(struct log_pane *p)
{
    const struct ncm_audit_entry *e = entry_at(p, p->table.selected);
    ncm_free(p->selected);
    p->selected = e != NULL ? ncm_strdup(ncm_cstr(e->id)) : NULL;
}

static void rebuild(struct log_pane *p)
{
    p->n_rows = 0;
    size_t selected = 0;
    for (size_t i = 0; p->audit != NULL && i < p->audit->n; i++) {
        const struct ncm_audit_entry *e = &p->audit->items[i];
        if (p->filter != NULL && !matches(p, e)) {
            continue;
        }
        /* The cursor on the newest record follows what comes in; elsewhere it stays. */
        if (p->selected != NULL && p->table.selected > 0 && ncm_str_is(e->id, p->selected)) {
            selected = p->n_rows;
        }
        p->rows = ncm_grow(p->rows, p->n_rows, &p->cap_rows, sizeof *p->rows);
        p->rows[p->n_rows++] = i;
    }
    p->table.selected = selected;
    remember(p);
}

static void say_verified(struct log_pane *p)
{
    p->verify_asked = false;
    if (p->audit->broken_id.p != NULL) {
        char id[64], why[200];
        ncm_text_clip(id, sizeof id, p->audit->broken_id.p, p->audit->broken_id.len, 30);
        ncm_text_clip(why, sizeof why, p->audit->broken_why.p, p->audit->broken_why.len, 120);
        ui_message(p->ui, UI_BAD, _("The audit chain is broken at %s: %s"), id, why);
    } else {
        ui_message(p->ui, UI_GOOD, _("The audit chain is whole: %zu records."), p->audit->n);
    }
}

static void log_update(void *self)
{
    struct log_pane *p = self;
    const struct ncm_audit_snapshot *s = p->want != NULL ? ncm_want_get(p->want) : NULL;
    if (s != NULL && s != p->audit) {
        ncm_snapshot_unref(p->audit);
        p->audit = ncm_snapshot_ref(s);
        rebuild(p);
        if (p->verify_asked) {
            say_verified(p);
        }
    }
}

static void *log_create(struct ui *ui)
{
    struct log_pane *p = ncm_alloc(1, sizeof *p);
    p->ui = ui;
    return p;
}

static void log_enter(void *self)
{
    struct log_pane *p = self;
    struct ncm_query *q = ncm_query_new(NCM_T_AUDIT);
    q->at_ms = NCM_NO_TIME;
    p->want = ncm_session_want(ui_session(p->ui), q);
    ncm_query_free(q);
    log_update(p);
}

static void log_leave(void *self)
{
    struct log_pane *p = self;
    ncm_want_release(p->want);
    p->want = NULL;
}

static void log_destroy(void *self)
{
    struct log_pane *p = self;
    log_leave(p);
    ncm_snapshot_unref(p->audit);
    ncm_free(p->rows);
    ncm_free(p->filter);
    ncm_free(p->selected);
    ncm_free(p);
}

/* ---- drawing ---- */

enum log_column { L_TIME, L_RESULT, L_ACTION, L_SUBJECT, L_CHANGE, L_ACTOR, L_HOST, L_REASON };

static enum role result_role(struct ncm_str result)
{
    if (ncm_str_is(result, "done")) {
        return ROLE_OK;
    }
    return ncm_str_is(result, "unknown") ? ROLE_WARN : ROLE_FAIL;
}

static size_t log_count(void *ctx)
{
    return ((const struct log_pane *)ctx)->n_rows;
}

static void change_cell(const struct ncm_audit_entry *e, struct table_cell *out)
{
    char from[80], to[80];
    ncm_text_clip(from, sizeof from, e->from.p, e->from.len, 20);
    ncm_text_clip(to, sizeof to, e->to.p, e->to.len, 20);
    const char *none = sign(SIGN_DASH);
    snprintf(out->text, sizeof out->text, "%s %s %s", e->from.len > 0 ? from : none,
             sign(SIGN_ARROW), e->to.len > 0 ? to : none);
}

static void log_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct ncm_audit_entry *e = entry_at(ctx, row);
    struct ncm_str raw[] = {
        [L_SUBJECT] = e->subject, [L_ACTOR] = e->actor, [L_HOST] = e->host, [L_REASON] = e->reason};
    const struct log_pane *p = ctx;
    if (column == L_TIME) {
        if (p->narrow) {
            ncm_fmt_age(out->text, sizeof out->text, ncm_now_ms() - e->time_ms);
        } else {
            ncm_fmt_time(out->text, sizeof out->text, e->time_ms, false);
        }
        out->role = ROLE_DIM;
    } else if (column == L_CHANGE) {
        change_cell(e, out);
    } else if (column == L_ACTION) {
        char words[200];
        ncm_audit_action_label(words, sizeof words, e);
        ncm_text_clip(out->text, sizeof out->text, words, strlen(words), 60);
    } else if (column == L_RESULT) {
        const char *words = ncm_audit_result_label(ncm_cstr(e->result));
        ncm_text_clip(out->text, sizeof out->text, words, strlen(words), 20);
        out->role = result_role(e->result);
    } else {
        out->raw = raw[column];
        out->is_raw = true;
        out->attrs = column == L_SUBJECT ? ATTR_BOLD : 0;
        out->cut_middle = column == L_SUBJECT;
    }
}

static struct table_model log_model(struct log_pane *p)
{
    struct table_model m = {.ctx = p, .count = log_count, .cell = log_cell};
    return m;
}

static void log_draw(void *self, const struct canvas *c)
{
    struct log_pane *p = self;
    char title[200], right[80] = "";
    size_t all = p->audit != NULL ? p->audit->n : 0;
    if (p->filter != NULL) {
        char words[80];
        ncm_text_clip(words, sizeof words, p->filter, strlen(p->filter), 30);
        snprintf(title, sizeof title, _("Audit (%zu of %zu, filter: %s)"), p->n_rows, all, words);
    } else {
        snprintf(title, sizeof title, _("Audit (%zu)"), all);
    }
    if (p->audit != NULL && p->audit->verified) {
        bool whole = p->audit->broken_id.p == NULL;
        snprintf(right, sizeof right, "%s %s", sign(whole ? SIGN_CHECK : SIGN_CROSS),
                 whole ? _("chain whole") : _("chain broken"));
    }
    paint_head(c, 0, title, right, true);
    p->narrow = c->w < 100;
    int time_w = p->narrow ? 6 : 16;
    const struct table_column columns[] = {
        {.title = p->narrow ? _("AGE") : _("TIME"),
         .min = time_w,
         .want = time_w,
         .align = p->narrow},
        {.title = _("RESULT"), .min = 7, .want = 7},
        {.title = _("ACTION"), .min = 13, .want = c->w >= 120 ? 20 : 13},
        {.title = _("SUBJECT"), .min = 14, .want = c->w >= 120 ? 30 : 18},
        {.title = _("CHANGE"), .min = 18, .want = c->w >= 120 ? 34 : 22},
        {.title = _("WHO"), .min = 6, .want = 10, .priority = 2},
        {.title = _("HOST"), .min = 6, .want = 12, .priority = 5},
        {.title = _("REASON"), .min = 8, .want = 0, .priority = 1},
    };
    memcpy(p->columns, columns, sizeof columns);
    p->table.columns = p->columns;
    p->table.n_columns = sizeof columns / sizeof *columns;
    p->table.fixed = 1;
    const struct ncm_err *err = p->want != NULL ? ncm_want_error(p->want) : NULL;
    char empty[400];
    snprintf(
        empty, sizeof empty, "%s",
        p->audit == NULL && err != NULL ? err->what
        : p->audit == NULL              ? _("loading…")
        : p->filter != NULL
            ? _("No record matches the filter. Esc clears it.")
            : _("Nothing has been changed from here yet. Registry, w: who held a stage before."));
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    struct table_model m = log_model(p);
    table_draw(&p->table, &m, &body, true, empty);
}

/* ---- acting ---- */

static void line(struct ncm_buf *b, const char *label, struct ncm_str value)
{
    if (value.len > 0) {
        ncm_buf_printf(b, "%s: ", label);
        ncm_buf_add(b, value.p, value.len);
        ncm_buf_putc(b, '\n');
    }
}

/* One line a change, as the panel showed it: "fraud-detector v4  Production → Archived". */
static void changes_text(struct ncm_buf *b, const struct ncm_audit_entry *e)
{
    struct ncm_doc *doc = NULL;
    struct ncm_err err;
    if (e->changes.p == NULL ||
        !ncm_json_parse(_("changes"), e->changes.p, e->changes.len, &doc, &err)) {
        return;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const char *none = sign(SIGN_DASH);
    ncm_buf_puts(b, "\n");
    for (size_t i = 0; i < root->n && root->kind == NCM_NODE_LIST; i++) {
        const struct ncm_node *c = &root->items[i];
        const char *version = ncm_node_str(c, "version", ""), *key = ncm_node_str(c, "key", "");
        ncm_buf_printf(b, "  %s%s%s  %s%s%s %s %s\n", ncm_node_str(c, "object", ""),
                       *version != '\0' ? " v" : "", version, key, *key != '\0' ? ": " : "",
                       ncm_node_str(c, "from", none), sign(SIGN_ARROW),
                       ncm_node_str(c, "to", none));
    }
    ncm_doc_free(doc);
}

static void show_entry(struct log_pane *p)
{
    const struct ncm_audit_entry *e = entry_at(p, p->table.selected);
    if (e == NULL) {
        return;
    }
    char time[40];
    struct ncm_buf b;
    ncm_buf_init(&b, 1 << 20);
    ncm_fmt_time(time, sizeof time, e->time_ms, true);
    line(&b, _("time"), (struct ncm_str){time, strlen(time)});
    char action[200];
    ncm_audit_action_label(action, sizeof action, e);
    line(&b, _("action"), (struct ncm_str){action, strlen(action)});
    line(&b, _("subject"), e->subject);
    line(&b, _("from"), e->from);
    line(&b, _("to"), e->to);
    line(&b, _("reason"), e->reason);
    line(&b, _("result"), e->result);
    line(&b, _("who"), e->actor);
    line(&b, _("host"), e->host);
    line(&b, _("store"), e->store);
    line(&b, _("record"), e->id);
    line(&b, _("hash"), e->hash);
    changes_text(&b, e);
    ui_show_text(p->ui, _("Audit record"), b.p);
    ncm_buf_release(&b);
}

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct log_pane *p = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(p->filter);
        p->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        rebuild(p);
        ui_dirty(p->ui);
    }
    return NULL;
}

static void export_text(const struct log_pane *p, struct ncm_buf *b)
{
    for (size_t i = 0; i < p->n_rows; i++) {
        const struct ncm_audit_entry *e = entry_at(p, i);
        const struct {
            const char *key;
            struct ncm_str value;
        } fields[] = {{"id", e->id},         {"actor", e->actor},     {"host", e->host},
                      {"action", e->action}, {"subject", e->subject}, {"from", e->from},
                      {"to", e->to},         {"reason", e->reason},   {"result", e->result},
                      {"hash", e->hash}};
        struct ncm_json j;
        ncm_json_init(&j, b, false);
        ncm_json_obj(&j);
        ncm_json_key(&j, "time");
        ncm_json_i64(&j, e->time_ms);
        for (size_t k = 0; k < sizeof fields / sizeof *fields; k++) {
            ncm_json_key(&j, fields[k].key);
            if (fields[k].value.p != NULL) {
                ncm_json_str_n(&j, fields[k].value.p, fields[k].value.len);
            } else {
                ncm_json_null(&j);
            }
        }
        ncm_json_end_obj(&j);
        ncm_buf_putc(b, '\n');
    }
}

static const char *export_done(void *ctx, const char *text, size_t *at)
{
    struct log_pane *p = ctx;
    static struct ncm_err err;
    (void)at;
    if (text == NULL) {
        return NULL;
    }
    struct ncm_buf b;
    ncm_buf_init(&b, 64 << 20);
    export_text(p, &b);
    char *path = ncm_path_expand(text, NULL);
    bool ok = ncm_file_write(path, b.p, b.len, 0600, &err);
    ncm_free(path);
    ncm_buf_release(&b);
    if (!ok) {
        return err.what;
    }
    ui_message(p->ui, UI_GOOD, _("%zu records written, one JSON object a line."), p->n_rows);
    return NULL;
}

/* The pane of what a record is about: what its last change touched (what a promotion puts in comes
 * after what it moves out). */
static void open_subject(struct log_pane *p)
{
    const struct ncm_audit_entry *e = entry_at(p, p->table.selected);
    struct ncm_doc *doc = NULL;
    struct ncm_err err;
    if (e == NULL || e->changes.p == NULL ||
        !ncm_json_parse("changes", e->changes.p, e->changes.len, &doc, &err)) {
        ui_message(p->ui, UI_INFO, "%s", _("The record names nothing that could be opened."));
        return;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const struct ncm_node *last =
        root->kind == NCM_NODE_LIST && root->n > 0 ? &root->items[root->n - 1] : NULL;
    const char *kind = ncm_node_str(last, "kind", ""), *object = ncm_node_str(last, "object", "");
    const char *version = ncm_node_str(last, "version", NULL);
    if (strncmp(kind, "run", 3) == 0) {
        ui_open(p->ui, OBJ_RUN, object, NULL);
    } else if (strncmp(kind, "experiment", 10) == 0) {
        ui_open(p->ui, OBJ_EXPERIMENT, object, NULL);
    } else {
        ui_open(p->ui, version != NULL ? OBJ_VERSION : OBJ_MODEL, object, version);
    }
    ncm_doc_free(doc);
}

static bool log_act(void *self, enum ui_action_id action, const char *arg)
{
    struct log_pane *p = self;
    const struct ncm_audit_entry *e = entry_at(p, p->table.selected);
    switch (action) {
    case A_OPEN:
    case A_DETAILS:
        show_entry(p);
        return true;
    case A_FILTER:
        if (arg != NULL) {
            size_t at = 0;
            filter_done(p, arg, &at);
            return true;
        }
        ui_prompt(p->ui, "/", p->filter != NULL ? p->filter : "", filter_done, NULL, p);
        return true;
    case A_VERIFY:
        p->verify_asked = true;
        ui_message(p->ui, UI_INFO, "%s", _("Checking the chain…"));
        ncm_want_refresh(p->want);
        return true;
    case A_EXPORT:
        ui_prompt(p->ui, _("Write the shown records to:"), arg != NULL ? arg : "audit.jsonl",
                  export_done, NULL, p);
        return true;
    case A_REFRESH:
        ncm_want_refresh(p->want);
        return true;
    case A_UNDO:
        ui_change(p->ui, ncm_intent_new(NCM_DO_UNDO));
        return true;
    case A_SOURCE_RUN:
    case A_HOLDERS:
        open_subject(p);
        return true;
    case A_COPY:
    case A_COPY_ROW:
        if (e != NULL) {
            ui_copy(p->ui, ncm_cstr(action == A_COPY ? e->id : e->hash), _("record id"));
        }
        return true;
    default: {
        struct table_model m = log_model(p);
        if (!table_act(&p->table, &m, action)) {
            return false;
        }
        remember(p);
        ui_dirty(p->ui);
        return true;
    }
    }
}

static bool log_can(void *self, enum ui_action_id action, const char **reason)
{
    const struct log_pane *p = self;
    bool needs_row = action == A_OPEN || action == A_HOLDERS || action == A_SOURCE_RUN;
    if (needs_row && p->n_rows == 0) {
        *reason = _("There is no record.");
        return false;
    }
    return true;
}

static unsigned log_contexts(void *self)
{
    (void)self;
    return IN_LOG;
}

static size_t log_hints(void *self, struct ui_hint *out, size_t max)
{
    static const enum ui_action_id actions[] = {A_OPEN, A_UNDO, A_HOLDERS, A_VERIFY, A_EXPORT};
    size_t n = 0;
    (void)self;
    for (; n < sizeof actions / sizeof *actions && n < max; n++) {
        out[n] = (struct ui_hint){.action = actions[n],
                                  .label = actions[n] == A_HOLDERS ? _("subject") : NULL};
    }
    return n;
}

static void log_trail(void *self, char *out, size_t outsz)
{
    (void)self;
    (void)outsz;
    out[0] = '\0';
}

static bool log_back(void *self)
{
    struct log_pane *p = self;
    if (p->filter == NULL) {
        return false;
    }
    ncm_free(p->filter);
    p->filter = NULL;
    rebuild(p);
    ui_dirty(p->ui);
    return true;
}

static struct ncm_freshness_info log_freshness(void *self)
{
    const struct log_pane *p = self;
    if (p->want == NULL) {
        return (struct ncm_freshness_info){.state = NCM_LOADING, .age_ms = -1, .retry_ms = -1};
    }
    return ncm_want_freshness(p->want);
}

static bool log_open(void *self, enum ui_object kind, const char *id, const char *id2)
{
    struct log_pane *p = self;
    (void)id2;
    for (size_t i = 0; kind == OBJ_AUDIT && i < p->n_rows; i++) {
        if (ncm_str_is(entry_at(p, i)->id, id)) {
            p->table.selected = i;
            remember(p);
            return true;
        }
    }
    return false;
}

static void log_mouse(void *self, const struct term_event *ev, const struct canvas *c)
{
    struct log_pane *p = self;
    if (ev->button == 4 || ev->button == 5) {
        log_act(p, ev->button == 4 ? A_UP : A_DOWN, NULL);
        return;
    }
    struct table_model m = log_model(p);
    size_t row = table_row_at(&p->table, &m, ev->y - c->y - 1);
    if (row != SIZE_MAX) {
        p->table.selected = row;
        remember(p);
        ui_dirty(p->ui);
    }
}

const struct pane_ops pane_log = {
    .id = "log",
    .number = 9,
    .title = N_("Log"),
    .create = log_create,
    .destroy = log_destroy,
    .enter = log_enter,
    .leave = log_leave,
    .update = log_update,
    .draw = log_draw,
    .contexts = log_contexts,
    .act = log_act,
    .can = log_can,
    .hints = log_hints,
    .trail = log_trail,
    .back = log_back,
    .freshness = log_freshness,
    .open = log_open,
    .mouse = log_mouse,
};
