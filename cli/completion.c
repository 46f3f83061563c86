/* Completion scripts, from the tables of commands and options. */
#include <string.h>

#include "cli.h"

/* Walks the first words ("" for first) or the second words below a first one, each once. */
static bool is_new_first(const struct cli_command *k)
{
    size_t len = strcspn(k->name, " ");
    for (const struct cli_command *o = cli_commands; o != k; o++) {
        if (strcspn(o->name, " ") == len && strncmp(o->name, k->name, len) == 0) {
            return false;
        }
    }
    return true;
}

static bool below(const struct cli_command *k, const struct cli_command *first)
{
    size_t len = strcspn(first->name, " ");
    return strncmp(k->name, first->name, len) == 0 && k->name[len] == ' ';
}

static void first_words(void)
{
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (is_new_first(k)) {
            printf("%.*s ", (int)strcspn(k->name, " "), k->name);
        }
    }
}

static void second_words(const struct cli_command *first)
{
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (below(k, first)) {
            printf("%s ", strchr(k->name, ' ') + 1);
        }
    }
}

static bool has_second(const struct cli_command *first)
{
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (below(k, first)) {
            return true;
        }
    }
    return false;
}

static void global_options(void)
{
    for (const struct cli_option *o = cli_global_options; o->name != NULL; o++) {
        printf("--%s ", o->name);
    }
}

/* "--a --b " for the options of all commands that begin with this word. */
static void options_below(const struct cli_command *first)
{
    size_t len = strcspn(first->name, " ");
    for (const struct cli_option *o = cli_command_options; o->name != NULL; o++) {
        bool used = false;
        for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
            const char *at = strstr(k->options, o->name);
            size_t part = strlen(o->name);
            used =
                used || (strcspn(k->name, " ") == len && strncmp(k->name, first->name, len) == 0 &&
                         at != NULL && (at == k->options || at[-1] == ' ') &&
                         (at[part] == '\0' || at[part] == ' '));
        }
        if (used) {
            printf("--%s ", o->name);
        }
    }
}

/* The words that an option takes, or files. */
static void bash_values(const struct cli_option *table)
{
    for (const struct cli_option *o = table; o->name != NULL; o++) {
        if (o->words != NULL) {
            printf("        --%s", o->name);
            if (o->letter != 0) {
                printf("|-%c", o->letter);
            }
            printf(") COMPREPLY=($(compgen -W '%s' -- \"$cur\")); return ;;\n", o->words);
        } else if (o->arg != NULL && (strcmp(o->arg, "FILE") == 0 || strcmp(o->arg, "DIR") == 0 ||
                                      strcmp(o->arg, "URI") == 0)) {
            printf("        --%s) COMPREPLY=($(compgen -f -- \"$cur\")); return ;;\n", o->name);
        }
    }
}

static void bash(void)
{
    printf("_ncmlops()\n{\n"
           "    local cur=${COMP_WORDS[COMP_CWORD]} prev=${COMP_WORDS[COMP_CWORD-1]}\n"
           "    local first= second= i w\n"
           "    case $prev in\n");
    bash_values(cli_global_options);
    bash_values(cli_command_options);
    printf("    esac\n"
           "    for ((i = 1; i < COMP_CWORD; i++)); do\n"
           "        w=${COMP_WORDS[i]}\n"
           "        case $w in\n"
           "        -*) continue ;;\n"
           "        esac\n"
           "        if [ -z \"$first\" ]; then first=$w; elif [ -z \"$second\" ]; then second=$w; "
           "fi\n"
           "    done\n"
           "    local words=\n"
           "    case $first in\n"
           "    '') words='");
    first_words();
    printf("' ;;\n");
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (!is_new_first(k)) {
            continue;
        }
        printf("    %.*s) words='", (int)strcspn(k->name, " "), k->name);
        options_below(k);
        printf("'");
        if (has_second(k)) {
            printf("; [ -n \"$second\" ] || words+='");
            second_words(k);
            printf("'");
        }
        if (strcmp(k->name, "completion") == 0) {
            printf("; words+='bash zsh fish '");
        }
        printf(" ;;\n");
    }
    printf("    esac\n    [[ $cur != -* ]] || words+=' ");
    global_options();
    printf("'\n    COMPREPLY=($(compgen -W \"$words\" -- \"$cur\"))\n}\n"
           "complete -F _ncmlops ncmlops\n");
}

/* Text within single quotes of a shell. */
static void quoted(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == '\'') {
            fputs("'\\''", stdout);
        } else {
            putchar(*s);
        }
    }
}

static void zsh_colon(const char *s)
{
    for (; *s != '\0'; s++) {
        if (*s == ':') {
            putchar('\\');
        }
        char one[2] = {*s, '\0'};
        quoted(one);
    }
}

static void zsh(void)
{
    printf("#compdef ncmlops\n_ncmlops()\n{\n"
           "    local -a commands options\n"
           "    local first= second= w\n"
           "    for w in ${words[2,CURRENT-1]}; do\n"
           "        [[ $w == -* ]] && continue\n"
           "        if [[ -z $first ]]; then first=$w; elif [[ -z $second ]]; then second=$w; fi\n"
           "    done\n"
           "    options=(\n");
    for (const struct cli_option *o = cli_global_options; o->name != NULL; o++) {
        printf("        '--%s:", o->name);
        zsh_colon(_(o->help));
        printf("'\n");
    }
    printf("    )\n    case $first in\n    '') commands=(\n");
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (is_new_first(k)) {
            printf("        '%.*s:", (int)strcspn(k->name, " "), k->name);
            zsh_colon(strchr(k->name, ' ') == NULL ? _(k->help) : _("several commands"));
            printf("'\n");
        }
    }
    printf("    ) ;;\n");
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        if (!is_new_first(k)) {
            continue;
        }
        printf("    %.*s) options+=(", (int)strcspn(k->name, " "), k->name);
        options_below(k);
        printf(")");
        if (has_second(k)) {
            printf("; [[ -n $second ]] || commands=(");
            second_words(k);
            printf(")");
        }
        if (strcmp(k->name, "completion") == 0) {
            printf("; commands=(bash zsh fish)");
        }
        printf(" ;;\n");
    }
    printf("    esac\n"
           "    if [[ $PREFIX == -* ]]; then _describe option options; else\n"
           "        _describe command commands || _files\n    fi\n}\n"
           "if [[ $funcstack[1] == _ncmlops ]]; then _ncmlops \"$@\"; else compdef _ncmlops "
           "ncmlops; fi\n");
}

static void fish_options(const struct cli_option *o, const char *condition)
{
    printf("complete -c ncmlops%s -l %s", condition, o->name);
    if (o->letter != 0) {
        printf(" -s %c", o->letter);
    }
    if (o->words != NULL) {
        printf(" -x -a '%s'", o->words);
    } else if (o->arg != NULL) {
        printf(" -r");
    }
    printf(" -d '");
    quoted(_(o->help));
    printf("'\n");
}

static void fish(void)
{
    printf("complete -c ncmlops -f\n");
    for (const struct cli_option *o = cli_global_options; o->name != NULL; o++) {
        fish_options(o, "");
    }
    for (const struct cli_option *o = cli_command_options; o->name != NULL; o++) {
        char condition[512];
        size_t used =
            (size_t)snprintf(condition, sizeof condition, " -n '__fish_seen_subcommand_from");
        for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
            if (strstr(k->options, o->name) != NULL && used < sizeof condition - 32) {
                used += (size_t)snprintf(condition + used, sizeof condition - used, " %.*s",
                                         (int)strcspn(k->name, " "), k->name);
            }
        }
        snprintf(condition + used, sizeof condition - used, "'");
        fish_options(o, condition);
    }
    for (const struct cli_command *k = cli_commands; k->name != NULL; k++) {
        const char *second = strchr(k->name, ' ');
        int len = (int)strcspn(k->name, " ");
        if (second != NULL) {
            printf("complete -c ncmlops -n '__fish_seen_subcommand_from %.*s' -a '%s' -d '", len,
                   k->name, second + 1);
        } else {
            printf("complete -c ncmlops -n __fish_use_subcommand -a '%s' -d '", k->name);
        }
        quoted(_(k->help));
        printf("'\n");
        if (second != NULL && is_new_first(k)) {
            printf("complete -c ncmlops -n __fish_use_subcommand -a '%.*s' -d '", len, k->name);
            quoted(_("several commands"));
            printf("'\n");
        }
    }
    printf("complete -c ncmlops -n '__fish_seen_subcommand_from completion' -a 'bash zsh fish'\n");
}

bool cli_completion(struct cli *c, struct ncm_err *err)
{
    const char *shell = c->words[0];
    if (strcmp(shell, "bash") == 0) {
        bash();
    } else if (strcmp(shell, "zsh") == 0) {
        zsh();
    } else if (strcmp(shell, "fish") == 0) {
        fish();
    } else {
        ncm_fail(err, NCM_USAGE, _("there is no completion for '%s'"), shell);
        return ncm_hint(err, "%s", "bash, zsh, fish");
    }
    return true;
}
