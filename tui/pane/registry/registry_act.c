/* What one does in the registry: every change is an intent handed to ui_change, which shows the
 * plan before anything happens. */
#include "pane/registry/choices.h"

#include "api/action.h"
#include "api/deploy.h"

#include <stdio.h>
#include <string.h>

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
    const char *word = choices_word(r, chosen, n);
    if (word == NULL) {
        return;
    }
    struct ncm_intent *i = ncm_intent_new(on_model(r) ? NCM_DO_MODEL_UNTAG : NCM_DO_VERSION_UNTAG);
    ncm_intent_set(&i->model, r->model);
    if (!on_model(r)) {
        ncm_intent_set(&i->version, r->version);
    }
    ncm_intent_set(&i->key, word);
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
        choices_add(&c, ncm_cstr(tags[i].key), key, value);
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
    const char *word = choices_word(r, chosen, n);
    if (word == NULL) {
        return;
    }
    struct ncm_intent *i;
    if (strcmp(word, "archive") == 0) {
        i = registry_version_intent(r, NCM_DO_PROMOTE);
        ncm_intent_set(&i->to, ncm_stage_name(NCM_STAGE_ARCHIVED));
    } else if (strcmp(word, "version") == 0) {
        i = registry_version_intent(r, NCM_DO_VERSION_DELETE);
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
        choices_add(&c, "archive", label, _("it stays and can come back"));
        snprintf(label, sizeof label, _("delete v%s"), r->version);
        choices_add(&c, "version", label, _("for good; its number never returns"));
    }
    for (size_t i = 0; i < m->n_aliases && i < 40; i++) {
        char alias[64];
        char *word = ncm_sprintf("alias:%s", ncm_cstr(m->aliases[i].name));
        ncm_text_clip(alias, sizeof alias, m->aliases[i].name.p, m->aliases[i].name.len, 30);
        snprintf(label, sizeof label, _("remove the alias @%s"), alias);
        choices_add(&c, word, label, "");
        ncm_free(word);
    }
    if (on_model(r)) {
        choices_add(&c, "model", _("delete the model"), _("for good, with all its versions"));
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

/* Every row of the version's detail, uncut. */
static void version_text(const struct registry *r, struct ncm_buf *b)
{
    for (size_t i = 0; i < r->n_detail; i++) {
        const struct detail_row *d = &r->detail[i];
        if (d->heading) {
            ncm_buf_puts(b, i > 0 ? "\n" : "");
        }
        ncm_buf_add(b, ncm_cstr(d->label), d->label.len);
        if (!d->heading) {
            ncm_buf_puts(b, d->label.len > 0 ? ": " : "");
            ncm_buf_add(b, ncm_cstr(d->mine), d->mine.len);
        }
        ncm_buf_putc(b, '\n');
    }
}

/* The model in full: description and tags are cut on the board. */
static void show_details(struct registry *r)
{
    const struct ncm_model *m = registry_model(r);
    if (m == NULL) {
        return;
    }
    struct ncm_buf b;
    char time[40];
    ncm_buf_init(&b, 1 << 20);
    if (r->view == VIEW_VERSION) {
        version_text(r, &b);
        ui_show_text(r->ui, _("Registered version"), b.p);
        ncm_buf_release(&b);
        return;
    }
    ncm_buf_add(&b, m->name.p, m->name.len);
    ncm_buf_printf(&b, "\n\n%s", _("made: "));
    ncm_buf_puts(&b, ncm_fmt_time(time, sizeof time, m->creation_ms, true));
    ncm_buf_printf(&b, "\n%s", _("changed: "));
    ncm_buf_puts(&b, ncm_fmt_time(time, sizeof time, m->last_updated_ms, true));
    ncm_buf_printf(&b, "\n\n");
    ncm_buf_add(&b, ncm_cstr(m->description), m->description.len);
    ncm_buf_puts(&b, "\n\n");
    for (size_t i = 0; i < m->n_tags; i++) {
        ncm_buf_add(&b, m->tags[i].key.p, m->tags[i].key.len);
        ncm_buf_puts(&b, " = ");
        ncm_buf_add(&b, ncm_cstr(m->tags[i].value), m->tags[i].value.len);
        ncm_buf_putc(&b, '\n');
    }
    ui_show_text(r->ui, _("Registered model"), b.p);
    ncm_buf_release(&b);
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
    char *text =
        whole ? ncm_sprintf("%s\t%s\t%s\t%s\t%s", r->model, r->version, ncm_cstr(v->stage_text),
                            ncm_cstr(v->run_id), ncm_cstr(v->source))
              : ncm_sprintf("models:/%s/%s", r->model, r->version);
    ui_copy(r->ui, text, whole ? _("version row") : _("model URI"));
    ncm_free(text);
}

static void open_served(struct registry *r)
{
    char *id = ncm_sprintf("model:%s", r->model);

    ui_open(r->ui, OBJ_DEPLOYMENT, id, NULL);
    ncm_free(id);
}

static bool can_run(const struct registry *r, const char **reason)
{
    size_t n = 0;

    (void)ncm_deploy_sources(ui_session(r->ui), &n);
    *reason = n > 0 ? _("No model is selected.")
                    : _("No place is configured where models run; pane 4 says how.");
    return n > 0 && registry_model(r) != NULL;
}

bool registry_can(struct registry *r, enum ui_action_id action, const char **reason)
{
    const struct ncm_model *m = registry_model(r);
    if (r->models == NULL && action != A_UNDO && (ui_action_of(action)->flags & ACT_CHANGES) != 0) {
        *reason = _("The models are still loading.");
        return false;
    }
    switch (action) {
    case A_PROMOTE:
    case A_ALIAS:
    case A_SOURCE_RUN:
        if (m == NULL || m->n_versions == 0) {
            *reason = _("This model has no versions.");
            return false;
        }
        return true;
    case A_RUNS_WHERE:
        return can_run(r, reason);
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
        if (arg != NULL && *arg != '\0' && registry_version(r) != NULL) {
            registry_promote_to(r, arg);
        } else {
            registry_promote(r);
        }
        return true;
    case A_ROLLBACK:
        if (arg != NULL && *arg != '\0') {
            registry_rollback(r, arg);
        } else {
            registry_pick_rollback(r);
        }
        return true;
    case A_UNDO:
        ui_change(r->ui, ncm_intent_new(NCM_DO_UNDO));
        return true;
    case A_ALIAS:
        if (arg != NULL && *arg != '\0') {
            registry_set_alias(r, arg);
        } else {
            registry_ask_alias(r);
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
        ui_prompt(r->ui, _("New name of the model:"), arg != NULL ? arg : r->model, rename_done,
                  NULL, r);
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
            r->full = false;
        } else if (r->view == VIEW_VERSION) {
            registry_jump_part(r, action == A_NEXT_PART || action == A_NEXT_TAB ? 1 : -1);
        }
        ui_dirty(r->ui);
        return true;
    case A_FILTER:
        if (arg != NULL) {
            size_t at = 0;
            filter_done(r, arg, &at);
            return true;
        }
        ui_prompt(r->ui, _("Name, stage or @alias:"), r->filter != NULL ? r->filter : "",
                  filter_done, NULL, r);
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
        if (arg != NULL && *arg != '\0') {
            registry_show_holders(r, arg);
        } else {
            registry_pick_holders(r);
        }
        return true;
    case A_RUNS_WHERE:
        open_served(r);
        return true;
    case A_SOURCE_RUN:
        if (v != NULL && v->run_id.len > 0) {
            ui_open(r->ui, OBJ_RUN, ncm_cstr(v->run_id), NULL);
        }
        return true;
    case A_BOARD:
        r->as_list = r->view == VIEW_BOARD ? !r->as_list : r->as_list;
        registry_show(r, VIEW_BOARD);
        return true;
    case A_FULL:
        if (r->view != VIEW_BOARD) {
            return false;
        }
        r->full = !r->full;
        r->part = r->full ? 0 : r->part;
        ui_dirty(r->ui);
        return true;
    case A_DETAILS:
        show_details(r);
        return true;
    case A_REFRESH:
        ncm_want_refresh(r->models_want);
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
        registry_update(r);
        ui_dirty(r->ui);
        return true;
    }
    }
}
