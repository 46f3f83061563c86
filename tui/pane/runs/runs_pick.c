/* Choosing columns and the order; the row as text. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

void keys_ask(struct run_table *t)
{
    struct ncm_query *q = ncm_query_new(NCM_T_RUN_KEYS);
    if (t->experiment != NULL)
        ncm_query_add_id(q, t->experiment);
    pane_ask(t->pane, &t->keys, q);
}

/* What a picker over columns offers. */
struct choice {
    enum column_kind kind;
    const struct attribute *attribute;
    struct ncm_str key; /* of the keys snapshot or of the columns: copied for the picker's life */
};
struct choices {
    struct run_table *table;
    struct choice *items;
    size_t n, cap;
};

static void add_choice(struct choices *c, enum column_kind kind, const struct attribute *a,
                       struct ncm_str key)
{
    c->items = ncm_grow(c->items, c->n, &c->cap, sizeof *c->items);
    c->items[c->n++] = (struct choice){
        kind, a, {kind == COL_ATTRIBUTE ? NULL : ncm_strndup(ncm_cstr(key), key.len), key.len}};
}

static void free_choices(struct choices *c)
{
    for (size_t i = 0; i < c->n; i++)
        ncm_free((char *)(uintptr_t)c->items[i].key.p);
    ncm_free(c->items);
    ncm_free(c);
}

static bool listed(const struct choices *c, enum column_kind kind, struct ncm_str key)
{
    for (size_t i = 0; i < c->n; i++)
        if (c->items[i].kind == kind && ncm_str_eq(c->items[i].key, key))
            return true;
    return false;
}

static void add_keys(struct choices *c, enum column_kind kind, const struct ncm_str *keys, size_t n)
{
    size_t shown = c->n; /* those on screen already are listed first */
    for (size_t i = 0; i < n; i++) {
        struct choices first = {.items = c->items, .n = shown};
        if (!listed(&first, kind, keys[i]))
            add_choice(c, kind, NULL, keys[i]);
    }
}

static void add_attributes(struct choices *c, bool sortable)
{
    for (const struct attribute *a = run_attributes; a->id != NULL; a++)
        if (!sortable || (a->order != NULL && a != attribute_of("start-time"))) /* = age */
            add_choice(c, COL_ATTRIBUTE, a, (struct ncm_str){0});
}

/* The columns on screen and the attributes, then every key the store knows of. */
static struct choices *gather(struct run_table *t, bool sortable)
{
    struct choices *c = ncm_alloc(1, sizeof *c);
    const struct ncm_run_keys_snapshot *k = t->keys.snap;
    c->table = t;
    if (!sortable)
        add_attributes(c, false);
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct run_column *col = &t->columns.items[i];
        if (col->kind != COL_ATTRIBUTE)
            add_choice(c, col->kind, NULL, (struct ncm_str){col->key, strlen(col->key)});
    }
    if (sortable)
        add_attributes(c, true);
    if (k != NULL) {
        add_keys(c, COL_METRIC, k->metrics, k->n_metrics);
        add_keys(c, COL_PARAM, k->params, k->n_params);
        add_keys(c, COL_TAG, k->tags, k->n_tags);
    }
    return c;
}

static const char *kind_word(enum column_kind kind)
{
    switch (kind) {
    case COL_METRIC:
        return _("metric");
    case COL_PARAM:
        return _("param");
    case COL_TAG:
        return _("tag");
    case COL_ATTRIBUTE:
        break;
    }
    return "";
}

static bool is_on(const struct run_table *t, const struct choice *c, bool sorting)
{
    if (!sorting)
        return columns_has(&t->columns, c->kind, c->attribute, c->key);
    if (t->sort.kind != c->kind)
        return false;
    return c->kind == COL_ATTRIBUTE ? t->sort.attribute == c->attribute
                                    : ncm_str_is(c->key, t->sort.key);
}

static void pick(struct choices *c, const char *title, bool sorting, ui_pick_done done)
{
    struct ui_pick_item *items = ncm_alloc(c->n, sizeof *items);
    char(*labels)[128] = ncm_alloc(c->n, sizeof *labels);
    for (size_t i = 0; i < c->n; i++) {
        const struct choice *it = &c->items[i];
        if (it->kind == COL_ATTRIBUTE)
            snprintf(labels[i], sizeof labels[i], "%s", _(it->attribute->label));
        else
            clean_text(it->key, labels[i], sizeof labels[i]);
        items[i] = (struct ui_pick_item){
            .label = labels[i], .detail = kind_word(it->kind), .on = is_on(c->table, it, sorting)};
    }
    ui_pick(c->table->pane->ui, title, items, c->n, !sorting, done, c);
    ncm_free(labels);
    ncm_free(items);
}

static void sort_by(struct run_table *t, const struct choice *it)
{
    bool same = is_on(t, it, true);
    bool down = it->kind == COL_METRIC      ? ncm_metric_direction(it->key.p) >= 0
                : it->kind == COL_ATTRIBUTE ? strstr(it->attribute->order, "_time") != NULL
                                            : false;
    sort_set(&t->sort, it->kind, it->attribute, it->key.p, same ? !t->sort.descending : down);
    if (!columns_has(&t->columns, it->kind, it->attribute, it->key)) {
        columns_add(&t->columns, it->kind, it->attribute, it->key);
        t->columns.chosen = true;
    }
    t->table.first_column = 0; /* what it is sorted by is in view */
    t->to_top = true;
    run_table_ask(t);
    ui_dirty(t->pane->ui);
}

void sort_by_name(struct run_table *t, const char *name)
{
    static const struct {
        const char *prefix;
        enum column_kind kind;
    } kinds[] = {{"metrics.", COL_METRIC}, {"params.", COL_PARAM}, {"tags.", COL_TAG}};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        size_t len = strlen(kinds[i].prefix);
        if (strncmp(name, kinds[i].prefix, len) == 0 && name[len] != '\0') {
            struct choice c = {kinds[i].kind, NULL, {name + len, strlen(name + len)}};
            sort_by(t, &c);
            return;
        }
    }
    for (const struct attribute *a = run_attributes; a->id != NULL; a++)
        if (a->order != NULL && (strcmp(a->id, name) == 0 || strcmp(_(a->label), name) == 0 ||
                                 strcmp(strchr(a->order, '.') + 1, name) == 0)) {
            struct choice c = {COL_ATTRIBUTE, a, {NULL, 0}};
            sort_by(t, &c);
            return;
        }
    ui_message(t->pane->ui, UI_BAD,
               _("No column %s. Write metrics.KEY, params.KEY, tags.KEY or an attribute."), name);
}

static void sort_done(void *ctx, const size_t *chosen, size_t n)
{
    struct choices *c = ctx;
    struct run_table *t = c->table;
    if (n == 1 && chosen != NULL) {
        sort_by(t, &c->items[chosen[0]]);
    }
    free_choices(c);
}

void sort_pick(struct run_table *t)
{
    pick(gather(t, true), _("Sort by"), true, sort_done);
    keys_ask(t); /* for the next time */
}

/* Keeps the order of what stays, then the newly chosen ones. */
static void columns_done(void *ctx, const size_t *chosen, size_t n)
{
    struct choices *c = ctx;
    struct run_table *t = c->table;
    if (chosen != NULL) {
        struct run_columns next = {.chosen = true};
        bool *taken = ncm_alloc(c->n, sizeof *taken);
        for (size_t i = 0; i < t->columns.n; i++)
            for (size_t k = 0; k < n; k++) {
                const struct choice *it = &c->items[chosen[k]];
                const struct run_column *col = &t->columns.items[i];
                if (!taken[chosen[k]] && it->kind == col->kind && it->attribute == col->attribute &&
                    (col->key == NULL || ncm_str_is(it->key, col->key))) {
                    columns_add(&next, it->kind, it->attribute, it->key);
                    taken[chosen[k]] = true;
                }
            }
        for (size_t k = 0; k < n; k++)
            if (!taken[chosen[k]])
                columns_add(&next, c->items[chosen[k]].kind, c->items[chosen[k]].attribute,
                            c->items[chosen[k]].key);
        ncm_free(taken);
        if (!columns_has(&next, COL_ATTRIBUTE, attribute_of("name"), (struct ncm_str){0}))
            columns_add(&next, COL_ATTRIBUTE, attribute_of("name"), (struct ncm_str){0});
        columns_release(&t->columns);
        t->columns = next;
        t->table.first_column = 0;
        feed_stop(&t->sample);
        run_table_ask(t);
        ui_dirty(t->pane->ui);
    }
    free_choices(c);
}

void columns_pick(struct run_table *t)
{
    pick(gather(t, false), _("Columns"), false, columns_done);
    keys_ask(t);
}

void table_copy_row(struct run_table *t)
{
    const struct ncm_run *r = run_table_run(t);
    const struct ncm_run_ref *ref = run_table_ref(t, t->table.selected);
    if (r == NULL)
        return;
    struct cell_context x = {.pane = t->pane, .run = r, .ref = ref, .now_ms = ncm_now_ms()};
    struct ncm_buf line;
    ncm_buf_init(&line, 60000);
    ncm_text_clean(&line, r->id.p, r->id.len, NCM_CLEAN_LINE);
    for (size_t i = 0; i < t->columns.n_shown; i++) {
        struct table_cell *cell = ncm_alloc(1, sizeof *cell);
        columns_cell(&t->columns, i, &x, NULL, cell);
        ncm_buf_putc(&line, '\t');
        if (cell->is_raw && cell->raw.p != NULL)
            ncm_text_clean(&line, cell->raw.p, cell->raw.len, NCM_CLEAN_LINE);
        else
            ncm_buf_puts(&line, cell->text);
        ncm_free(cell);
    }
    ui_copy(t->pane->ui, line.p, _("row"));
    ncm_buf_release(&line);
}
