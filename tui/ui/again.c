/* A prompt whose answer was refused comes back with what was typed and why. */
#include <string.h>

#include "ui/inside.h"

/* Where the typed text stands in the intent. */
enum place { NOWHERE, IN_MODEL, IN_KEY, IN_TO, IN_KEY_AND_TO };

struct asked {
    char *label, *text;
    ui_complete_fn complete;
    void *ctx; /* of complete: a pane, which outlives every layer */
};

struct again {
    struct ui *ui;
    struct ncm_intent *intent; /* NULL: handed on */
    enum place place;
    struct asked *asked;
};

void asked_free(struct asked *a)
{
    if (a != NULL) {
        ncm_free(a->label);
        ncm_free(a->text);
        ncm_free(a);
    }
}

static void complete(void *ctx, const char *text, size_t cursor,
                     void (*add)(void *to, const char *word, const char *help), void *to)
{
    struct again *a = ctx;

    a->asked->complete(a->asked->ctx, text, cursor, add, to);
}

struct asked *asked_new(const char *label, const char *text, ui_complete_fn fn, void *ctx)
{
    struct asked *a = ncm_alloc(1, sizeof *a);

    if (fn == complete) {
        const struct again *before = ctx;
        fn = before->asked->complete;
        ctx = before->asked->ctx;
    }
    *a = (struct asked){ncm_strdup(label), ncm_strdup(text), fn, ctx};
    return a;
}

static bool is(const char *value, const char *text)
{
    return value != NULL &&
           (strcmp(value, text) == 0 || (text[0] == '@' && strcmp(value, text + 1) == 0));
}

static enum place place_of(const struct ncm_intent *i, const char *text)
{
    const char *eq = strchr(text, '=');

    if (is(i->key, text)) {
        return IN_KEY;
    }
    if (is(i->to, text)) {
        return IN_TO;
    }
    if (is(i->model, text)) {
        return IN_MODEL;
    }
    bool both = eq != NULL && i->key != NULL && is(i->to, eq + 1) &&
                strlen(i->key) == (size_t)(eq - text) && strncmp(i->key, text, strlen(i->key)) == 0;
    return both ? IN_KEY_AND_TO : NOWHERE;
}

static void release(void *ctx)
{
    struct again *a = ctx;

    ncm_intent_free(a->intent);
    asked_free(a->asked);
    ncm_free(a);
}

static const char *done(void *ctx, const char *text, size_t *at)
{
    struct again *a = ctx;

    if (text == NULL) {
        return NULL;
    }
    const char *word = a->intent->kind == NCM_DO_ALIAS_SET && *text == '@' ? text + 1 : text;
    const char *eq = strchr(text, '=');
    if (a->place == IN_KEY_AND_TO && (eq == NULL || eq == text)) {
        *at = 0;
        return _("Write it as KEY=VALUE.");
    }
    if (a->place == IN_KEY_AND_TO) {
        char *key = ncm_strndup(text, (size_t)(eq - text));
        ncm_intent_set(&a->intent->key, key);
        ncm_intent_set(&a->intent->to, eq + 1);
        ncm_free(key);
    } else {
        ncm_intent_set(a->place == IN_MODEL ? &a->intent->model
                       : a->place == IN_KEY ? &a->intent->key
                                            : &a->intent->to,
                       word);
    }
    struct ncm_intent *intent = a->intent;
    a->intent = NULL;
    ui_change(a->ui, intent);
    return NULL;
}

/* Whether another text might do. */
static bool may_be_mended(const struct ncm_err *err)
{
    return err->code == NCM_USAGE || err->code == NCM_REFUSED || err->code == NCM_NOT_FOUND ||
           err->code == NCM_INVALID_DATA;
}

bool ask_again(struct ui *ui, struct asked *asked, struct ncm_plan *plan, const struct ncm_err *err)
{
    struct ncm_intent *intent = plan != NULL ? plan->intent : NULL;
    enum place place = asked != NULL && intent != NULL ? place_of(intent, asked->text) : NOWHERE;

    if (place == NOWHERE || !may_be_mended(err)) {
        return false;
    }
    struct again *a = ncm_alloc(1, sizeof *a);
    *a = (struct again){ui, intent, place, asked};
    plan->intent = NULL;
    prompt_open(ui, asked->label, asked->text, err, done, asked->complete != NULL ? complete : NULL,
                a, release);
    return true;
}
