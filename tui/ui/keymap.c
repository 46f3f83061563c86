/* Which key does what: the table's defaults, then the configuration's own. A configured action has
 * exactly the keys that were given; a key taken from another action is an error that names both. */
#include <stdio.h>
#include <string.h>

#include "api/session.h"
#include "api/text.h"
#include "ui/action.h"
#include "ui/key_name.h"

#define MAX_BINDINGS 256

struct binding {
    int key;
    const struct ui_action *action;
    unsigned contexts;
};

static struct binding bindings[MAX_BINDINGS];
static size_t n_bindings;
static char labels[N_ACTIONS][16];

/* Contexts that can hold at the same time as these. */
static unsigned together(unsigned contexts)
{
    const unsigned listing =
        IN_EXPERIMENTS | IN_RUNS | IN_RUN | IN_COMPARE | IN_REGISTRY | IN_VERSION | IN_LOG;
    const unsigned plotting = IN_RUN | IN_COMPARE | IN_RUNS;
    const unsigned reading = IN_RUN | IN_VERSION | IN_LOG | IN_RUNS | IN_REGISTRY;
    unsigned all = contexts;

    if (contexts & IN_ALWAYS) {
        return ~0u;
    }
    all |= contexts & IN_LIST ? listing : 0;
    all |= contexts & listing ? IN_LIST : 0;
    all |= contexts & IN_PLOT ? plotting : 0;
    all |= contexts & plotting ? IN_PLOT : 0;
    all |= contexts & IN_TEXT ? reading : 0;
    all |= contexts & reading ? IN_TEXT : 0;
    return all | IN_ALWAYS;
}

/* A view may have a movement's letter for its own; the arrow still moves. */
static bool takes_from(const struct ui_action *a, const struct ui_action *b)
{
    return (a->flags & ACT_OWN_KEY) && (b->contexts & IN_ALWAYS) && (b->flags & ACT_HIDDEN);
}

static const struct binding *clash(int key, const struct ui_action *a)
{
    for (size_t i = 0; i < n_bindings; i++) {
        if (bindings[i].key == key && bindings[i].action != a &&
            !takes_from(bindings[i].action, a) && !takes_from(a, bindings[i].action) &&
            (together(bindings[i].contexts) & a->contexts)) {
            return &bindings[i];
        }
    }
    return NULL;
}

static void bind_key(int key, const struct ui_action *a)
{
    if (n_bindings < MAX_BINDINGS) {
        bindings[n_bindings++] = (struct binding){key, a, a->contexts};
    }
}

/* An action's last defining entry in the configuration; NULL: the default holds. */
static const struct ncm_config_key *configured(const struct ncm_config *config,
                                               const struct ui_action *a)
{
    const struct ncm_config_key *found = NULL;

    for (size_t i = 0; config != NULL && i < config->n_keys; i++) {
        if (strcmp(config->keys[i].action, a->name) == 0) {
            found = &config->keys[i];
        }
    }
    return found;
}

/* Changes of letters between two words. */
static size_t distance(const char *a, const char *b)
{
    size_t row[64], n = strlen(b);

    if (n >= 64) {
        return 64;
    }
    for (size_t j = 0; j <= n; j++) {
        row[j] = j;
    }
    for (size_t i = 1; a[i - 1] != '\0'; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= n; j++) {
            size_t best = diagonal + (a[i - 1] != b[j - 1]);
            diagonal = row[j];
            best = row[j] + 1 < best ? row[j] + 1 : best;
            row[j] = row[j - 1] + 1 < best ? row[j - 1] + 1 : best;
        }
    }
    return row[n];
}

static const char *nearest_action(const char *word)
{
    const char *best = NULL;
    size_t least = 4;

    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        size_t d = distance(word, a->name);
        if (d < least) {
            least = d;
            best = a->name;
        }
    }
    return best;
}

static bool unknown_action(const struct ncm_config *config, const struct ncm_config_key *k,
                           struct ncm_err *err)
{
    const char *near = nearest_action(k->action);

    if (near != NULL) {
        return ncm_fail(err, NCM_USAGE, _("%s:%d:%d: unknown action '%s', did you mean '%s'?"),
                        config->path, k->line, k->column, k->action, near);
    }
    return ncm_fail(err, NCM_USAGE, _("%s:%d:%d: unknown action '%s'"), config->path, k->line,
                    k->column, k->action);
}

static bool is_changing_letter(int key, const struct ui_action *a)
{
    return (a->flags & ACT_CHANGES) && key >= 'a' && key <= 'z';
}

static bool add_configured(const struct ncm_config *config, const struct ncm_config_key *k,
                           const struct ui_action *a, struct ncm_err *err)
{
    const char *list = k->keys;
    char word[32];

    while (key_word(&list, word, sizeof word)) {
        int key;
        if (!key_parse(word, &key)) {
            return ncm_fail(err, NCM_USAGE, _("%s:%d:%d: '%s' is not the name of a key"),
                            config->path, k->line, k->column, word);
        }
        if (is_changing_letter(key, a)) {
            return ncm_fail(err, NCM_USAGE,
                            _("%s:%d:%d: '%s' changes things: it takes no lower-case letter"),
                            config->path, k->line, k->column, a->name);
        }
        const struct binding *other = clash(key, a);
        if (other != NULL) {
            return ncm_fail(err, NCM_USAGE, _("%s:%d:%d: key '%s' would mean both '%s' and '%s'"),
                            config->path, k->line, k->column, word, a->name, other->action->name);
        }
        bind_key(key, a);
    }
    return true;
}

static void add_default(const struct ui_action *a)
{
    const char *list = a->keys;
    char word[32];
    int key;

    while (key_word(&list, word, sizeof word)) {
        if (key_parse(word, &key)) {
            bind_key(key, a);
        }
    }
}

bool keymap_build(const struct ncm_config *config, struct ncm_err *err)
{
    n_bindings = 0;
    memset(labels, 0, sizeof labels);
    for (size_t i = 0; config != NULL && i < config->n_keys; i++) {
        if (ui_action_named(config->keys[i].action) == NULL) {
            return unknown_action(config, &config->keys[i], err);
        }
    }
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        if (configured(config, a) == NULL) {
            add_default(a);
        }
    }
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        const struct ncm_config_key *k = configured(config, a);
        if (k != NULL && !add_configured(config, k, a, err)) {
            return false;
        }
    }
    for (size_t i = n_bindings; i > 0; i--) {
        key_show(bindings[i - 1].key, labels[bindings[i - 1].action->id], sizeof labels[0]);
    }
    return true;
}

enum ui_action_id keymap_find(int key, unsigned contexts)
{
    enum ui_action_id found = A_NONE;

    for (size_t i = 0; i < n_bindings; i++) {
        if (bindings[i].key == key && (bindings[i].contexts & (contexts | IN_ALWAYS))) {
            const struct ui_action *a = bindings[i].action;
            if (a->flags & ACT_OWN_KEY) {
                return a->id;
            }
            found = found == A_NONE ? a->id : found;
        }
    }
    return found;
}

const char *keymap_label(enum ui_action_id id)
{
    return (unsigned)id < N_ACTIONS ? labels[id] : "";
}
