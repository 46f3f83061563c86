/* What changes runs and experiments: note, tags, names, deletion, registration. Each ends in
 * ui_change(), which shows what will happen before it does. */
#include <stdio.h>
#include <string.h>

#include "api/output.h"
#include "runs.h"

static void drop(struct run_action *a)
{
    ncm_intent_free(a->intent);
    ncm_free(a->subject);
    for (size_t i = 0; i < a->n_choices; i++)
        ncm_free(a->choices[i]);
    ncm_free(a->choices);
    a->intent = NULL;
    a->subject = NULL;
    a->choices = NULL;
    a->n_choices = 0;
}

void run_actions_release(struct runs_pane *p)
{
    drop(&p->action);
    feed_release(&p->action.feed);
}

static const struct ncm_experiment *experiment_of(const struct runs_pane *p)
{
    struct view *v = pane_top(p);
    return v->ops->experiment != NULL ? v->ops->experiment(v) : NULL;
}

/* The intent with what it is about: the selected experiment, else the marked or selected runs. */
static struct ncm_intent *intent_for(struct runs_pane *p, enum ncm_intent_kind run_kind,
                                     enum ncm_intent_kind experiment_kind)
{
    struct view *v = pane_top(p);
    const struct ncm_experiment *e = experiment_of(p);
    struct ncm_intent *intent = ncm_intent_new(e != NULL ? experiment_kind : run_kind);
    if (e != NULL)
        ncm_intent_add_object(intent, ncm_cstr(e->id));
    else
        v->ops->targets(v, intent);
    return intent;
}

static void submit(struct runs_pane *p)
{
    struct ncm_intent *intent = p->action.intent;
    p->action.intent = NULL;
    ui_change(p->ui, intent);
    drop(&p->action);
}

/* ---- tag, untag, rename: one line of text ---- */

static const char *tag_done(void *ctx, const char *text, size_t *at)
{
    struct runs_pane *p = ctx;
    if (text == NULL) {
        drop(&p->action);
        return NULL;
    }
    const char *eq = strchr(text, '=');
    if (eq == NULL || eq == text) {
        *at = eq == NULL ? strlen(text) : 0;
        return _("Write it as KEY=VALUE.");
    }
    char *key = ncm_strndup(text, (size_t)(eq - text));
    ncm_intent_set(&p->action.intent->key, key);
    ncm_intent_set(&p->action.intent->to, eq + 1);
    ncm_free(key);
    submit(p);
    return NULL;
}

static const char *untag_done(void *ctx, const char *text, size_t *at)
{
    struct runs_pane *p = ctx;
    (void)at;
    if (text == NULL || text[0] == '\0') {
        drop(&p->action);
        return NULL;
    }
    ncm_intent_set(&p->action.intent->key, text);
    submit(p);
    return NULL;
}

static const char *rename_done(void *ctx, const char *text, size_t *at)
{
    struct runs_pane *p = ctx;
    (void)at;
    if (text == NULL) {
        drop(&p->action);
        return NULL;
    }
    if (text[0] == '\0')
        return _("A name must not be empty.");
    ncm_intent_set(&p->action.intent->to, text);
    submit(p);
    return NULL;
}

/* Takes the intent; asks for the text unless the palette gave one. */
static void ask_text(struct runs_pane *p, struct ncm_intent *intent, const char *label,
                     const char *initial, ui_prompt_done done, const char *arg)
{
    size_t at = 0;
    drop(&p->action);
    p->action.intent = intent;
    if (arg == NULL || arg[0] == '\0') {
        ui_prompt(p->ui, label, initial, done, NULL, p);
        return;
    }
    const char *wrong = done(p, arg, &at);
    if (wrong != NULL) {
        ui_message(p->ui, UI_BAD, "%s", wrong);
        drop(&p->action);
    }
}

static void start_rename(struct runs_pane *p, const char *arg)
{
    struct view *v = pane_top(p);
    const struct ncm_experiment *e = experiment_of(p);
    const struct ncm_run *r = v->ops->run(v);
    struct ncm_intent *intent =
        ncm_intent_new(e != NULL ? NCM_DO_EXPERIMENT_RENAME : NCM_DO_RUN_RENAME);
    ncm_intent_add_object(intent, ncm_cstr(e != NULL ? e->id : r->id)); /* never several */
    ask_text(p, intent, _("new name"), ncm_cstr(e != NULL ? e->name : r->name), rename_done, arg);
}

/* ---- what needs the whole record ---- */

static const struct ncm_run *whole(const struct runs_pane *p)
{
    const struct ncm_run_snapshot *s = p->action.feed.snap;
    return s != NULL ? &s->run : NULL;
}

static void edit_note(struct runs_pane *p, const struct ncm_run *r)
{
    const struct ncm_kv *note = ncm_run_tag(r, "mlflow.note.content");
    char *before = ncm_strdup(note != NULL ? ncm_cstr(note->value) : "");
    char *after = ui_edit(p->ui, before, ".md");
    ncm_free(before);
    if (after == NULL)
        return;
    struct ncm_intent *intent = ncm_intent_new(NCM_DO_RUN_NOTE);
    ncm_intent_add_object(intent, ncm_cstr(r->id));
    ncm_intent_set(&intent->to, after);
    ncm_free(after);
    ui_change(p->ui, intent);
}

/* ---- register ---- */

/* The names of registered models; the one that has a version of this run already comes first. */
static void complete_models(void *ctx, const char *text, size_t cursor,
                            void (*add)(void *to, const char *word, const char *help), void *to)
{
    const struct runs_pane *p = ctx;
    const struct ncm_models_snapshot *s = p->models.snap;
    const char *known = p->action.subject;
    if (known != NULL && strncasecmp(known, text, cursor) == 0)
        add(to, known, _("has a version of this run already"));
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const char *name = ncm_cstr(s->items[i].name);
        if (strncasecmp(name, text, cursor) != 0 || (known != NULL && strcmp(name, known) == 0))
            continue;
        char help[80];
        snprintf(help, sizeof help, ngettext("%zu version", "%zu versions", s->items[i].n_versions),
                 s->items[i].n_versions);
        add(to, name, help);
    }
}

static const char *model_done(void *ctx, const char *text, size_t *at)
{
    struct runs_pane *p = ctx;
    *at = 0;
    if (text == NULL) {
        drop(&p->action);
        return NULL;
    }
    if (text[strspn(text, " ")] == '\0')
        return _("Name the registered model; one that is not there yet is made.");
    ncm_intent_set(&p->action.intent->model, text);
    submit(p);
    return NULL;
}

static void ask_model(struct runs_pane *p)
{
    ui_prompt(p->ui, _("register as model"), "", model_done, complete_models, p);
}

static void path_done(void *ctx, const size_t *chosen, size_t n)
{
    struct runs_pane *p = ctx;
    if (chosen == NULL || n != 1 || chosen[0] >= p->action.n_choices) {
        drop(&p->action);
        return;
    }
    ncm_intent_set(&p->action.intent->key, p->action.choices[chosen[0]]);
    ask_model(p);
}

static void add_choice(struct run_action *a, const char *path)
{
    for (size_t i = 0; i < a->n_choices; i++)
        if (strcmp(a->choices[i], path) == 0)
            return;
    a->choices = ncm_resize(a->choices, a->n_choices + 1, sizeof *a->choices);
    a->choices[a->n_choices++] = ncm_strdup(path);
}

/* Up to MLflow 2 a tag of the run lists the models it logged. */
static void add_history(struct run_action *a, const struct ncm_run *r)
{
    const struct ncm_kv *tag = ncm_run_tag(r, "mlflow.log-model.history");
    struct ncm_doc *doc;
    struct ncm_err ignored;
    if (tag == NULL || tag->value.p == NULL ||
        !ncm_json_parse(tag->key.p, tag->value.p, tag->value.len, &doc, &ignored))
        return;
    const struct ncm_node *root = ncm_doc_root(doc);
    for (size_t i = 0; root != NULL && root->kind == NCM_NODE_LIST && i < root->n; i++) {
        const char *path = ncm_node_str(&root->items[i], "artifact_path", NULL);
        if (path != NULL && path[0] != '\0')
            add_choice(a, path);
    }
    ncm_doc_free(doc);
}

static const char *choice_label(const struct ncm_run *r, const char *choice)
{
    for (size_t i = 0; i < r->n_logged_models; i++)
        if (ncm_str_is(r->logged_models[i].id, choice))
            return ncm_cstr(r->logged_models[i].name);
    return choice;
}

static void pick_path(struct runs_pane *p, const struct ncm_run *r)
{
    struct run_action *a = &p->action;
    struct ui_pick_item *items = ncm_alloc(a->n_choices, sizeof *items);
    char(*labels)[2][160] = ncm_alloc(a->n_choices, sizeof *labels);
    for (size_t i = 0; i < a->n_choices; i++) {
        const char *label = choice_label(r, a->choices[i]);
        clean_text((struct ncm_str){label, strlen(label)}, labels[i][0], sizeof labels[i][0]);
        clean_text((struct ncm_str){a->choices[i], strlen(a->choices[i])}, labels[i][1],
                   sizeof labels[i][1]);
        items[i] = (struct ui_pick_item){.label = labels[i][0],
                                         .detail = label != a->choices[i] ? labels[i][1] : NULL};
    }
    ui_pick(p->ui, _("Which of its models?"), items, a->n_choices, false, path_done, p);
    ncm_free(labels);
    ncm_free(items);
}

static void register_run(struct runs_pane *p, const struct ncm_run *r)
{
    struct run_action *a = &p->action;
    drop(a);
    a->intent = ncm_intent_new(NCM_DO_REGISTER);
    ncm_intent_add_object(a->intent, ncm_cstr(r->id));
    if (r->n_versions > 0)
        a->subject = ncm_strdup(ncm_cstr(r->versions[0].model));
    for (size_t i = 0; i < r->n_logged_models; i++)
        add_choice(a, ncm_cstr(r->logged_models[i].id));
    if (a->n_choices == 0)
        add_history(a, r);
    if (a->n_choices == 0) {
        drop(a);
        ui_message(
            p->ui, UI_INFO, "%s",
            _("This run logged no model. o shows its artifacts: R on a folder there registers"
              " what lies in it."));
    } else if (a->n_choices > 1) {
        pick_path(p, r);
    } else {
        ask_model(p);
    }
}

void run_register_path(struct runs_pane *p, const char *run_id, const char *path)
{
    drop(&p->action);
    p->action.intent = ncm_intent_new(NCM_DO_REGISTER);
    ncm_intent_add_object(p->action.intent, run_id);
    ncm_intent_set(&p->action.intent->key, path);
    ask_model(p);
}

/* P on a run leads to its version, where promoting is done with everything in sight. */
static void promote_run(struct runs_pane *p, const struct ncm_run *r)
{
    if (r->n_versions == 0) {
        ui_message(p->ui, UI_INFO, "%s",
                   _("No version of this run is registered yet: R registers its model."));
        return;
    }
    const struct ncm_version_ref *v = &r->versions[r->n_versions - 1];
    char model[160], version[40];
    ui_open(p->ui, OBJ_VERSION, ncm_cstr(v->model), ncm_cstr(v->version));
    ui_message(p->ui, UI_INFO, _("The run's version is v%s of %s: P again promotes it."),
               clean_text(v->version, version, sizeof version),
               clean_text(v->model, model, sizeof model));
}

static void go_on(struct runs_pane *p, enum ui_action_id action, const struct ncm_run *r)
{
    void *keep = ncm_snapshot_ref(p->action.feed.snap); /* an editor may take long */
    feed_release(&p->action.feed);
    if (action == A_NOTE)
        edit_note(p, r);
    else if (action == A_REGISTER)
        register_run(p, r);
    else if (action == A_PROMOTE)
        promote_run(p, r);
    ncm_snapshot_unref(keep);
}

void run_actions_update(struct runs_pane *p)
{
    struct run_action *a = &p->action;
    enum ui_action_id action = a->pending;
    if (action == A_NONE || !p->shown) {
        a->pending = A_NONE;
        return;
    }
    feed_update(&a->feed);
    const struct ncm_err *err = feed_error(&a->feed);
    if (whole(p) != NULL) {
        a->pending = A_NONE;
        go_on(p, action, whole(p));
    } else if (err != NULL) {
        a->pending = A_NONE;
        ui_error(p->ui, err);
        feed_release(&a->feed);
    }
}

static void with_record(struct runs_pane *p, enum ui_action_id action, const struct ncm_run *r)
{
    char *id = ncm_strdup(ncm_cstr(r->id));
    feed_release(&p->action.feed);
    p->action.pending = action;
    pane_ask(p, &p->action.feed, ncm_query_run(id));
    ncm_free(id);
    run_actions_update(p);
}

/* ---- dispatch ---- */

static bool act_selected(struct runs_pane *p, enum ui_action_id action, const char *arg)
{
    switch (action) {
    case A_TAG:
        ask_text(p, intent_for(p, NCM_DO_RUN_TAG, NCM_DO_EXPERIMENT_TAG), _("tag KEY=VALUE"), "",
                 tag_done, arg);
        return true;
    case A_UNTAG:
        ask_text(p, intent_for(p, NCM_DO_RUN_UNTAG, NCM_DO_EXPERIMENT_UNTAG), _("remove tag"), "",
                 untag_done, arg);
        return true;
    case A_RENAME:
        start_rename(p, arg);
        return true;
    case A_DELETE:
        ui_change(p->ui, intent_for(p, NCM_DO_RUN_DELETE, NCM_DO_EXPERIMENT_DELETE));
        return true;
    case A_RESTORE:
        ui_change(p->ui, intent_for(p, NCM_DO_RUN_RESTORE, NCM_DO_EXPERIMENT_RESTORE));
        return true;
    default:
        return false;
    }
}

bool run_actions_act(struct runs_pane *p, enum ui_action_id action, const char *arg)
{
    struct view *v = pane_top(p);
    const struct ncm_run *r = v->ops->run(v);
    if (r == NULL && experiment_of(p) == NULL)
        return false;
    if (r != NULL && (action == A_NOTE || action == A_REGISTER || action == A_PROMOTE)) {
        with_record(p, action, r);
        return true;
    }
    return act_selected(p, action, arg);
}
