/* One version, beside the one in Production: facts, metrics with the difference, params, tags,
 * signature and requirements; one scrolling table of sections. */
#include "pane/registry/registry.h"

#include "api/output.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static struct detail_row *add(struct registry *r, const char *label, struct ncm_str mine)
{
    r->detail = ncm_grow(r->detail, r->n_detail, &r->cap_detail, sizeof *r->detail);
    struct detail_row *row = &r->detail[r->n_detail++];
    memset(row, 0, sizeof *row);
    row->label = ncm_arena_cstr(r->arena, label);
    row->mine = mine;
    row->role = ROLE_TEXT;
    row->delta_role = ROLE_DIM;
    return row;
}

static void heading(struct registry *r, const char *label)
{
    struct ncm_str none = {NULL, 0};
    add(r, label, none)->heading = true;
}

/* Takes a heading back that nothing followed. */
static void close_section(struct registry *r)
{
    if (r->n_detail > 0 && r->detail[r->n_detail - 1].heading) {
        r->n_detail--;
    }
}

static struct ncm_str text(struct registry *r, const char *s)
{
    return ncm_arena_cstr(r->arena, s);
}

static struct ncm_str when(struct registry *r, int64_t ms)
{
    char buf[48], age[32], both[96];
    ncm_fmt_time(buf, sizeof buf, ms, false);
    if (ms == NCM_NO_TIME) {
        return text(r, buf);
    }
    ncm_fmt_age(age, sizeof age, ncm_ms_between(ms, ncm_now_ms()));
    snprintf(both, sizeof both, "%s (%s)", buf, age);
    return text(r, both);
}

static void add_if(struct registry *r, const char *label, struct ncm_str value)
{
    if (value.len > 0) {
        add(r, label, value);
    }
}

static void version_facts(struct registry *r, const struct ncm_model_version *v,
                          const struct ncm_model_version *p)
{
    heading(r, _("Version"));
    struct detail_row *row = add(r, _("stage"), v->stage_text);
    row->role = stage_role(v->stage);
    if (p != NULL && p != v) {
        row->theirs = p->stage_text;
    }
    for (size_t i = 0; i < v->n_aliases; i++) {
        add(r, i == 0 ? _("aliases") : "", v->aliases[i]);
    }
    add_if(r, _("description"), v->description);
    row = add(r, _("made"), when(r, v->creation_ms));
    if (p != NULL && p != v) {
        row->theirs = when(r, p->creation_ms);
    }
    add(r, _("changed"), when(r, v->last_updated_ms));
    add_if(r, _("by"), v->user);
    if (!ncm_str_is(v->status, "READY")) {
        add(r, _("status"), v->status)->role = ROLE_WARN;
        add_if(r, _("status message"), v->status_message);
    }
    add_if(r, _("source"), v->source);
    row = add(r, _("source run"), v->run_id);
    row->role = ROLE_LINK;
    if (p != NULL && p != v) {
        row->theirs = p->run_id;
    }
    const struct ncm_run *run = r->mine.run != NULL ? &r->mine.run->run : NULL;
    if (run != NULL) {
        row = add(r, _("run name"), run->name);
        if (r->theirs.run != NULL) {
            row->theirs = r->theirs.run->run.name;
        }
        if (run->lifecycle == NCM_DELETED) {
            add(r, _("run state"), text(r, _("the source run is deleted")))->role = ROLE_WARN;
        }
    }
}

static struct ncm_str number_text(struct registry *r, const struct ncm_value *v)
{
    char buf[48];
    ncm_fmt_num(buf, sizeof buf, v->kind == NCM_V_NAN ? NAN : v->num, 6);
    return text(r, buf);
}

static void metric_row(struct registry *r, const struct ncm_metric *a, const struct ncm_metric *b)
{
    const struct ncm_metric *any = a != NULL ? a : b;
    struct ncm_str none = {NULL, 0};
    struct ncm_str mine = a != NULL ? number_text(r, &a->value) : none;
    struct ncm_str theirs = b != NULL ? number_text(r, &b->value) : none;
    if (r->only_different && a != NULL && b != NULL && ncm_str_eq(mine, theirs)) {
        return;
    }
    struct detail_row *row = add(r, "", mine);
    row->label = any->key;
    row->theirs = theirs;
    if (a == NULL || b == NULL || a->value.kind != NCM_V_NUMBER || b->value.kind != NCM_V_NUMBER) {
        return;
    }
    double d = a->value.num - b->value.num;
    int direction = ncm_metric_direction(ncm_cstr(any->key));
    char number[32];
    ncm_fmt_delta(number, sizeof number, d, 4);
    if (d == 0) {
        snprintf(row->delta, sizeof row->delta, "%s", _("same"));
    } else if (direction == 0) {
        snprintf(row->delta, sizeof row->delta, "%s", number);
    } else {
        bool better = d * direction > 0;
        snprintf(row->delta, sizeof row->delta, "%s %s", number, better ? _("better") : _("worse"));
        row->delta_role = better ? ROLE_BETTER : ROLE_WORSE;
    }
}

static int key_order(struct ncm_str a, struct ncm_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = memcmp(ncm_cstr(a), ncm_cstr(b), n);
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static void metrics_section(struct registry *r)
{
    const struct ncm_run *a = r->mine.run != NULL ? &r->mine.run->run : NULL;
    const struct ncm_run *b = r->theirs.run != NULL ? &r->theirs.run->run : NULL;
    heading(r, _("Metrics of the source run"));
    size_t i = 0, k = 0, na = a != NULL ? a->n_metrics : 0, nb = b != NULL ? b->n_metrics : 0;
    while (i < na || k < nb) {
        int c = i == na ? 1 : k == nb ? -1 : key_order(a->metrics[i].key, b->metrics[k].key);
        metric_row(r, c <= 0 ? &a->metrics[i] : NULL, c >= 0 ? &b->metrics[k] : NULL);
        i += c <= 0;
        k += c >= 0;
    }
    close_section(r);
}

/* Tags that are ours are shown as moves, not as tags. */
static bool is_ours(struct ncm_str key)
{
    return strncmp(ncm_cstr(key), "ncmlops.", strlen("ncmlops.")) == 0;
}

static void kv_section(struct registry *r, const char *title, const struct ncm_kv *a, size_t na,
                       const struct ncm_kv *b, size_t nb)
{
    heading(r, title);
    size_t i = 0, k = 0;
    while (i < na || k < nb) {
        int c = i == na ? 1 : k == nb ? -1 : key_order(a[i].key, b[k].key);
        struct ncm_str none = {NULL, 0};
        struct ncm_str mine = c <= 0 ? a[i].value : none, theirs = c >= 0 ? b[k].value : none;
        struct ncm_str key = c <= 0 ? a[i].key : b[k].key;
        i += c <= 0;
        k += c >= 0;
        if (is_ours(key) || (r->only_different && ncm_str_eq(mine, theirs))) {
            continue;
        }
        struct detail_row *row = add(r, "", mine);
        row->label = key;
        row->theirs = theirs;
        if (nb > 0 && !ncm_str_eq(mine, theirs)) {
            snprintf(row->delta, sizeof row->delta, "%s", _("differs"));
            row->delta_role = ROLE_WARN;
        }
    }
    close_section(r);
}

static const char transition[] = "ncmlops.transition.";

struct move {
    int64_t time_ms;
    struct ncm_str text;
};

static int newest_first(const void *a, const void *b)
{
    int64_t x = ((const struct move *)a)->time_ms, y = ((const struct move *)b)->time_ms;
    return (x < y) - (x > y);
}

/* What a transition tag tells: "None → Staging · alice · reason"; false where it is none of ours.
 */
static bool read_move(struct registry *r, const struct ncm_kv *tag, struct move *out)
{
    struct ncm_doc *doc = NULL;
    struct ncm_err err;
    if (strncmp(ncm_cstr(tag->key), transition, strlen(transition)) != 0 || tag->value.p == NULL ||
        !ncm_json_parse(ncm_cstr(tag->key), tag->value.p, tag->value.len, &doc, &err)) {
        return false;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    const char *none = sign(SIGN_DASH), *reason = ncm_node_str(root, "reason", "");
    char *text = ncm_sprintf("%s %s %s  %s%s%s", ncm_node_str(root, "from", none), sign(SIGN_ARROW),
                             ncm_node_str(root, "to", none), ncm_node_str(root, "actor", ""),
                             *reason != '\0' ? "  " : "", reason);
    out->time_ms = ncm_node_i64(root, "time", NCM_NO_TIME);
    out->text = ncm_arena_cstr(r->arena, text);
    ncm_free(text);
    ncm_doc_free(doc);
    return true;
}

/* Its moves between stages and aliases, as any dashboard left them in the version's tags. */
static void moves_section(struct registry *r, const struct ncm_model_version *v)
{
    struct move *moves = ncm_arena_alloc(r->arena, v->n_tags + 1, sizeof *moves);
    size_t n = 0;
    for (size_t i = 0; i < v->n_tags; i++) {
        n += read_move(r, &v->tags[i], &moves[n]);
    }
    qsort(moves, n, sizeof *moves, newest_first);
    heading(r, _("Moves"));
    for (size_t i = 0; i < n; i++) {
        char time[40];
        add(r, ncm_fmt_time(time, sizeof time, moves[i].time_ms, false), moves[i].text);
    }
    close_section(r);
}

static void list_section(struct registry *r, const char *title, const struct ncm_str *items,
                         size_t n)
{
    if (n == 0) {
        return;
    }
    heading(r, title);
    for (size_t i = 0; i < n; i++) {
        add(r, "", items[i]);
    }
}

static void facts_section(struct registry *r)
{
    if (r->facts == NULL) {
        return;
    }
    const struct ncm_model_facts *f = &r->facts->facts;
    heading(r, _("Model files"));
    if (f->why.len > 0) {
        add(r, _("not readable"), f->why)->role = ROLE_DIM;
    }
    add_if(r, _("flavors"), f->flavors);
    add_if(r, "MLflow", f->mlflow_version);
    add_if(r, "Python", f->python_version);
    add_if(r, _("size"), f->size);
    add_if(r, _("made"), f->created);
    add_if(r, _("model id"), f->model_id);
    add_if(r, _("folder"), f->path);
    close_section(r);
    list_section(r, _("Inputs"), f->inputs, f->n_inputs);
    list_section(r, _("Outputs"), f->outputs, f->n_outputs);
    list_section(r, _("Requirements"), f->requirements, f->n_requirements);
}

void registry_build_detail(struct registry *r)
{
    ncm_arena_free(r->arena);
    r->arena = ncm_arena_new();
    r->n_detail = 0;
    const struct ncm_model_version *v = registry_version(r);
    if (v == NULL) {
        return;
    }
    const struct ncm_model_version *p = registry_production(registry_model(r));
    const struct ncm_run *a = r->mine.run != NULL ? &r->mine.run->run : NULL;
    const struct ncm_run *b = r->theirs.run != NULL ? &r->theirs.run->run : NULL;
    version_facts(r, v, p);
    metrics_section(r);
    kv_section(r, _("Params"), a != NULL ? a->params : NULL, a != NULL ? a->n_params : 0,
               b != NULL ? b->params : NULL, b != NULL ? b->n_params : 0);
    bool two = p != NULL && p != v;
    kv_section(r, _("Version tags"), v->tags, v->n_tags, two ? p->tags : NULL, two ? p->n_tags : 0);
    moves_section(r, v);
    facts_section(r);
    if (r->detail_table.selected >= r->n_detail) {
        r->detail_table.selected = r->n_detail > 0 ? r->n_detail - 1 : 0;
    }
    if (r->detail_table.selected == 0 && r->n_detail > 1) {
        r->detail_table.selected = 1;
    }
}

static size_t detail_count(void *ctx)
{
    return ((const struct registry *)ctx)->n_detail;
}

static bool detail_heading(void *ctx, size_t row)
{
    return ((const struct registry *)ctx)->detail[row].heading;
}

static void detail_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct detail_row *d = &((const struct registry *)ctx)->detail[row];
    if (d->heading) {
        if (column == 0) {
            out->raw = d->label;
            out->is_raw = true;
            out->role = ROLE_HEAD;
        }
        return;
    }
    out->is_raw = true;
    if (column == 0) {
        out->raw = d->label;
        out->role = ROLE_DIM;
    } else if (column == 1) {
        out->raw = d->mine;
        out->role = d->role;
    } else if (column == 2) {
        out->raw = d->theirs;
        out->role = ROLE_DIM;
    } else {
        out->is_raw = false;
        snprintf(out->text, sizeof out->text, "%s", d->delta);
        out->role = d->delta_role;
    }
}

struct table_model registry_detail_model(struct registry *r)
{
    struct table_model m = {
        .ctx = r, .count = detail_count, .cell = detail_cell, .heading = detail_heading};
    return m;
}

void registry_draw_version(struct registry *r, const struct canvas *c)
{
    const struct ncm_model_version *v = registry_version(r);
    const struct ncm_model_version *p = registry_production(registry_model(r));
    if (v == NULL) {
        paint(c, 1, 1, ROLE_DIM, 0, r->models == NULL ? _("loading…") : _("This version is gone."));
        return;
    }
    char version[32];
    ncm_text_clip(version, sizeof version, v->version.p, v->version.len, 12);
    snprintf(r->mine_head, sizeof r->mine_head, "v%s", version);
    bool two = p != NULL && p != v;
    if (two) {
        char number[24];
        ncm_text_clip(number, sizeof number, p->version.p, p->version.len, 12);
        snprintf(r->theirs_head, sizeof r->theirs_head, _("v%s in Production"), number);
    }
    struct table_column columns[] = {
        {.title = "", .min = 12, .want = c->w >= 110 ? 28 : 16},
        {.title = r->mine_head, .min = 14, .want = 0},
        {.title = two ? r->theirs_head : "", .min = 16, .want = 0, .priority = 2},
        {.title = "", .min = 12, .want = 17, .priority = 1},
    };
    struct table_model tm = registry_detail_model(r);
    memcpy(r->detail_columns, columns, sizeof columns);
    r->detail_table.columns = r->detail_columns;
    r->detail_table.n_columns = two ? 4 : 2;
    r->detail_table.fixed = 1;
    r->table_y = c->y;
    table_draw(&r->detail_table, &tm, c, true, NULL);
}

void registry_jump_part(struct registry *r, int direction)
{
    size_t at = r->detail_table.selected;
    /* Back: first to this section's heading, then to the one before. */
    for (size_t i = at; direction > 0 ? i < r->n_detail : i > 0;
         i = direction > 0 ? i + 1 : i - 1) {
        size_t probe = direction > 0 ? i : i - 1;
        bool before = direction < 0 && probe + 1 >= at;
        if (r->detail[probe].heading && !before && probe + 1 < r->n_detail) {
            r->detail_table.selected = probe + 1;
            break;
        }
    }
    ui_dirty(r->ui);
}
