/* `ncmlops config`: asking for a first context, checking the file, showing what is in force. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "api/drift.h"
#include "cli.h"

static char *config_path(const struct cli *c)
{
    return c->config != NULL ? ncm_path_expand(c->config, NULL) : ncm_config_default_path();
}

static bool make_folder(const char *path, struct ncm_err *err)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL || slash == path) {
        return true;
    }
    char *dir = ncm_strndup(path, (size_t)(slash - path));
    bool ok = ncm_dir_make(dir, 0700, err);
    ncm_free(dir);
    return ok;
}

/* ---- init: three questions, where there is somebody to ask ---------------------------------- */

struct answers {
    char *context, *store;
    bool protect;
};

static bool read_line(char *out, size_t size)
{
    if (fgets(out, (int)size, stdin) == NULL) {
        return false;
    }
    size_t len = strcspn(out, "\r\n");
    while (len > 0 && out[len - 1] == ' ') {
        len--;
    }
    out[len] = '\0';
    memmove(out, out + strspn(out, " "), strlen(out + strspn(out, " ")) + 1);
    return true;
}

static bool left(struct ncm_err *err)
{
    return ncm_fail(err, NCM_CANCELLED, _("nothing was written"));
}

static void put_question(const char *question, const char *initial)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 8192);
    ncm_buf_puts(&b, question);
    if (initial != NULL) {
        ncm_buf_puts(&b, " [");
        ncm_text_clean(&b, initial, strlen(initial), NCM_CLEAN_LINE);
        ncm_buf_putc(&b, ']');
    }
    ncm_buf_putc(&b, ' ');
    fputs(b.p, stderr);
    fflush(stderr);
    ncm_buf_release(&b);
}

/* Until check() takes the answer; an empty one is the initial. Into *out (the caller frees). */
static bool ask(const char *question, const char *initial, char **out,
                bool (*check)(const char *text, char **out, struct ncm_err *err),
                struct ncm_err *err)
{
    char line[4096];
    struct ncm_err wrong;
    for (;;) {
        put_question(question, initial);
        if (!read_line(line, sizeof line)) {
            fputc('\n', stderr);
            return left(err);
        }
        const char *text = line[0] != '\0' ? line : initial;
        if (text == NULL) {
            continue;
        }
        if (check(text, out, &wrong)) {
            return true;
        }
        struct ncm_buf b;
        ncm_buf_init(&b, 4096);
        ncm_text_clean(&b, wrong.what, strlen(wrong.what), NCM_CLEAN_LINE);
        fprintf(stderr, "  %s\n", b.p);
        ncm_buf_clear(&b);
        ncm_text_clean(&b, wrong.hint, strlen(wrong.hint), NCM_CLEAN_LINE);
        if (b.len > 0) {
            fprintf(stderr, "  %s\n", b.p);
        }
        ncm_buf_release(&b);
    }
}

static bool check_name(const char *text, char **out, struct ncm_err *err)
{
    if (strlen(text) > 60) {
        return ncm_fail(err, NCM_USAGE, _("that name is too long"));
    }
    *out = ncm_strdup(text);
    return true;
}

static bool check_yes_no(const char *text, char **out, struct ncm_err *err)
{
    static const char *const words[] = {"y", "Y", "yes", "Yes", "n", "N", "no", "No"};
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        if (strcmp(text, words[i]) == 0) {
            *out = ncm_strdup(i < 4 ? "y" : "n");
            return true;
        }
    }
    return ncm_fail(err, NCM_USAGE, _("y or n"));
}

static bool ask_all(struct cli *c, struct answers *a, struct ncm_err *err)
{
    char *protect = NULL;
    if (a->context == NULL && !ask(_("Name of this context, such as prod or lab:"), "local",
                                   &a->context, check_name, err)) {
        return false;
    }
    if (a->store == NULL) {
        char *initial = ncm_config_suggestion();
        bool ok = ask(_("Where runs and models are kept: a file, a folder, or http(s)://HOST:"),
                      initial, &a->store, ncm_config_store, err);
        ncm_free(initial);
        if (!ok) {
            return false;
        }
    }
    if (!a->protect) {
        if (!ask(_("Is it production, so that a change wants a name typed? y/n"), "n", &protect,
                 check_yes_no, err)) {
            return false;
        }
        a->protect = strcmp(protect, "y") == 0;
        ncm_free(protect);
    }
    cli_note(c, "%s", "");
    return true;
}

static bool answers_of(struct cli *c, struct answers *a, struct ncm_err *err)
{
    *a = (struct answers){.context = ncm_strdup(c->context), .protect = cli_flag(c, "protect")};
    if (c->store != NULL && !ncm_config_store(c->store, &a->store, err)) {
        return false;
    }
    bool nobody = c->yes || !isatty(STDIN_FILENO) || !isatty(STDERR_FILENO);
    if (!nobody) {
        return ask_all(c, a, err);
    }
    if (a->store == NULL && c->yes) {
        a->store = ncm_config_suggestion();
    }
    if (a->store == NULL) {
        ncm_fail(err, NCM_USAGE, _("which store? there is nobody to ask"));
        return ncm_hint(err, "%s",
                        _("--store URI [--context NAME] [--protect]; --yes takes the store that "
                          "lies here or that MLFLOW_TRACKING_URI names"));
    }
    return true;
}

static bool write_config(struct cli *c, const char *path, const char *text, struct ncm_err *err)
{
    if (c->dry_run) {
        cli_write(c, text, strlen(text));
        return true;
    }
    if (!make_folder(path, err) || !ncm_file_write(path, text, strlen(text), 0600, err)) {
        return false;
    }
    cli_note(c, _("written: %s"), path);
    return true;
}

static bool config_init(struct cli *c, const char *path, struct ncm_err *err)
{
    struct ncm_file_info info = {0};
    if (!ncm_file_stat(path, &info, err)) {
        return false;
    }
    if (info.kind != NCM_FILE_NONE) {
        ncm_fail(err, NCM_REFUSED, _("%s is there already: it is not overwritten"), path);
        return ncm_hint(err, "%s", _("--config FILE writes another one"));
    }
    struct answers a = {0};
    bool ok = cli_may_write(c, err) && answers_of(c, &a, err);
    if (ok) {
        char *text = ncm_config_template(a.context, a.store, a.protect);
        ok = write_config(c, path, text, err);
        ncm_free(text);
    }
    if (ok && ncm_config_secret_left_out(a.store)) {
        cli_note(c, "%s",
                 _("the password of the address was not written: the file says where to "
                   "name it (password-env and others)"));
    }
    ncm_free(a.context);
    ncm_free(a.store);
    return ok;
}

/* ---- check, path, show ---------------------------------------------------------------------- */

struct config_facts {
    const char *path;
    const struct ncm_config *config; /* NULL: only the path is asked for */
    char **warnings;                 /* the file's own, and what it names in vain */
    size_t n_warnings;
};

static void add_warning(void *to, const char *sentence)
{
    struct config_facts *f = to;
    f->warnings = ncm_resize(f->warnings, f->n_warnings + 1, sizeof *f->warnings);
    f->warnings[f->n_warnings++] = ncm_strdup(sentence);
}

static void config_json(struct ncm_json *j, const void *item)
{
    const struct config_facts *f = item;
    ncm_json_obj(j);
    cli_json_text(j, "path", f->path);
    if (f->config != NULL) {
        ncm_json_key(j, "exists");
        ncm_json_bool(j, f->config->path != NULL);
        ncm_json_key(j, "warnings");
        ncm_json_arr(j);
        for (size_t i = 0; i < f->n_warnings; i++) {
            ncm_json_str(j, f->warnings[i]);
        }
        ncm_json_end_arr(j);
    }
    ncm_json_end_obj(j);
}

static void config_text(struct ncm_buf *out, const void *item)
{
    const struct config_facts *f = item;
    if (f->config == NULL) {
        ncm_buf_printf(out, "%s\n", f->path);
    } else if (f->config->path == NULL) {
        ncm_buf_printf(out, _("%s: there is no such file; none is needed\n"), f->path);
    } else if (f->n_warnings == 0) {
        ncm_buf_printf(out, _("%s: fine\n"), f->path);
    } else {
        ncm_buf_printf(out,
                       ngettext("%s: no mistake, %zu thing to look at\n",
                                "%s: no mistake, %zu things to look at\n", f->n_warnings),
                       f->path, f->n_warnings);
    }
}

static bool print_facts(struct cli *c, const struct config_facts *f, struct ncm_err *err)
{
    struct cli_object o = {.item = f, .json = config_json, .text = config_text};
    return cli_print_object(c, &o, err);
}

/* A method that is none: only who knows them can say so. */
static void check_methods(struct config_facts *f)
{
    const struct ncm_drift_method *m;
    struct ncm_err err;
    for (size_t i = 0; i < f->config->n_contexts; i++) {
        const struct ncm_watch_plan *p = &f->config->contexts[i].watch;
        for (size_t k = 0; k < p->n_monitors; k++) {
            const struct ncm_monitor *x = &p->monitors[k];
            if (!ncm_drift_method_named(x->method, &m, &err)) {
                char *sentence =
                    ncm_sprintf("%s:%d:%d: %s", f->config->path, x->line, x->column, err.what);
                add_warning(f, sentence);
                ncm_free(sentence);
            }
        }
    }
}

static bool config_check(struct cli *c, const char *path, struct ncm_err *err)
{
    struct ncm_config *config;
    if (!ncm_config_load(c->config, &config, err)) {
        return false;
    }
    struct config_facts facts = {.path = path, .config = config};
    for (size_t i = 0; i < config->n_warnings; i++) {
        add_warning(&facts, config->warnings[i]);
    }
    ncm_config_examine(config, NULL, add_warning, &facts);
    check_methods(&facts);
    for (size_t i = 0; i < facts.n_warnings; i++) {
        cli_note(c, "%s", facts.warnings[i]);
    }
    bool silent = c->quiet && c->form == CLI_TABLE && config->path != NULL;
    bool ok = silent || print_facts(c, &facts, err);
    for (size_t i = 0; i < facts.n_warnings; i++) {
        ncm_free(facts.warnings[i]);
    }
    ncm_free(facts.warnings);
    ncm_config_free(config);
    return ok;
}

static void show_json(struct ncm_json *j, const void *item)
{
    ncm_config_json(item, j);
}

static void show_text(struct ncm_buf *out, const void *item)
{
    char *text = ncm_config_show(item);
    ncm_text_clean(out, text, strlen(text), NCM_CLEAN_LINES);
    ncm_free(text);
}

static bool config_show(struct cli *c, struct ncm_err *err)
{
    struct ncm_config *config;
    if (!ncm_config_load(c->config, &config, err)) {
        return false;
    }
    struct cli_object o = {.item = config, .json = show_json, .text = show_text};
    bool ok = cli_print_object(c, &o, err);
    ncm_config_free(config);
    return ok;
}

bool cli_config(struct cli *c, struct ncm_err *err)
{
    const char *word = strchr(c->command->name, ' ') + 1;
    char *path = config_path(c);
    bool ok = true;
    if (strcmp(word, "path") == 0) {
        struct config_facts facts = {.path = path};
        ok = print_facts(c, &facts, err);
    } else if (strcmp(word, "init") == 0) {
        ok = config_init(c, path, err);
    } else if (strcmp(word, "check") == 0) {
        ok = config_check(c, path, err);
    } else {
        ok = config_show(c, err);
    }
    ncm_free(path);
    return ok;
}
