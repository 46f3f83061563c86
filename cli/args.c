/* The command line: global options anywhere, the command's own after or before its words. */
#include <string.h>

#include "cli.h"

static bool usage(const struct cli_command *command, struct ncm_err *err, char *what,
                  const char *near)
{
    ncm_fail(err, NCM_USAGE, "%s", what);
    ncm_free(what);
    if (near != NULL) {
        return ncm_hint(err, _("did you mean '%s'?"), near);
    }
    return command != NULL
               ? ncm_hint(err, _("'ncmlops %s --help' lists its options"), command->name)
               : ncm_hint(err, "%s", _("'ncmlops --help' lists commands and options"));
}

static bool set_form(struct cli *c, const char *value, struct ncm_err *err)
{
    static const char *const names[] = {"table", "json", "jsonl", "csv", "md", "html"};
    for (int i = 0; i < 6; i++) {
        if (strcmp(value, names[i]) == 0) {
            c->form = (enum cli_form)i;
            c->form_given = true;
            return true;
        }
    }
    return ncm_fail(err, NCM_USAGE, _("'%s' is none of table, json, jsonl, csv"), value);
}

static bool set_timeout(struct cli *c, const char *value, struct ncm_err *err)
{
    double seconds;
    if (!ncm_parse_double(value, &seconds) || !(seconds > 0) || seconds > 1e6) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is no number of seconds"), value);
    }
    c->timeout_ms = (int64_t)(seconds * 1000);
    c->timeout_ms += c->timeout_ms == 0;
    return true;
}

static bool set_global(struct cli *c, const char *name, const char *value, struct ncm_err *err)
{
    const struct {
        const char *name;
        const char **text;
        bool *flag;
    } fields[] = {
        {"store", &c->store, NULL},         {"context", &c->context, NULL},
        {"config", &c->config, NULL},       {"lang", &c->lang, NULL},
        {"confirm", &c->confirm, NULL},     {"script", &c->script, NULL},
        {"theme", &c->theme, NULL},         {"ascii", NULL, &c->ascii},
        {"read-only", NULL, &c->read_only}, {"yes", NULL, &c->yes},
        {"dry-run", NULL, &c->dry_run},     {"no-color", NULL, &c->no_color},
        {"quiet", NULL, &c->quiet},         {"verbose", NULL, &c->verbose},
        {"help", NULL, &c->help},           {"version", NULL, &c->version},
        {"wall", NULL, &c->wall},
    };
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (strcmp(fields[i].name, name) != 0) {
            continue;
        }
        if (fields[i].flag != NULL) {
            *fields[i].flag = true;
        } else {
            *fields[i].text = value;
        }
        return true;
    }
    if (strcmp(name, "output") == 0) {
        return set_form(c, value, err);
    }
    return set_timeout(c, value, err);
}

static const struct cli_option *find_in(const struct cli_option *table, const char *name,
                                        size_t len, char letter)
{
    for (; table->name != NULL; table++) {
        if (letter != 0 ? table->letter == letter
                        : strlen(table->name) == len && strncmp(table->name, name, len) == 0) {
            return table;
        }
    }
    return NULL;
}

/* Whether a command takes an option. */
static bool takes(const struct cli_command *command, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = command != NULL ? command->options : ""; *p != '\0';) {
        size_t part = strcspn(p, " ");
        if (part == len && strncmp(p, name, len) == 0) {
            return true;
        }
        p += part;
        p += strspn(p, " ");
    }
    return false;
}

const char *cli_value(const struct cli *c, const char *name)
{
    const char *value = NULL;
    for (size_t i = 0; i < c->n_values; i++) {
        if (strcmp(c->values[i].name, name) == 0) {
            value = c->values[i].value;
        }
    }
    return value;
}

bool cli_flag(const struct cli *c, const char *name)
{
    return cli_value(c, name) != NULL;
}

bool cli_count(const struct cli *c, const char *name, int64_t fallback, int64_t *out,
               struct ncm_err *err)
{
    const char *text = cli_value(c, name);
    *out = fallback;
    if (text == NULL || (ncm_parse_i64(text, out) && *out >= 0)) {
        return true;
    }
    return ncm_fail(err, NCM_USAGE, _("--%s wants a whole number, not '%s'"), name, text);
}

bool cli_time(const struct cli *c, const char *name, int64_t *out, struct ncm_err *err)
{
    const char *text = cli_value(c, name);
    *out = NCM_NO_TIME;
    if (text == NULL || ncm_parse_time(text, ncm_now_ms(), out)) {
        return true;
    }
    ncm_fail(err, NCM_USAGE, _("--%s wants a time, not '%s'"), name, text);
    return ncm_hint(err, "%s", _("2026-11-21, 2026-11-21T14:03, -2h or milliseconds since 1970"));
}

static bool set_option(struct cli *c, const struct cli_option *o, bool global, const char *value,
                       struct ncm_err *err)
{
    if (global) {
        return set_global(c, o->name, value, err);
    }
    c->values[c->n_values++] = (struct cli_value){o->name, value != NULL ? value : ""};
    return true;
}

static bool unknown_option(const struct cli_command *command, const char *arg, struct ncm_err *err)
{
    const char *near = arg[1] == '-' ? cli_nearest_option(command, arg + 2) : NULL;
    char *spelt = near != NULL ? ncm_sprintf("--%s", near) : NULL;
    usage(command, err, ncm_sprintf(_("unknown option '%s'"), arg), spelt);
    ncm_free(spelt);
    return false;
}

/* One "-x" or "--name[=value]"; *i moves on where the value is a word of its own. */
static bool take_option(struct cli *c, int argc, char **argv, int *i, struct ncm_err *err)
{
    const char *arg = argv[*i];
    bool is_long = arg[1] == '-';
    const char *name = arg + (is_long ? 2 : 1);
    const char *inside = is_long ? strchr(name, '=') : NULL;
    size_t len = inside != NULL ? (size_t)(inside - name) : strlen(name);
    char letter = is_long ? 0 : name[0];
    const struct cli_option *o = find_in(cli_global_options, name, len, letter);
    bool global = o != NULL;
    if (o == NULL) {
        o = find_in(cli_command_options, name, len, letter);
        if (o != NULL && !takes(c->command, o->name)) {
            o = NULL;
        }
    }
    if (o == NULL) {
        return unknown_option(c->command, arg, err);
    }
    const char *value = NULL;
    if (inside != NULL) {
        value = inside + 1;
    } else if (!is_long && name[1] != '\0') {
        value = name + 1; /* -ojson */
    }
    if (o->arg == NULL) {
        return value == NULL ? set_option(c, o, global, NULL, err)
                             : usage(c->command, err,
                                     ncm_sprintf(_("option '%s' takes no value"), arg), NULL);
    }
    if (value == NULL) {
        if (*i + 1 >= argc) {
            return usage(c->command, err,
                         ncm_sprintf(_("option '%s' wants a value: %s"), arg, o->arg), NULL);
        }
        value = argv[++*i];
    }
    return set_option(c, o, global, value, err);
}

static bool is_option(const char *arg)
{
    return arg[0] == '-' && arg[1] != '\0' && !(arg[1] >= '0' && arg[1] <= '9');
}

/* The option of this name of any command; NULL: there is none anywhere. */
static const struct cli_option *find_anywhere(const char *arg)
{
    bool is_long = arg[1] == '-';
    const char *name = arg + (is_long ? 2 : 1);
    size_t len = is_long ? strcspn(name, "=") : strlen(name);
    const struct cli_option *o = find_in(cli_global_options, name, len, is_long ? 0 : name[0]);
    return o != NULL ? o : find_in(cli_command_options, name, len, is_long ? 0 : name[0]);
}

/* Whether an option that may stand before the command takes the next word. */
static bool swallows_next(const char *arg)
{
    bool inside = arg[1] == '-' ? strchr(arg, '=') != NULL : arg[2] != '\0';
    const struct cli_option *o = find_anywhere(arg);
    return !inside && o != NULL && o->arg != NULL;
}

/* The command of one or two words at the start of the plain words. */
static const struct cli_command *find_command(const char *first, const char *second, int *used)
{
    const struct cli_command *one = NULL;
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        size_t len = strlen(first);
        if (strcmp(k->name, first) == 0) {
            one = k;
        }
        if (second != NULL && strncmp(k->name, first, len) == 0 && k->name[len] == ' ' &&
            strcmp(k->name + len + 1, second) == 0) {
            *used = 2;
            return k;
        }
    }
    *used = 1;
    return one;
}

/* Whether a word begins commands of two words. */
static bool is_group(const char *first)
{
    size_t len = strlen(first);
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (strncmp(k->name, first, len) == 0 && k->name[len] == ' ') {
            return true;
        }
    }
    return false;
}

/* The second words of a group, as a hint. */
static bool list_group(const char *first, struct ncm_err *err)
{
    struct ncm_buf names;
    size_t len = strlen(first);
    ncm_buf_init(&names, 240);
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (strncmp(k->name, first, len) == 0 && k->name[len] == ' ') {
            ncm_buf_printf(&names, "%s%s", names.len > 0 ? ", " : "", k->name + len + 1);
        }
    }
    ncm_hint(err, _("there are: %s"), names.p);
    ncm_buf_release(&names);
    return false;
}

static bool unknown_command(const char *first, const char *second, struct ncm_err *err)
{
    if (is_group(first)) {
        if (second == NULL) {
            ncm_fail(err, NCM_USAGE, _("'%s' wants one more word"), first);
        } else {
            ncm_fail(err, NCM_USAGE, _("unknown command '%s %s'"), first, second);
        }
        return list_group(first, err);
    }
    return usage(NULL, err, ncm_sprintf(_("unknown command '%s'"), first),
                 cli_nearest_command(first));
}

/* Finds the command first, so that its options may stand anywhere. */
static bool name_command(struct cli *c, int argc, char **argv, int *used, struct ncm_err *err)
{
    const char *words[3] = {NULL, NULL, NULL};
    int n = 0;
    bool plain = false; /* after "--" */
    bool wants_help = false;
    const char *wrong = NULL; /* what follows such an option may be its value */
    for (int i = 1; i < argc && n < 3; i++) {
        if (!plain && strcmp(argv[i], "--") == 0) {
            plain = true;
        } else if (!plain && is_option(argv[i])) {
            wrong = wrong == NULL && find_anywhere(argv[i]) == NULL ? argv[i] : wrong;
            wants_help = wants_help || strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0;
            i += swallows_next(argv[i]);
        } else {
            words[n++] = argv[i];
        }
    }
    *used = 0;
    if (n == 0) {
        return true;
    }
    if (strcmp(words[0], "help") == 0) {
        c->help = true;
        if (words[1] != NULL) {
            c->command = find_command(words[1], words[2], used);
            c->group = words[1];
        }
        *used = n;
        return c->command != NULL || words[1] == NULL || is_group(words[1]) ||
               unknown_command(words[1], words[2], err);
    }
    c->command = find_command(words[0], words[1], used);
    if (c->command == NULL && words[1] == NULL && wants_help && is_group(words[0])) {
        c->group = words[0];
        return true;
    }
    if (c->command == NULL && wrong != NULL) {
        return unknown_option(NULL, wrong, err);
    }
    return c->command != NULL || unknown_command(words[0], words[1], err);
}

/* Names the words of the usage that were not given. */
static void name_missing(const struct cli *c, struct ncm_err *err)
{
    struct ncm_buf names;
    int at = 0;
    ncm_buf_init(&names, 240);
    for (const char *p = c->command->args; *p != '\0' && at < c->command->min; at++) {
        size_t len = strcspn(p, " ");
        if (at >= (int)c->n_words) {
            ncm_buf_puts(&names, names.len > 0 ? ", " : "");
            ncm_buf_add(&names, p, len);
        }
        p += len;
        p += strspn(p, " ");
    }
    ncm_fail(err, NCM_USAGE, _("missing: %s"), names.p);
    ncm_buf_release(&names);
}

/* Documents are made by few commands; for the others they are as unknown as any other word. */
static bool check_form(const struct cli *c, struct ncm_err *err)
{
    if ((c->form != CLI_MD && c->form != CLI_HTML) || c->help ||
        (c->command != NULL && c->command->run == cli_drift_check)) {
        return true;
    }
    return ncm_fail(err, NCM_USAGE, _("'%s' is none of table, json, jsonl, csv"),
                    c->form == CLI_MD ? "md" : "html");
}

static bool check_words(const struct cli *c, struct ncm_err *err)
{
    const struct cli_command *k = c->command;
    if (k == NULL || c->help) {
        return true;
    }
    if ((int)c->n_words < k->min) {
        name_missing(c, err);
    } else if (k->max >= 0 && (int)c->n_words > k->max) {
        ncm_fail(err, NCM_USAGE, "%s", _("too many words"));
    } else {
        return true;
    }
    return ncm_hint(err, "ncmlops %s %s", k->name, k->args);
}

/* What shapes the message of an error must be known before the first one. */
static void look_ahead(struct cli *c, int argc, char **argv)
{
    struct ncm_err ignored;
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        const char *value = NULL;
        if (strncmp(argv[i], "--output=", 9) == 0) {
            value = argv[i] + 9;
        } else if (strncmp(argv[i], "-o", 2) == 0 && argv[i][2] != '\0') {
            value = argv[i] + 2;
        } else if ((strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--output") == 0) &&
                   i + 1 < argc) {
            value = argv[i + 1];
        }
        if (value != NULL) {
            set_form(c, value, &ignored);
        }
        if (strncmp(argv[i], "--lang=", 7) == 0) {
            c->lang = argv[i] + 7;
        } else if (strcmp(argv[i], "--lang") == 0 && i + 1 < argc) {
            c->lang = argv[i + 1];
        }
    }
}

bool cli_parse(struct cli *c, int argc, char **argv, struct ncm_err *err)
{
    int used = 0, skipped = 0;
    bool plain = false; /* after "--" */
    c->words = ncm_alloc((size_t)argc + 1, sizeof *c->words);
    c->values = ncm_alloc((size_t)argc + 1, sizeof *c->values);
    look_ahead(c, argc, argv);
    if (!name_command(c, argc, argv, &used, err)) {
        return false;
    }
    for (int i = 1; i < argc; i++) {
        if (!plain && strcmp(argv[i], "--") == 0) {
            plain = true;
        } else if (!plain && is_option(argv[i])) {
            if (!take_option(c, argc, argv, &i, err)) {
                return false;
            }
        } else if (skipped < used) {
            skipped++;
        } else {
            c->words[c->n_words++] = argv[i];
        }
    }
    if (c->lang != NULL && strcmp(c->lang, "ko") != 0 && strcmp(c->lang, "en") != 0) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is none of ko, en"), c->lang);
    }
    if (c->command == NULL && c->n_words > 0 && !c->help) {
        return unknown_command(c->words[0], NULL, err);
    }
    return check_form(c, err) && check_words(c, err);
}

void cli_release(struct cli *c)
{
    ncm_free(c->words);
    ncm_free(c->values);
    ncm_free(c->namespaces);
}
