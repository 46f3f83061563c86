/* One run, its artifacts, and what differs between several. */
#include <string.h>

#include "cli.h"
#include "out.h"

enum { ARTIFACT_MAX = 16 * 1024 * 1024 }; /* what is printed; a file takes any size */

struct shown_run {
    const struct ncm_run *run;
    const struct ncm_artifacts_snapshot *artifacts; /* NULL: they cannot be listed */
    struct ncm_str experiment;                      /* its name, else its id */
};

static void artifact_json(struct ncm_json *j, const void *item)
{
    const struct ncm_artifact *a = item;
    ncm_json_obj(j);
    cli_json_str(j, "path", a->path);
    ncm_json_key(j, "is_dir");
    ncm_json_bool(j, a->is_dir);
    cli_json_count(j, "file_size", a->is_dir ? -1 : a->size);
    ncm_json_end_obj(j);
}

static void show_json(struct ncm_json *j, const void *item)
{
    const struct shown_run *s = item;
    const struct ncm_run *r = s->run;
    ncm_json_obj(j);
    cli_json_run_fields(j, r);
    ncm_json_key(j, "inputs");
    ncm_json_arr(j);
    for (size_t i = 0; i < r->n_inputs; i++) {
        ncm_json_obj(j);
        cli_json_str(j, "name", r->inputs[i].name);
        cli_json_str(j, "digest", r->inputs[i].digest);
        cli_json_str(j, "source_type", r->inputs[i].source_type);
        cli_json_str(j, "source", r->inputs[i].source);
        cli_json_str(j, "context", r->inputs[i].context);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
    ncm_json_key(j, "models");
    ncm_json_arr(j);
    for (size_t i = 0; i < r->n_versions; i++) {
        ncm_json_obj(j);
        cli_json_str(j, "name", r->versions[i].model);
        cli_json_str(j, "version", r->versions[i].version);
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
    ncm_json_key(j, "artifacts");
    ncm_json_arr(j);
    for (size_t i = 0; s->artifacts != NULL && i < s->artifacts->n; i++) {
        artifact_json(j, &s->artifacts->items[i]);
    }
    ncm_json_end_arr(j);
    ncm_json_end_obj(j);
}

static void section(struct ncm_buf *out, const char *title)
{
    ncm_buf_printf(out, "\n%s\n", title);
}

static void clean(struct ncm_buf *out, struct ncm_str s)
{
    if (s.p == NULL) {
        ncm_buf_puts(out, cli_dash());
    } else {
        ncm_text_clean(out, s.p, s.len, NCM_CLEAN_LINE);
    }
}

static void metrics_text(struct ncm_buf *out, const struct ncm_run *r)
{
    struct ncm_kv *kvs = ncm_alloc(r->n_metrics + 1, sizeof *kvs);
    char(*numbers)[64] = ncm_alloc(r->n_metrics + 1, sizeof *numbers);
    for (size_t i = 0; i < r->n_metrics; i++) {
        cli_value_text(numbers[i], sizeof numbers[i], &r->metrics[i].value);
        kvs[i].key = r->metrics[i].key;
        kvs[i].value = (struct ncm_str){numbers[i], strlen(numbers[i])};
    }
    cli_line_kvs(out, _("Metrics"), kvs, r->n_metrics);
    ncm_free(numbers);
    ncm_free(kvs);
}

static void inputs_text(struct ncm_buf *out, const struct ncm_run *r)
{
    if (r->n_inputs > 0) {
        section(out, _("Data sets"));
    }
    for (size_t i = 0; i < r->n_inputs; i++) {
        ncm_buf_puts(out, "  ");
        clean(out, r->inputs[i].name);
        ncm_buf_puts(out, "  ");
        clean(out, r->inputs[i].digest);
        ncm_buf_puts(out, "  ");
        clean(out, r->inputs[i].context);
        ncm_buf_puts(out, "\n");
    }
    if (r->n_versions > 0) {
        section(out, _("Registered as"));
    }
    for (size_t i = 0; i < r->n_versions; i++) {
        ncm_buf_puts(out, "  ");
        clean(out, r->versions[i].model);
        ncm_buf_puts(out, " v");
        clean(out, r->versions[i].version);
        ncm_buf_puts(out, "  ");
        clean(out, r->versions[i].stage);
        ncm_buf_puts(out, "\n");
    }
}

static void artifacts_text(struct ncm_buf *out, const struct ncm_artifacts_snapshot *s)
{
    if (s == NULL || (s->n == 0 && (s->why.p == NULL || s->none))) {
        return;
    }
    section(out, _("Artifacts"));
    if (s->why.p != NULL) {
        ncm_buf_puts(out, "  ");
        clean(out, s->why);
        ncm_buf_puts(out, "\n");
    }
    for (size_t i = 0; i < s->n; i++) {
        char size[32];
        ncm_buf_puts(out, "  ");
        clean(out, s->items[i].path);
        if (s->items[i].is_dir) {
            ncm_buf_puts(out, "/");
        } else if (s->items[i].size >= 0) {
            ncm_buf_printf(out, "  %s", ncm_fmt_size(size, sizeof size, s->items[i].size));
        }
        ncm_buf_puts(out, "\n");
    }
}

static void show_text(struct ncm_buf *out, const void *item)
{
    const struct shown_run *s = item;
    const struct ncm_run *r = s->run;
    cli_line(out, _("Run ID"), r->id);
    cli_line(out, _("Name"), r->name);
    cli_line(out, _("Experiment"), s->experiment);
    cli_line(out, _("Status"), r->status_text);
    if (r->lifecycle == NCM_DELETED) {
        cli_line(out, _("Lifecycle"), (struct ncm_str){_("deleted"), strlen(_("deleted"))});
    }
    cli_line(out, _("User"), r->user);
    cli_line_time(out, _("Started"), r->start_ms);
    cli_line_time(out, _("Ended"), r->end_ms);
    if (r->parent_id.p != NULL) {
        cli_line(out, _("Parent run"), r->parent_id);
    }
    cli_line(out, _("Artifact URI"), r->artifact_uri);
    metrics_text(out, r);
    cli_line_kvs(out, _("Parameters"), r->params, r->n_params);
    cli_line_kvs(out, _("Tags"), r->tags, r->n_tags);
    inputs_text(out, r);
    artifacts_text(out, s->artifacts);
}

bool cli_run_show(struct cli *c, struct ncm_err *err)
{
    const struct ncm_run_snapshot *run = cli_ask(c, ncm_query_run(c->words[0]), err);
    if (run == NULL) {
        return false;
    }
    struct ncm_err why;
    struct shown_run shown = {
        .run = &run->run,
        .artifacts = cli_ask(c, ncm_query_artifacts(ncm_cstr(run->run.id), ""), &why),
    };
    shown.experiment = cli_experiment_name(
        c->form == CLI_TABLE ? cli_ask_experiments(c, NCM_VIEW_ALL, &why) : NULL,
        run->run.experiment_id);
    struct cli_object o = {.item = &shown, .json = show_json, .text = show_text};
    return cli_print_object(c, &o, err);
}

/* ---- artifacts ------------------------------------------------------------------------------ */

static const struct cli_column artifact_columns[] = {{N_("PATH"), false}, {N_("SIZE"), true}};

static void artifact_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_artifact *a = item;
    char text[32];
    struct ncm_buf path;
    ncm_buf_init(&path, 64 * 1024);
    clean(&path, a->path);
    ncm_buf_puts(&path, a->is_dir ? "/" : "");
    cli_cell_text(cells, path.p);
    ncm_buf_release(&path);
    cli_cell_text(cells,
                  a->is_dir || a->size < 0 ? cli_dash() : ncm_fmt_size(text, sizeof text, a->size));
}

bool cli_artifacts(struct cli *c, struct ncm_err *err)
{
    const char *path = c->n_words > 1 ? c->words[1] : "";
    if (!cli_full_run_id(c, &c->words[0], err)) {
        return false;
    }
    const struct ncm_artifacts_snapshot *s =
        cli_ask(c, ncm_query_artifacts(c->words[0], path), err);
    if (s == NULL) {
        return false;
    }
    if (s->why.p != NULL && (!s->none || path[0] != '\0')) {
        return ncm_fail(err, NCM_NOT_FOUND, "%s", s->why.p);
    }
    if (s->truncated) {
        cli_note(c, _("there are more than these %zu"), s->n);
    }
    struct cli_array array = {s->items, sizeof *s->items};
    struct cli_list l = {
        .columns = artifact_columns,
        .n_columns = 2,
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = artifact_json,
        .cells = artifact_cells,
        .nothing = _("no artifacts"),
    };
    return cli_print_list(c, &l, err);
}

static bool is_folder(struct cli *c)
{
    struct ncm_err ignored;
    const struct ncm_artifacts_snapshot *s =
        cli_ask(c, ncm_query_artifacts(c->words[0], c->words[1]), &ignored);
    return s != NULL && s->n > 0;
}

static bool write_out(struct cli *c, const char *file, struct ncm_err *err)
{
    int64_t bytes = 0;
    if (c->dry_run) {
        cli_note(c, "%s", _("Nothing is done (--dry-run). It would be:"));
        cli_note(c, "  %s", file);
        return true;
    }
    struct ncm_session *s = cli_session(c, err);
    if (s == NULL) {
        return false;
    }
    if (ncm_download_wait(s, ncm_download_new(c->words[0], c->words[1], file), &bytes, err)) {
        return true;
    }
    if (is_folder(c)) {
        ncm_fail(err, NCM_USAGE, _("%s is a folder: one file at a time is written out"),
                 c->words[1]);
        ncm_hint(err, _("'ncmlops artifacts %s %s' lists what is in it"), c->words[0], c->words[1]);
    }
    return false;
}

bool cli_artifact_get(struct cli *c, struct ncm_err *err)
{
    const char *file = c->n_words > 2 ? c->words[2] : "-";
    bool to_file = strcmp(file, "-") != 0;
    if ((to_file && !cli_may_write(c, err)) || !cli_full_run_id(c, &c->words[0], err)) {
        return false;
    }
    if (to_file) {
        return write_out(c, file, err);
    }
    const struct ncm_artifact_snapshot *s =
        cli_ask(c, ncm_query_artifact(c->words[0], c->words[1], ARTIFACT_MAX), err);
    if (s == NULL) {
        return false;
    }
    if (s->truncated) {
        ncm_fail(err, NCM_TOO_LARGE, _("%s is too large to be printed"), c->words[1]);
        return ncm_hint(err, "ncmlops artifact get %s %s FILE", c->words[0], c->words[1]);
    }
    if (s->binary && cli_is_terminal()) {
        ncm_fail(err, NCM_USAGE, _("%s is not text: it does not go to a terminal"), c->words[1]);
        return ncm_hint(err, "ncmlops artifact get %s %s FILE", c->words[0], c->words[1]);
    }
    cli_write(c, ncm_cstr(s->content), s->content.len);
    return true;
}

/* ---- compare -------------------------------------------------------------------------------- */

struct compared {
    struct ncm_compare *result;
    const struct ncm_run **runs;
    size_t n;
};

static void rows_json(struct ncm_json *j, const char *name, const struct compared *k,
                      const struct ncm_compare_row *rows, size_t n, bool best)
{
    ncm_json_key(j, name);
    ncm_json_arr(j);
    for (size_t i = 0; i < n; i++) {
        ncm_json_obj(j);
        cli_json_str(j, "key", rows[i].key);
        ncm_json_key(j, "values");
        ncm_json_arr(j);
        for (size_t r = 0; r < k->n; r++) {
            cli_json_value(j, &rows[i].values[r]);
        }
        ncm_json_end_arr(j);
        if (best) {
            cli_json_count(j, "best", rows[i].best);
        }
        ncm_json_end_obj(j);
    }
    ncm_json_end_arr(j);
}

static void compare_json(struct ncm_json *j, const void *item)
{
    const struct compared *k = item;
    ncm_json_obj(j);
    ncm_json_key(j, "runs");
    ncm_json_arr(j);
    for (size_t i = 0; i < k->n; i++) {
        ncm_json_str_n(j, ncm_cstr(k->runs[i]->id), k->runs[i]->id.len);
    }
    ncm_json_end_arr(j);
    rows_json(j, "params", k, k->result->params, k->result->n_params, false);
    rows_json(j, "metrics", k, k->result->metrics, k->result->n_metrics, true);
    rows_json(j, "tags", k, k->result->tags, k->result->n_tags, false);
    ncm_json_end_obj(j);
}

static void padded(struct ncm_buf *out, const char *text, size_t len, int cells)
{
    char cut[512];
    int used = ncm_text_clip_middle(cut, sizeof cut, text, len, cells);
    ncm_buf_printf(out, "%s%*s", cut, cells - used + 2, "");
}

static void rows_text(struct ncm_buf *out, const char *title, const struct compared *k,
                      const struct ncm_compare_row *rows, size_t n)
{
    enum { KEY = 24, VALUE = 18 };
    if (n == 0) {
        return;
    }
    section(out, title);
    for (size_t i = 0; i < n; i++) {
        ncm_buf_puts(out, "  ");
        padded(out, ncm_cstr(rows[i].key), rows[i].key.len, KEY);
        for (size_t r = 0; r < k->n; r++) {
            const struct ncm_value *v = &rows[i].values[r];
            char text[512];
            if (v->kind == NCM_V_TEXT) {
                snprintf(text, sizeof text, "%.400s", v->text.p);
            } else {
                char number[64];
                snprintf(text, sizeof text, "%s%s", cli_value_text(number, sizeof number, v),
                         (int)r == rows[i].best ? " *" : "");
            }
            padded(out, text, strlen(text), VALUE);
        }
        while (out->len > 0 && out->p[out->len - 1] == ' ') {
            out->p[--out->len] = '\0';
        }
        ncm_buf_putc(out, '\n');
    }
}

static void compare_text(struct ncm_buf *out, const void *item)
{
    const struct compared *k = item;
    for (size_t i = 0; i < k->n; i++) {
        ncm_buf_printf(out, "%zu  ", i + 1);
        clean(out, k->runs[i]->id);
        ncm_buf_puts(out, "  ");
        clean(out, k->runs[i]->name);
        ncm_buf_putc(out, '\n');
    }
    const struct ncm_compare *r = k->result;
    rows_text(out, _("Metrics (* best)"), k, r->metrics, r->n_metrics);
    rows_text(out, _("Parameters"), k, r->params, r->n_params);
    rows_text(out, _("Tags"), k, r->tags, r->n_tags);
    if (r->n_metrics + r->n_params + r->n_tags == 0) {
        ncm_buf_printf(out, "\n%s\n", _("Nothing differs"));
    }
}

bool cli_compare(struct cli *c, struct ncm_err *err)
{
    const struct ncm_run **runs = ncm_alloc(c->n_words, sizeof *runs);
    bool ok = true;
    for (size_t i = 0; i < c->n_words && ok; i++) {
        const struct ncm_run_snapshot *s = cli_ask(c, ncm_query_run(c->words[i]), err);
        ok = s != NULL;
        runs[i] = ok ? &s->run : NULL;
    }
    if (ok) {
        struct compared k = {
            .result = ncm_compare_runs(runs, c->n_words, cli_flag(c, "all")),
            .runs = runs,
            .n = c->n_words,
        };
        struct cli_object o = {.item = &k, .json = compare_json, .text = compare_text};
        ok = cli_print_object(c, &o, err);
        ncm_compare_free(k.result);
    }
    ncm_free(runs);
    return ok;
}
