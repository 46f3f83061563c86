/* Promote, aliases, roll back, and who held what: the words a picker offers and the intents they
 * stand for. */
#include "pane/registry/choices.h"

#include "api/action.h"

#include <stdio.h>
#include <string.h>

struct ncm_intent *registry_version_intent(const struct registry *r, int kind)
{
    struct ncm_intent *i = ncm_intent_new((enum ncm_intent_kind)kind);
    ncm_intent_set(&i->model, r->model);
    ncm_intent_set(&i->version, r->version);
    return i;
}

static const char *alias_done(void *ctx, const char *text, size_t *at)
{
    struct registry *r = ctx;
    (void)at;
    if (text == NULL) {
        return NULL;
    }
    if (*text == '\0') {
        return _("An alias is one word, such as champion.");
    }
    struct ncm_intent *i = registry_version_intent(r, NCM_DO_ALIAS_SET);
    ncm_intent_set(&i->key, *text == '@' ? text + 1 : text);
    ui_change(r->ui, i);
    return NULL;
}

void registry_ask_alias(struct registry *r)
{
    char label[96];
    snprintf(label, sizeof label, _("Alias for v%s:"), r->version);
    ui_prompt(r->ui, label, "", alias_done, NULL, r);
}

/* Words: "stage:NAME" with archiving, "keep:NAME" without, "alias:NAME", "new-alias". */
static void promote_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    const char *word = choices_word(r, chosen, n);
    if (word == NULL || r->version == NULL) {
        return;
    }
    const char *value = strchr(word, ':');
    if (value == NULL) {
        registry_ask_alias(r);
        return;
    }
    value++;
    struct ncm_intent *i;
    if (strncmp(word, "alias:", 6) == 0) {
        i = registry_version_intent(r, NCM_DO_ALIAS_SET);
        ncm_intent_set(&i->key, value);
    } else {
        i = registry_version_intent(r, NCM_DO_PROMOTE);
        ncm_intent_set(&i->to, value);
        i->archive = strncmp(word, "stage:", 6) == 0;
    }
    ui_change(r->ui, i);
}

/* "v4 → Archived": who would leave the stage; "" where nobody else holds it. */
static size_t stage_holders(const struct ncm_model *m, const struct ncm_model_version *but,
                            enum ncm_stage stage, char *out, size_t outsz)
{
    size_t n = 0, used = 0;
    out[0] = '\0';
    for (size_t i = 0; i < m->n_versions; i++) {
        if (&m->versions[i] == but || m->versions[i].stage != stage) {
            continue;
        }
        char number[24];
        ncm_text_clip(number, sizeof number, m->versions[i].version.p, m->versions[i].version.len,
                      8);
        if (used + 12 < outsz) {
            int w = snprintf(out + used, outsz - used, "%sv%s", n > 0 ? " " : "", number);
            used += w > 0 ? (size_t)w : 0;
        }
        n++;
    }
    return n;
}

static void offer_stage(struct choices *c, const struct ncm_model *m,
                        const struct ncm_model_version *v, enum ncm_stage stage)
{
    const char *name = ncm_stage_name(stage);
    char holders[64], detail[120], word[40], label[64];
    bool frees = stage == NCM_STAGE_PRODUCTION || stage == NCM_STAGE_STAGING;
    size_t n = stage_holders(m, v, stage, holders, sizeof holders);
    snprintf(word, sizeof word, "%s:%s", frees ? "stage" : "keep", name);
    if (v->stage == stage && frees && n > 0) {
        snprintf(detail, sizeof detail, _("it stays, %s moves to Archived"), holders);
    } else if (v->stage == stage) {
        snprintf(detail, sizeof detail, "%s", _("it is there now"));
    } else if (frees && n > 0) {
        snprintf(detail, sizeof detail, _("%s moves to Archived"), holders);
    } else {
        snprintf(detail, sizeof detail, "%s", "");
    }
    choices_add(c, word, name, detail);
    if (frees && n > 0 && v->stage != stage) {
        snprintf(word, sizeof word, "keep:%s", name);
        snprintf(label, sizeof label, _("%s, keep the others"), name);
        snprintf(detail, sizeof detail, _("%s stays too"), holders);
        choices_add(c, word, label, detail);
    }
}

static void offer_aliases(struct choices *c, const struct ncm_model *m)
{
    for (size_t i = 0; i < m->n_aliases && i < 40; i++) {
        char alias[64], number[24], label[80], detail[120];
        char *word = ncm_sprintf("alias:%s", ncm_cstr(m->aliases[i].name));
        ncm_text_clip(alias, sizeof alias, m->aliases[i].name.p, m->aliases[i].name.len, 30);
        ncm_text_clip(number, sizeof number, m->aliases[i].version.p, m->aliases[i].version.len, 8);
        snprintf(label, sizeof label, "@%s", alias);
        snprintf(detail, sizeof detail, _("now v%s"), number);
        choices_add(c, word, label, detail);
        ncm_free(word);
    }
}

/* `:promote production`, `:promote @champion`. */
void registry_promote_to(struct registry *r, const char *where)
{
    enum ncm_stage stage;
    struct ncm_intent *i;
    if (*where == '@') {
        i = registry_version_intent(r, NCM_DO_ALIAS_SET);
        ncm_intent_set(&i->key, where + 1);
    } else if (ncm_stage_of(where, &stage)) {
        i = registry_version_intent(r, NCM_DO_PROMOTE);
        ncm_intent_set(&i->to, ncm_stage_name(stage));
        i->archive = stage == NCM_STAGE_PRODUCTION || stage == NCM_STAGE_STAGING;
    } else {
        ui_message(r->ui, UI_BAD, "%s",
                   _("Promote to what? One of production, staging, archived, none, or @alias."));
        return;
    }
    ui_change(r->ui, i);
}

static void promote_pick(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    const struct ncm_model_version *v = registry_version(r);
    if (m == NULL || v == NULL) {
        return;
    }
    struct choices c;
    choices_init(&c, r);
    static const enum ncm_stage order[] = {NCM_STAGE_PRODUCTION, NCM_STAGE_STAGING,
                                           NCM_STAGE_ARCHIVED, NCM_STAGE_NONE};
    for (size_t i = 0; i < NCM_N_STAGES; i++) {
        offer_stage(&c, m, v, order[i]);
    }
    offer_aliases(&c, m);
    choices_add(&c, "new-alias", _("new alias…"), "");
    char title[160], name[80];
    ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len, 30);
    snprintf(title, sizeof title, _("Move %s v%s to"), name, r->version);
    ui_pick(r->ui, title, c.items, c.n, false, promote_picked, r);
}

static void version_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    const char *word = choices_word(r, chosen, n);
    if (word == NULL) {
        return;
    }
    char *version = ncm_strdup(word);
    registry_select(r, r->model, version);
    ncm_free(version);
    promote_pick(r);
}

/* On the board the version is asked first; the likeliest (Staging, else newest) is preselected. */
void registry_promote(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    bool on_version =
        r->view == VIEW_MODEL || r->view == VIEW_VERSION || (r->view == VIEW_BOARD && r->part == 1);
    if (m == NULL || m->n_versions == 0) {
        return;
    }
    if (on_version || m->n_versions == 1) {
        promote_pick(r);
        return;
    }
    struct choices c;
    choices_init(&c, r);
    size_t likely = 0;
    bool found = false;
    for (size_t i = 0; i < m->n_versions && i < 64; i++) {
        const struct ncm_model_version *v = &m->versions[i];
        char number[24], label[40], detail[120], age[24];
        ncm_text_clip(number, sizeof number, v->version.p, v->version.len, 8);
        snprintf(label, sizeof label, "v%s", number);
        ncm_fmt_age(age, sizeof age,
                    v->creation_ms == NCM_NO_TIME ? 0
                                                  : ncm_ms_between(v->creation_ms, ncm_now_ms()));
        snprintf(detail, sizeof detail, "%s  %s", ncm_stage_name(v->stage), age);
        if (!found && v->stage == NCM_STAGE_STAGING) {
            likely = i;
            found = true;
        }
        choices_add(&c, ncm_cstr(v->version), label, detail);
    }
    c.items[likely].on = true;
    char title[160], name[80];
    ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len, 40);
    snprintf(title, sizeof title, _("Which version of %s?"), name);
    ui_pick(r->ui, title, c.items, c.n, false, version_picked, r);
}

/* ---- roll back, holders ---- */

/* of: a stage's name or "@alias". */
void registry_rollback(struct registry *r, const char *of)
{
    struct ncm_intent *i = ncm_intent_new(NCM_DO_ROLLBACK);
    ncm_intent_set(&i->model, r->model);
    ncm_intent_set(&i->to, of);
    ui_change(r->ui, i);
}

static void rollback_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    const char *word = choices_word(r, chosen, n);
    if (word != NULL) {
        registry_rollback(r, word);
    }
}

void registry_show_holders(struct registry *r, const char *of)
{
    enum ncm_stage stage;
    if (r->view != VIEW_HOLDERS) {
        r->holders_from = r->view;
    }
    registry_show(r, VIEW_HOLDERS);
    registry_want_holders(r, ncm_stage_of(of, &stage) ? ncm_stage_name(stage) : of);
    registry_update(r);
}

static void holders_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    const char *word = choices_word(r, chosen, n);
    if (word != NULL) {
        registry_show_holders(r, word);
    }
}

/* Production, Staging and each alias of the model. */
static void pick_slot(struct registry *r, const char *title, ui_pick_done done)
{
    const struct ncm_model *m = registry_model(r);
    if (m == NULL) {
        return;
    }
    struct choices c;
    choices_init(&c, r);
    static const enum ncm_stage stages[] = {NCM_STAGE_PRODUCTION, NCM_STAGE_STAGING};
    for (size_t i = 0; i < 2; i++) {
        char holders[64];
        stage_holders(m, NULL, stages[i], holders, sizeof holders);
        choices_add(&c, ncm_stage_name(stages[i]), ncm_stage_name(stages[i]),
                    holders[0] != '\0' ? holders : sign(SIGN_DASH));
    }
    for (size_t i = 0; i < m->n_aliases && i < 40; i++) {
        char alias[64], number[24], label[80], detail[40];
        char *word = ncm_sprintf("@%s", ncm_cstr(m->aliases[i].name));
        ncm_text_clip(alias, sizeof alias, m->aliases[i].name.p, m->aliases[i].name.len, 30);
        ncm_text_clip(number, sizeof number, m->aliases[i].version.p, m->aliases[i].version.len, 8);
        snprintf(label, sizeof label, "@%s", alias);
        snprintf(detail, sizeof detail, "v%s", number);
        choices_add(&c, word, label, detail);
        ncm_free(word);
    }
    ui_pick(r->ui, title, c.items, c.n, false, done, r);
}

void registry_pick_rollback(struct registry *r)
{
    pick_slot(r, _("Roll back what?"), rollback_picked);
}

void registry_pick_holders(struct registry *r)
{
    pick_slot(r, _("Who held what, and when?"), holders_picked);
}

void registry_set_alias(struct registry *r, const char *alias)
{
    size_t at = 0;
    alias_done(r, alias, &at);
}
