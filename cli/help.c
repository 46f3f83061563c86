/* --help, from the tables of commands and options. */
#include <string.h>

#include "cli.h"

/* Our own text; a terminal without UTF-8 gets dots for the one sign in it. */
static const char *plain(char *out, size_t size, const char *text)
{
    static const char dots[] = "…";
    size_t n = 0;
    if (ncm_text_utf8()) {
        return text;
    }
    while (*text != '\0' && n + 4 < size) {
        if (strncmp(text, dots, sizeof dots - 1) == 0) {
            memcpy(out + n, "...", 3);
            n += 3;
            text += sizeof dots - 1;
        } else {
            out[n++] = *text++;
        }
    }
    out[n] = '\0';
    return out;
}

enum { NAME_CELLS = 34, OPTION_CELLS = 28 };

static void entry(const char *name, int cells, const char *help)
{
    char text[128];
    name = plain(text, sizeof text, name);
    int pad = cells - ncm_text_width(name);
    if (pad > 0) {
        printf("  %s%*s  %s\n", name, pad, "", help);
    } else {
        printf("  %s\n  %*s  %s\n", name, cells, "", help);
    }
}

static void option(const struct cli_option *o)
{
    char name[96];
    char letter[8] = "";
    if (o->letter != 0) {
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    }
    snprintf(name, sizeof name, "%s--%s%s%s", letter, o->name, o->arg != NULL ? " " : "",
             o->arg != NULL ? o->arg : "");
    entry(name, OPTION_CELLS, _(o->help));
}

static bool in_list(const char *list, const char *name)
{
    size_t len = strlen(name);
    for (const char *p = list; *p != '\0'; p += strspn(p, " ")) {
        size_t part = strcspn(p, " ");
        if (part == len && strncmp(p, name, len) == 0) {
            return true;
        }
        p += part;
    }
    return false;
}

/* What one line in the list does not hold. */
static void more_help(const struct cli_command *k)
{
    static const struct {
        const char *name, *text;
    } more[] = {
        {"promote", N_("STAGE is one of None, Staging, Production, Archived, in any case.\n"
                       "Aliases are moved by 'ncmlops alias set NAME ALIAS VERSION'.")},
        {"alias set", N_("Stages are changed by 'ncmlops promote NAME VERSION STAGE'.")},
    };
    for (size_t i = 0; i < sizeof more / sizeof more[0]; i++) {
        if (strcmp(more[i].name, k->name) == 0) {
            printf("%s\n", _(more[i].text));
        }
    }
    if (strstr(k->args, "RUN_ID") != NULL || in_list(k->options, "run")) {
        printf("%s\n", _("RUN_ID may be the first characters of one, at least four."));
    }
}

static void command_help(const struct cli_command *k)
{
    char args[128], options[64];
    printf("%s ncmlops %s%s%s%s\n\n%s\n", _("Usage:"), k->name, k->args[0] != '\0' ? " " : "",
           plain(args, sizeof args, k->args),
           k->options[0] != '\0' ? plain(options, sizeof options, _(" [OPTION…]")) : "",
           _(k->help));
    more_help(k);
    if (k->options[0] != '\0') {
        printf("\n%s\n", _("Options:"));
    }
    for (const struct cli_option *o = cli_command_options; o->name != NULL; o++) {
        if (in_list(k->options, o->name)) {
            option(o);
        }
    }
    printf("\n%s\n", _("'ncmlops --help' lists the options that every command takes."));
}

static void list_commands(const char *group)
{
    size_t len = group != NULL ? strlen(group) : 0;
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        char name[128];
        if (group != NULL && (strncmp(k->name, group, len) != 0 || k->name[len] != ' ')) {
            continue;
        }
        snprintf(name, sizeof name, "%s%s%s", k->name, k->args[0] != '\0' ? " " : "", k->args);
        entry(name, NAME_CELLS, _(k->help));
    }
}

static void group_help(const char *group)
{
    char options[64];
    printf("%s ncmlops %s COMMAND [%s]\n\n%s\n", _("Usage:"), group,
           plain(options, sizeof options, _("OPTION…")), _("Commands:"));
    list_commands(group);
    printf("\n%s\n", _("--help after one of them lists its options."));
}

static void general_help(void)
{
    printf("%s\n\n", _("ncmlops: a terminal dashboard for people who run machine-learning models"));
    char options[64];
    const char *option_word = plain(options, sizeof options, _("OPTION…"));
    printf("%s ncmlops [%s]\n", _("Usage:"), option_word);
    printf("%*s ncmlops COMMAND [%s]\n\n", ncm_text_width(_("Usage:")), "", option_word);
    printf("%s\n\n%s\n", _("Without a command the dashboard opens."), _("Commands:"));
    list_commands(NULL);
    printf("\n%s\n", _("Options:"));
    for (const struct cli_option *o = cli_global_options; o->name != NULL; o++) {
        option(o);
    }
    printf("\n%s\n", _("The store is the first that is there of: --store; --context or "
                       "NCMLOPS_CONTEXT;\nMLFLOW_TRACKING_URI; the configuration's current "
                       "context; ./mlflow.db; ./mlruns."));
    printf("%s\n", _("Exit: 0 done, 1 failed, 2 wrong usage, 3 refused, 4 unreachable, "
                     "5 not found, 6 conflict."));
}

void cli_print_help(const struct cli *c)
{
    if (c->command != NULL) {
        command_help(c->command);
    } else if (c->group != NULL) {
        group_help(c->group);
    } else {
        general_help();
    }
}

/* ---- names near a wrong one ----------------------------------------------------------------- */

static int distance(const char *a, const char *b)
{
    enum { MOST = 40 };
    int row[MOST + 1];
    size_t la = strlen(a), lb = strlen(b);
    if (la > MOST || lb > MOST) {
        return MOST;
    }
    for (size_t j = 0; j <= lb; j++) {
        row[j] = (int)j;
    }
    for (size_t i = 1; i <= la; i++) {
        int diagonal = row[0];
        row[0] = (int)i;
        for (size_t j = 1; j <= lb; j++) {
            int above = row[j];
            int best = diagonal + (a[i - 1] != b[j - 1]);
            best = above + 1 < best ? above + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
            diagonal = above;
        }
    }
    return row[lb];
}

/* Keeps the nearer of two names. */
static void nearer(const char *word, const char *name, const char **best, int *best_distance)
{
    int d = distance(word, name);
    if (d < *best_distance) {
        *best = name;
        *best_distance = d;
    }
}

const char *cli_nearest_command(const char *word)
{
    const char *best = NULL;
    int best_distance = (int)strlen(word) / 3 + 2;
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        nearer(word, k->name, &best, &best_distance);
    }
    return best;
}

const char *cli_nearest_option(const struct cli_command *command, const char *word)
{
    const char *best = NULL;
    int best_distance = (int)strlen(word) / 3 + 2;
    for (const struct cli_option *o = cli_global_options; o->name != NULL; o++) {
        nearer(word, o->name, &best, &best_distance);
    }
    for (const struct cli_option *o = cli_command_options; o->name != NULL; o++) {
        if (command != NULL && in_list(command->options, o->name)) {
            nearer(word, o->name, &best, &best_distance);
        }
    }
    return best;
}
