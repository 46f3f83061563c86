/* The files of a run: a tree of folders and a bounded preview. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define PREVIEW_BYTES (256 * 1024)
#define SIDE_BY_SIDE  84

struct folder {
    char *path; /* "" = top */
    struct feed feed;
    bool open;
};

struct file_row {
    const struct ncm_artifact *item; /* borrowed from the folder's feed */
    int depth;
    bool open;
};

struct artifacts {
    struct view base;
    char *run_id;
    struct feed run;
    struct folder *folders;
    size_t n_folders, cap_folders;
    struct file_row *rows;
    size_t n_rows, cap_rows;
    struct table table;
    char *selected; /* path */
    struct feed preview;
    char *preview_path;
    struct textview text;
    struct ncm_buf content; /* laid out for reading */
    const void *content_of;
    bool reading; /* the preview has the focus (and the whole part on a narrow screen) */
    bool wide;
};

static struct artifacts *of(struct view *v)
{
    return (struct artifacts *)v;
}

static void free_view(struct view *v)
{
    struct artifacts *a = of(v);
    for (size_t i = 0; i < a->n_folders; i++) {
        feed_release(&a->folders[i].feed);
        ncm_free(a->folders[i].path);
    }
    feed_release(&a->run);
    feed_release(&a->preview);
    ncm_buf_release(&a->content);
    ncm_free(a->folders);
    ncm_free(a->rows);
    ncm_free(a->selected);
    ncm_free(a->preview_path);
    ncm_free(a->run_id);
    ncm_free(a);
}

static void feeds(struct view *v, each_feed each, void *to)
{
    struct artifacts *a = of(v);
    each(&a->run, to);
    for (size_t i = 0; i < a->n_folders; i++)
        each(&a->folders[i].feed, to);
    each(&a->preview, to);
}

/* ---- the tree ---- */

static struct folder *folder_of(const struct artifacts *a, const char *path)
{
    for (size_t i = 0; i < a->n_folders; i++)
        if (strcmp(a->folders[i].path, path) == 0)
            return &a->folders[i];
    return NULL;
}

static void open_folder(struct artifacts *a, const char *path)
{
    struct folder *f = folder_of(a, path);
    if (f == NULL) {
        a->folders = ncm_grow(a->folders, a->n_folders, &a->cap_folders, sizeof *a->folders);
        f = &a->folders[a->n_folders++];
        *f = (struct folder){.path = ncm_strdup(path)};
        pane_ask(a->base.pane, &f->feed, ncm_query_artifacts(a->run_id, path));
    }
    f->open = true;
}

static void add_rows(struct artifacts *a, const char *path, int depth)
{
    const struct folder *f = folder_of(a, path);
    const struct ncm_artifacts_snapshot *s = f != NULL && f->open ? f->feed.snap : NULL;
    for (size_t i = 0; s != NULL && depth < 32 && i < s->n; i++) {
        const struct ncm_artifact *item = &s->items[i];
        const struct folder *inner = item->is_dir ? folder_of(a, ncm_cstr(item->path)) : NULL;
        a->rows = ncm_grow(a->rows, a->n_rows, &a->cap_rows, sizeof *a->rows);
        a->rows[a->n_rows++] = (struct file_row){item, depth, inner != NULL && inner->open};
        if (inner != NULL && inner->open)
            add_rows(a, inner->path, depth + 1);
    }
}

static const struct ncm_artifact *selected_item(const struct artifacts *a)
{
    return a->table.selected < a->n_rows ? a->rows[a->table.selected].item : NULL;
}

static void remember(struct artifacts *a)
{
    const struct ncm_artifact *item = selected_item(a);
    ncm_free(a->selected);
    a->selected = item != NULL ? ncm_strdup(ncm_cstr(item->path)) : NULL;
}

static void rebuild(struct artifacts *a)
{
    a->n_rows = 0;
    add_rows(a, "", 0);
    for (size_t i = 0; a->selected != NULL && i < a->n_rows; i++)
        if (ncm_str_is(a->rows[i].item->path, a->selected))
            a->table.selected = i;
    if (a->table.selected >= a->n_rows)
        a->table.selected = a->n_rows > 0 ? a->n_rows - 1 : 0;
    remember(a);
}

/* ---- the preview ---- */

static void want_preview(struct artifacts *a)
{
    const struct ncm_artifact *item = selected_item(a);
    if (item == NULL || item->is_dir) {
        feed_release(&a->preview);
        ncm_free(a->preview_path);
        a->preview_path = NULL;
        return;
    }
    if (a->preview_path != NULL && ncm_str_is(item->path, a->preview_path))
        return;
    feed_release(&a->preview);
    ncm_free(a->preview_path);
    a->preview_path = ncm_strdup(ncm_cstr(item->path));
    a->text = (struct textview){0};
    a->content_of = NULL;
    ncm_buf_clear(&a->content);
    pane_ask(a->base.pane, &a->preview,
             ncm_query_artifact(a->run_id, a->preview_path, PREVIEW_BYTES));
}

static bool looks_like_json(const struct ncm_artifact_snapshot *s)
{
    size_t i = 0;
    const char *p = s->content.p;
    size_t n = s->path.len;
    if (n > 5 && memcmp(s->path.p + n - 5, ".json", 5) == 0)
        return true;
    while (i < s->content.len && (p[i] == ' ' || p[i] == '\n'))
        i++;
    return i + 1 < s->content.len && p[i] == '{' && memchr(p, '"', s->content.len) != NULL;
}

static void lay_out(struct artifacts *a)
{
    const struct ncm_artifact_snapshot *s = a->preview.snap;
    if (s == NULL || a->content_of == s)
        return;
    a->content_of = s;
    ncm_buf_clear(&a->content);
    if (s->content.p != NULL && looks_like_json(s))
        json_layout(&a->content, s->content.p, s->content.len);
    else if (s->content.p != NULL)
        ncm_buf_add(&a->content, s->content.p, s->content.len);
}

static void update(struct view *v)
{
    struct artifacts *a = of(v);
    rebuild(a);
    if (a->wide || a->reading)
        want_preview(a);
    lay_out(a);
}

/* ---- drawing ---- */

static size_t count(void *ctx)
{
    return ((struct artifacts *)ctx)->n_rows;
}

static const char *base_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL && slash[1] != '\0' ? slash + 1 : path;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct file_row *r = &((struct artifacts *)ctx)->rows[row];
    if (column == 1) {
        if (r->item->size >= 0 && !r->item->is_dir)
            ncm_fmt_size(out->text, sizeof out->text, r->item->size);
        out->role = ROLE_DIM;
        return;
    }
    char name[300];
    const char *base = base_name(ncm_cstr(r->item->path));
    clean_text((struct ncm_str){base, strlen(base)}, name, sizeof name);
    snprintf(out->text, sizeof out->text, "%*s%s %s%s", 2 * r->depth, "",
             !r->item->is_dir ? " "
             : r->open        ? sign(SIGN_OPEN)
                              : sign(SIGN_CLOSED),
             name, r->item->is_dir ? "/" : "");
    out->role = r->item->is_dir ? ROLE_LINK : ROLE_TEXT;
}

static struct table_model model_of(struct artifacts *a)
{
    return (struct table_model){.ctx = a, .count = count, .cell = cell};
}

/* Why there is nothing to list, with the place where the files should be. */
static void draw_why(const struct artifacts *a, const struct canvas *c)
{
    const struct folder *top = folder_of(a, "");
    const struct ncm_artifacts_snapshot *s = top->feed.snap;
    struct ncm_buf text;
    if (feed_error(&top->feed) != NULL || s == NULL) {
        feed_paint_empty(&top->feed, c, "");
        return;
    }
    ncm_buf_init(&text, 8192);
    ncm_buf_puts(&text, s->why.p != NULL && !s->none ? s->why.p : _("This run has no files."));
    if (s->root.p != NULL && (s->why.p == NULL || s->none || strstr(s->why.p, s->root.p) == NULL))
        ncm_buf_printf(&text, "\n\n%s", s->root.p);
    struct textview view = {0};
    struct canvas in = canvas_part(c, 1, 2, -1, c->w - 4);
    textview_draw(&view, text.p, text.len, &in, false);
    ncm_buf_release(&text);
}

static void draw_tree(struct artifacts *a, const struct canvas *c, bool focused)
{
    struct table_column heads[] = {{_("FILE"), 12, 0, 0, 0, 0}, {_("SIZE"), 8, 9, 1, 1, 0}};
    struct table_model m = model_of(a);
    const struct folder *top = folder_of(a, "");
    const struct ncm_artifacts_snapshot *s = top->feed.snap;
    paint_head(c, 0, _("Artifacts"), s != NULL && s->truncated ? _("not all are listed") : NULL,
               focused);
    struct canvas in = canvas_part(c, 1, 0, -1, -1);
    if (a->n_rows == 0) {
        draw_why(a, &in);
        return;
    }
    a->table.columns = heads;
    a->table.n_columns = 2;
    a->table.fixed = 1;
    table_draw(&a->table, &m, &in, focused, NULL);
    a->table.columns = NULL;
}

static void preview_facts(const struct ncm_artifact_snapshot *s, char *out, size_t outsz)
{
    char size[32], fact[120];
    out[0] = '\0';
    join_fact(out, outsz, ncm_fmt_size(size, sizeof size, s->size));
    if (s->truncated && !s->binary) {
        snprintf(fact, sizeof fact, _("the first %s"),
                 ncm_fmt_size(size, sizeof size, (int64_t)s->content.len));
        join_fact(out, outsz, fact);
    }
}

static void draw_preview(struct artifacts *a, const struct canvas *c)
{
    const struct ncm_artifact_snapshot *s = a->preview.snap;
    char title[300] = "", facts[200] = "";
    if (a->preview_path != NULL) {
        const char *base = base_name(a->preview_path);
        clean_text((struct ncm_str){base, strlen(base)}, title, sizeof title);
    }
    if (s != NULL)
        preview_facts(s, facts, sizeof facts);
    paint_head(c, 0, title, facts, a->reading);
    struct canvas in = canvas_part(c, 1, 1, -1, c->w - 2);
    if (a->preview_path == NULL)
        return;
    /* What is shown stays when the source goes away, but not for another file. */
    const struct ncm_err *err = feed_error(&a->preview);
    if (s == NULL || (err != NULL && (a->preview.old || err->code == NCM_NOT_FOUND)))
        feed_paint_empty(&a->preview, &in, "");
    else if (s->binary)
        paint_cut(&in, 1, 1, in.w - 2, 0, ROLE_DIM, 0, _("A binary file: it is not shown."));
    else
        textview_draw(&a->text, a->content.p, a->content.len, &in, a->reading);
}

static void draw(struct view *v, const struct canvas *c)
{
    struct artifacts *a = of(v);
    a->wide = c->w >= SIDE_BY_SIDE;
    if (a->wide || a->reading) {
        want_preview(a);
        lay_out(a);
    }
    if (!a->wide) {
        if (a->reading)
            draw_preview(a, c);
        else
            draw_tree(a, c, true);
        return;
    }
    int w = c->w * 2 / 5;
    struct canvas left = canvas_part(c, 0, 0, -1, w), right = canvas_part(c, 0, w + 1, -1, -1);
    draw_tree(a, &left, !a->reading);
    paint_vline(c, 0, w, c->h, ROLE_BORDER);
    draw_preview(a, &right);
}

/* ---- keys ---- */

static void open_row(struct artifacts *a)
{
    const struct ncm_artifact *item = selected_item(a);
    if (item == NULL)
        return;
    if (!item->is_dir) {
        a->reading = true;
        want_preview(a);
        return;
    }
    struct folder *f = folder_of(a, ncm_cstr(item->path));
    if (f != NULL && f->open)
        f->open = false;
    else
        open_folder(a, ncm_cstr(item->path));
    rebuild(a);
}

static void fold(struct artifacts *a, bool open)
{
    const struct ncm_artifact *item = selected_item(a);
    if (item == NULL)
        return;
    if (item->is_dir && a->rows[a->table.selected].open != open) {
        open_row(a);
        return;
    }
    int depth = a->rows[a->table.selected].depth;
    for (size_t i = a->table.selected; !open && depth > 0 && i-- > 0;)
        if (a->rows[i].depth < depth) { /* to the folder it lies in */
            a->table.selected = i;
            remember(a);
            return;
        }
}

static bool act(struct view *v, enum ui_action_id action, const char *arg)
{
    struct artifacts *a = of(v);
    struct table_model m = model_of(a);
    (void)arg;
    if (action == A_NEXT_PART || action == A_PREV_PART) {
        a->reading = !a->reading && a->preview_path != NULL;
        return true;
    }
    if (action == A_COPY && selected_item(a) != NULL) {
        ui_copy(v->pane->ui, ncm_cstr(selected_item(a)->path), _("path"));
        return true;
    }
    if (action == A_REGISTER && selected_item(a) != NULL && selected_item(a)->is_dir) {
        run_register_path(v->pane, a->run_id, ncm_cstr(selected_item(a)->path));
        return true;
    }
    if (a->reading)
        return textview_act(&a->text, a->content.p, a->content.len, action);
    switch (action) {
    case A_OPEN:
    case A_DETAILS:
        open_row(a);
        return true;
    case A_LEFT:
        fold(a, false);
        return true;
    case A_RIGHT:
        fold(a, true);
        return true;
    case A_ARTIFACTS:
        return true;
    default:
        if (!table_act(&a->table, &m, action))
            return false;
        remember(a);
        return true;
    }
}

static unsigned contexts(struct view *v)
{
    return IN_RUN | (of(v)->reading ? IN_TEXT : IN_LIST);
}

static size_t hints(struct view *v, struct ui_hint *out, size_t max)
{
    static const enum ui_action_id ids[] = {A_OPEN, A_NEXT_PART, A_COPY, A_REGISTER, A_BACK};
    size_t n = 0;
    (void)v;
    for (; n < sizeof ids / sizeof ids[0] && n < max; n++)
        out[n] = (struct ui_hint){ids[n], ids[n] == A_NEXT_PART ? _("list/preview") : NULL};
    return n;
}

static const struct ncm_run *run(struct view *v)
{
    const struct ncm_run_snapshot *s = of(v)->run.snap;
    return s != NULL ? &s->run : NULL;
}

static void name(struct view *v, char *out, size_t outsz)
{
    char label[128];
    const struct ncm_run *r = run(v);
    if (r != NULL)
        snprintf(out, outsz, _("files of %s"), run_label(r, label, sizeof label));
    else
        snprintf(out, outsz, "%s", _("Artifacts"));
}

static bool back(struct view *v)
{
    if (!of(v)->reading)
        return false;
    of(v)->reading = false;
    return true;
}

static void targets(struct view *v, struct ncm_intent *intent)
{
    ncm_intent_add_object(intent, of(v)->run_id);
}

static const struct view_ops artifacts_ops = {
    .free = free_view,
    .feeds = feeds,
    .update = update,
    .draw = draw,
    .contexts = contexts,
    .act = act,
    .hints = hints,
    .name = name,
    .back = back,
    .run = run,
    .targets = targets,
};

struct view *run_artifacts_new(struct runs_pane *p, const char *run_id)
{
    struct artifacts *a = ncm_alloc(1, sizeof *a);
    a->base = (struct view){&artifacts_ops, p};
    a->run_id = ncm_strdup(run_id);
    ncm_buf_init(&a->content, 4 * PREVIEW_BYTES);
    pane_ask(p, &a->run, ncm_query_run(run_id));
    open_folder(a, "");
    return &a->base;
}
