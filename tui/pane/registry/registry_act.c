/* What one does in the registry: every change is an intent handed to ui_change, which shows the
 * plan before anything happens. */
#include "pane/registry/registry.h"

#include "api/action.h"

#include <stdio.h>
#include <string.h>

void registry_free_picks(struct registry *r)
{
    for (size_t i = 0; i < r->n_picks; i++) {
        ncm_free(r->picks[i]);
    }
    ncm_free(r->picks);
    r->picks = NULL;
    r->n_picks = 0;
}

/* A picker's items: what is shown, and beside it (picks[]) the word the choice stands for. */
struct choices {
    struct registry *r;
    struct ui_pick_item items[64];
    char labels[64][96], details[64][120];
    size_t n;
};

static void choices_init(struct choices *c, struct registry *r)
{
    memset(c, 0, sizeof *c);
    c->r = r;
    registry_free_picks(r);
    r->picks = ncm_alloc(64, sizeof *r->picks);
}

static void offer(struct choices *c, const char *word, const char *label, const char *detail)
{
    if (c->n == 64) {
        return;
    }
    snprintf(c->labels[c->n], sizeof c->labels[0], "%s", label);
    snprintf(c->details[c->n], sizeof c->details[0], "%s", detail);
    c->items[c->n].label = c->labels[c->n];
    c->items[c->n].detail = c->details[c->n];
    c->r->picks[c->n++] = ncm_strdup(word);
    c->r->n_picks = c->n;
}

static struct ncm_intent *version_intent(const struct registry *r, enum ncm_intent_kind kind)
{
    struct ncm_intent *i = ncm_intent_new(kind);
    ncm_intent_set(&i->model, r->model);
    ncm_intent_set(&i->version, r->version);
    return i;
}

/* ---- promote ---- */

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
    struct ncm_intent *i = version_intent(r, NCM_DO_ALIAS_SET);
    ncm_intent_set(&i->key, *text == '@' ? text + 1 : text);
    ui_change(r->ui, i);
    return NULL;
}

static void ask_alias(struct registry *r)
{
    char label[96];
    snprintf(label, sizeof label, _("Alias for v%s:"), r->version);
    ui_prompt(r->ui, label, "", alias_done, NULL, r);
}

/* Words: "stage:NAME" with archiving, "keep:NAME" without, "alias:NAME", "new-alias". */
static void promote_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks || r->version == NULL) {
        return;
    }
    const char *word = r->picks[chosen[0]];
    const char *value = strchr(word, ':');
    if (value == NULL) {
        ask_alias(r);
        return;
    }
    value++;
    struct ncm_intent *i;
    if (strncmp(word, "alias:", 6) == 0) {
        i = version_intent(r, NCM_DO_ALIAS_SET);
        ncm_intent_set(&i->key, value);
    } else {
        i = version_intent(r, NCM_DO_PROMOTE);
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
        ncm_text_clip(number, sizeof number, m->versions[i].version.p, m->versions[i].version.len, 8);
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
    if (v->stage == stage) {
        snprintf(detail, sizeof detail, "%s", _("it is there now"));
    } else if (frees && n > 0) {
        snprintf(detail, sizeof detail, _("%s moves to Archived"), holders);
    } else {
        snprintf(detail, sizeof detail, "%s", "");
    }
    offer(c, word, name, detail);
    if (frees && n > 0) {
        snprintf(word, sizeof word, "keep:%s", name);
        snprintf(label, sizeof label, _("%s, keep the others"), name);
        snprintf(detail, sizeof detail, _("%s stays too"), holders);
        offer(c, word, label, detail);
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
        offer(c, word, label, detail);
        ncm_free(word);
    }
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
    offer(&c, "new-alias", _("new alias…"), "");
    char title[160], name[80];
    ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len, 30);
    snprintf(title, sizeof title, _("Move %s v%s to"), name, r->version);
    ui_pick(r->ui, title, c.items, c.n, false, promote_picked, r);
}

static void version_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks) {
        return;
    }
    char *version = ncm_strdup(r->picks[chosen[0]]);
    registry_select(r, r->model, version);
    ncm_free(version);
    promote_pick(r);
}

/* On the board the version is asked first; the likeliest (Staging, else newest) is preselected. */
static void promote(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    bool on_version = r->view == VIEW_MODEL || r->view == VIEW_VERSION ||
                      (r->view == VIEW_BOARD && r->part == 1);
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
        ncm_fmt_age(age, sizeof age, v->creation_ms == NCM_NO_TIME ? 0 : ncm_now_ms() - v->creation_ms);
        snprintf(detail, sizeof detail, "%s  %s", ncm_stage_name(v->stage), age);
        if (!found && v->stage == NCM_STAGE_STAGING) {
            likely = i;
            found = true;
        }
        offer(&c, ncm_cstr(v->version), label, detail);
    }
    c.items[likely].on = true;
    char title[160], name[80];
    ncm_text_clip_middle(name, sizeof name, m->name.p, m->name.len, 40);
    snprintf(title, sizeof title, _("Which version of %s?"), name);
    ui_pick(r->ui, title, c.items, c.n, false, version_picked, r);
}

/* ---- roll back, holders ---- */

static void rollback_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks) {
        return;
    }
    struct ncm_intent *i = ncm_intent_new(NCM_DO_ROLLBACK);
    ncm_intent_set(&i->model, r->model);
    ncm_intent_set(&i->to, r->picks[chosen[0]]);
    ui_change(r->ui, i);
}

static void holders_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks) {
        return;
    }
    if (r->view != VIEW_HOLDERS) {
        r->holders_from = r->view;
    }
    registry_show(r, VIEW_HOLDERS);
    registry_want_holders(r, r->picks[chosen[0]]);
    registry_update(r);
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
        offer(&c, ncm_stage_name(stages[i]), ncm_stage_name(stages[i]),
              holders[0] != '\0' ? holders : sign(SIGN_DASH));
    }
    for (size_t i = 0; i < m->n_aliases && i < 40; i++) {
        char alias[64], number[24], label[80], detail[40];
        char *word = ncm_sprintf("@%s", ncm_cstr(m->aliases[i].name));
        ncm_text_clip(alias, sizeof alias, m->aliases[i].name.p, m->aliases[i].name.len, 30);
        ncm_text_clip(number, sizeof number, m->aliases[i].version.p, m->aliases[i].version.len, 8);
        snprintf(label, sizeof label, "@%s", alias);
        snprintf(detail, sizeof detail, "v%s", number);
        offer(&c, word, label, detail);
        ncm_free(word);
    }
    ui_pick(r->ui, title, c.items, c.n, false, done, r);
}

/* ---- notes, tags, delete ---- */

static void edit_note(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    const struct ncm_model_version *v = registry_version(r);
    bool of_model = r->view == VIEW_BOARD && r->part == 0;
    if (m == NULL || (!of_model && v == NULL)) {
        return;
    }
    struct ncm_str old = of_model ? m->description : v->description;
    char *text = ui_edit(r->ui, ncm_cstr(old), ".md");
    if (text == NULL) {
        return;
    }
    struct ncm_intent *i = ncm_intent_new(of_model ? NCM_DO_MODEL_NOTE : NCM_DO_VERSION_NOTE);
    ncm_intent_set(&i->model, r->model);
    if (!of_model) {
        ncm_intent_set(&i->version, r->version);
    }
    ncm_intent_set(&i->to, text);
    ncm_free(text);
    ui_change(r->ui, i);
}

static bool on_model(const struct registry *r)
{
    return r->view == VIEW_BOARD && r->part == 0;
}

static const char *tag_done(void *ctx, const char *text, size_t *at)
{
    struct registry *r = ctx;
    if (text == NULL) {
        return NULL;
    }
    const char *eq = strchr(text, '=');
    if (eq == NULL || eq == text) {
        *at = eq == NULL ? strlen(text) : 0;
        return _("A tag is written KEY=VALUE.");
    }
    struct ncm_intent *i = ncm_intent_new(on_model(r) ? NCM_DO_MODEL_TAG : NCM_DO_VERSION_TAG);
    char *key = ncm_strndup(text, (size_t)(eq - text));
    ncm_intent_set(&i->model, r->model);
    if (!on_model(r)) {
        ncm_intent_set(&i->version, r->version);
    }
    ncm_intent_set(&i->key, key);
    ncm_intent_set(&i->to, eq + 1);
    ncm_free(key);
    ui_change(r->ui, i);
    return NULL;
}

static void untag_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks) {
        return;
    }
    struct ncm_intent *i = ncm_intent_new(on_model(r) ? NCM_DO_MODEL_UNTAG : NCM_DO_VERSION_UNTAG);
    ncm_intent_set(&i->model, r->model);
    if (!on_model(r)) {
        ncm_intent_set(&i->version, r->version);
    }
    ncm_intent_set(&i->key, r->picks[chosen[0]]);
    ui_change(r->ui, i);
}

static void untag(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    const struct ncm_model_version *v = registry_version(r);
    const struct ncm_kv *tags = on_model(r) ? m->tags : v != NULL ? v->tags : NULL;
    size_t n = on_model(r) ? m->n_tags : v != NULL ? v->n_tags : 0;
    struct choices c;
    choices_init(&c, r);
    for (size_t i = 0; i < n; i++) {
        char key[90], value[110];
        ncm_text_clip(key, sizeof key, tags[i].key.p, tags[i].key.len, 30);
        ncm_text_clip(value, sizeof value, tags[i].value.p, tags[i].value.len, 30);
        offer(&c, ncm_cstr(tags[i].key), key, value);
    }
    if (c.n == 0) {
        ui_message(r->ui, UI_INFO, "%s", _("There are no tags to remove."));
        return;
    }
    ui_pick(r->ui, _("Remove which tag?"), c.items, c.n, false, untag_picked, r);
}

/* Words: "archive", "version", "model", "alias:NAME". */
static void delete_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct registry *r = ctx;
    if (n == 0 || chosen == NULL || chosen[0] >= r->n_picks) {
        return;
    }
    const char *word = r->picks[chosen[0]];
    struct ncm_intent *i;
    if (strcmp(word, "archive") == 0) {
        i = version_intent(r, NCM_DO_PROMOTE);
        ncm_intent_set(&i->to, ncm_stage_name(NCM_STAGE_ARCHIVED));
    } else if (strcmp(word, "version") == 0) {
        i = version_intent(r, NCM_DO_VERSION_DELETE);
    } else {
        i = ncm_intent_new(*word == 'a' ? NCM_DO_ALIAS_DELETE : NCM_DO_MODEL_DELETE);
        ncm_intent_set(&i->model, r->model);
        if (*word == 'a') {
            ncm_intent_set(&i->key, word + strlen("alias:"));
        }
    }
    ui_change(r->ui, i);
}

static void delete_pick(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    const struct ncm_model_version *v = registry_version(r);
    if (m == NULL) {
        return;
    }
    struct choices c;
    choices_init(&c, r);
    char label[96];
    if (v != NULL && !on_model(r)) {
        snprintf(label, sizeof label, _("archive v%s"), r->version);
        offer(&c, "archive", label, _("it stays and can come back"));
        snprintf(label, sizeof label, _("delete v%s"), r->version);
        offer(&c, "version", label, _("for good; its number never returns"));
    }
    for (size_t i = 0; i < m->n_aliases && i < 40; i++) {
        char alias[64];
        char *word = ncm_sprintf("alias:%s", ncm_cstr(m->aliases[i].name));
        ncm_text_clip(alias, sizeof alias, m->aliases[i].name.p, m->aliases[i].name.len, 30);
        snprintf(label, sizeof label, _("remove the alias @%s"), alias);
        offer(&c, word, label, "");
        ncm_free(word);
    }
    if (on_model(r)) {
        offer(&c, "model", _("delete the model"), _("for good, with all its versions"));
    }
    ui_pick(r->ui, _("Delete or archive"), c.items, c.n, false, delete_picked, r);
}

static const char *rename_done(void *ctx, const char *text, size_t *at)
{
    struct registry *r = ctx;
    (void)at;
    if (text == NULL) {
        return NULL;
    }
    if (*text == '\0') {
        return _("A model needs a name.");
    }
    struct ncm_intent *i = ncm_intent_new(NCM_DO_MODEL_RENAME);
    ncm_intent_set(&i->model, r->model);
    ncm_intent_set(&i->to, text);
    ui_change(r->ui, i);
    return NULL;
}

/* ---- moving about ---- */

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct registry *r = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(r->filter);
        r->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        registry_update(r);
        ui_dirty(r->ui);
    }
    return NULL;
}

static void open_selected(struct registry *r)
{
    const struct ncm_model_version *v = registry_version(r);
    if (r->view == VIEW_BOARD && r->part == 0) {
        if (registry_model(r) != NULL) {
            registry_show(r, VIEW_MODEL);
        }
    } else if (r->view == VIEW_BOARD || r->view == VIEW_MODEL) {
        if (v != NULL) {
            registry_show(r, VIEW_VERSION);
        }
    } else if (r->view == VIEW_HOLDERS && r->holders != NULL &&
               r->holders_table.selected < r->holders->n) {
        char *version = ncm_strdup(ncm_cstr(r->holders->items[r->holders_table.selected].version));
        registry_select(r, r->model, version);
        ncm_free(version);
        registry_show(r, VIEW_VERSION);
    } else if (v != NULL && v->run_id.len > 0) {
        ui_open(r->ui, OBJ_RUN, ncm_cstr(v->run_id), NULL);
    }
}

static void copy(struct registry *r, bool whole)
{
    const struct ncm_model_version *v = registry_version(r);
    if (r->model == NULL) {
        return;
    }
    if (on_model(r) || v == NULL) {
        ui_copy(r->ui, r->model, _("model name"));
        return;
    }
    char *text = whole ? ncm_sprintf("%s\t%s\t%s\t%s\t%s", r->model, r->version,
                                     ncm_cstr(v->stage_text), ncm_cstr(v->run_id),
                                     ncm_cstr(v->source))
                       : ncm_sprintf("models:/%s/%s", r->model, r->version);
    ui_copy(r->ui, text, whole ? _("version row") : _("model URI"));
    ncm_free(text);
}

bool registry_can(struct registry *r, enum ui_action_id action, const char **reason)
{
    const struct ncm_model *m = registry_model(r);
    switch (action) {
    case A_PROMOTE:
    case A_ALIAS:
    case A_SOURCE_RUN:
        if (m == NULL || m->n_versions == 0) {
            *reason = _("This model has no versions.");
            return false;
        }
        return true;
    case A_ROLLBACK:
    case A_HOLDERS:
    case A_NOTE:
    case A_TAG:
    case A_UNTAG:
    case A_RENAME:
    case A_DELETE:
        if (m == NULL) {
            *reason = _("No model is selected.");
            return false;
        }
        return true;
    default:
        return true;
    }
}

static bool act_change(struct registry *r, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_PROMOTE:
        promote(r);
        return true;
    case A_ROLLBACK:
        pick_slot(r, _("Roll back what?"), rollback_picked);
        return true;
    case A_UNDO:
        ui_change(r->ui, ncm_intent_new(NCM_DO_UNDO));
        return true;
    case A_ALIAS:
        if (arg != NULL && *arg != '\0') {
            size_t at = 0;
            alias_done(r, arg, &at);
        } else {
            ask_alias(r);
        }
        return true;
    case A_NOTE:
        edit_note(r);
        return true;
    case A_TAG: {
        size_t at = 0;
        const char *refused = arg != NULL && *arg != '\0' ? tag_done(r, arg, &at) : "";
        if (refused != NULL) {
            ui_prompt(r->ui, _("Tag (KEY=VALUE):"), arg != NULL ? arg : "", tag_done, NULL, r);
        }
        return true;
    }
    case A_UNTAG:
        untag(r);
        return true;
    case A_RENAME:
        ui_prompt(r->ui, _("New name of the model:"), r->model, rename_done, NULL, r);
        return true;
    case A_DELETE:
        delete_pick(r);
        return true;
    default:
        return false;
    }
}

bool registry_act(struct registry *r, enum ui_action_id action, const char *arg)
{
    if (act_change(r, action, arg)) {
        return true;
    }
    const struct ncm_model_version *v = registry_version(r);
    switch (action) {
    case A_OPEN:
        open_selected(r);
        return true;
    case A_NEXT_PART:
    case A_PREV_PART:
    case A_NEXT_TAB:
    case A_PREV_TAB:
        if (r->view == VIEW_BOARD) {
            r->part = !r->part;
        } else if (r->view == VIEW_VERSION) {
            registry_jump_part(r, action == A_NEXT_PART || action == A_NEXT_TAB ? 1 : -1);
        }
        ui_dirty(r->ui);
        return true;
    case A_FILTER:
        ui_prompt(r->ui, "/", r->filter != NULL ? r->filter : "", filter_done, NULL, r);
        return true;
    case A_DIFF:
    case A_COMPARE:
        if (r->view != VIEW_VERSION) {
            registry_show(r, VIEW_VERSION);
            return true;
        }
        r->only_different = !r->only_different;
        registry_build_detail(r);
        ui_dirty(r->ui);
        return true;
    case A_HOLDERS:
        pick_slot(r, _("Who held what, and when?"), holders_picked);
        return true;
    case A_SOURCE_RUN:
        if (v != NULL && v->run_id.len > 0) {
            ui_open(r->ui, OBJ_RUN, ncm_cstr(v->run_id), NULL);
        }
        return true;
    case A_BOARD:
        registry_show(r, VIEW_BOARD);
        return true;
    case A_COPY:
    case A_COPY_ROW:
        copy(r, action == A_COPY_ROW);
        return true;
    default: {
        struct table_model m;
        struct table *t = registry_focused(r, &m);
        if (!table_act(t, &m, action)) {
            return false;
        }
        registry_follow_cursor(r);
        ui_dirty(r->ui);
        return true;
    }
    }
}
