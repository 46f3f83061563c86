/* Changes of the registry: promote, roll back, undo, aliases, versions, models, register. */
#include <string.h>

#include "cli.h"
#include "out.h"

static struct ncm_intent *intent_of(enum ncm_intent_kind kind, const char *model,
                                    const char *version)
{
    struct ncm_intent *i = ncm_intent_new(kind);
    ncm_intent_set(&i->model, model);
    ncm_intent_set(&i->version, version);
    return i;
}

/* ---- answers that are a version ------------------------------------------------------------- */

struct now {
    const struct ncm_model_version *v;
    const struct ncm_plan *plan;
};

static void now_json(struct ncm_json *j, const void *item)
{
    const struct now *n = item;
    ncm_json_obj(j);
    cli_json_version_fields(j, n->v);
    ncm_json_key(j, "archived");
    ncm_json_arr(j);
    for (size_t i = 0; i < n->plan->changes.n; i++) {
        const struct ncm_change *ch = &n->plan->changes.items[i];
        if (!n->plan->nothing && ch->kind == NCM_CH_VERSION_STAGE && ch->to != NULL &&
            strcmp(ch->to, "Archived") == 0 && !ncm_str_is(n->v->version, ch->version)) {
            ncm_json_str(j, ch->version);
        }
    }
    ncm_json_end_arr(j);
    cli_json_text(j, "audit_id", n->plan->audit_id);
    ncm_json_end_obj(j);
}

static void now_text(struct ncm_buf *out, const void *item)
{
    const struct now *n = item;
    ncm_text_clean(out, n->plan->title, strlen(n->plan->title), NCM_CLEAN_LINE);
    ncm_buf_putc(out, '\n');
    cli_line(out, _("Model"), n->v->model);
    cli_line(out, _("Version"), n->v->version);
    cli_line(out, _("Stage"), n->v->stage_text);
    struct ncm_buf aliases;
    ncm_buf_init(&aliases, 64 * 1024);
    for (size_t i = 0; i < n->v->n_aliases; i++) {
        ncm_buf_printf(&aliases, "%s%s", i > 0 ? " " : "", ncm_cstr(n->v->aliases[i]));
    }
    cli_line(out, _("Aliases"), (struct ncm_str){aliases.len > 0 ? aliases.p : NULL, aliases.len});
    ncm_buf_release(&aliases);
    if (n->plan->nothing) {
        ncm_buf_printf(out, "%s\n", _("It is so already: nothing was changed"));
    } else {
        const char *id = n->plan->audit_id;
        cli_line(out, _("Audit record"), (struct ncm_str){id, id != NULL ? strlen(id) : 0});
    }
}

/* A promotion leaves whoever is in the stage there unless told otherwise: that must be seen. */
static void stays_note(const struct cli *c, const struct ncm_plan *p, const struct ncm_model *m)
{
    enum ncm_stage stage;
    const struct ncm_intent *i = p->intent;
    if (i->kind != NCM_DO_PROMOTE || i->archive || !ncm_stage_of(i->to, &stage) ||
        (stage != NCM_STAGE_STAGING && stage != NCM_STAGE_PRODUCTION)) {
        return;
    }
    for (size_t k = 0; k < m->n_versions; k++) {
        if (m->versions[k].stage == stage && !ncm_str_is(m->versions[k].version, i->version)) {
            cli_note(c, "hint: %s", _("--archive-existing moves it out"));
            return;
        }
    }
}

/* Carries out and prints the version as it now is; which one, the plan tells. */
static bool change_version(struct cli *c, struct ncm_intent *intent,
                           const char *(*which)(const struct ncm_plan *p), struct ncm_err *err)
{
    struct cli_plans plans;
    char *model = ncm_strdup(intent->model);
    bool ok = cli_change(c, &intent, 1, &plans, err);
    if (ok && plans.n == 1) {
        const struct ncm_plan *plan = plans.items[0];
        const char *version = which(plan);
        const struct ncm_model *m = cli_model(c, model, err);
        const struct ncm_model_version *v =
            m != NULL && version != NULL ? cli_version_of(m, version, err) : NULL;
        if (v != NULL) {
            struct now now = {v, plan};
            struct cli_object o = {.item = &now, .json = now_json, .text = now_text};
            ok = (c->quiet && c->form == CLI_TABLE) || cli_print_object(c, &o, err);
            if (c->form == CLI_TABLE && !plan->nothing) {
                fflush(stdout);
                cli_plan_lines(c, plan);
                stays_note(c, plan, m);
            }
        } else {
            /* Somebody deleted it in between: what was done is done all the same. */
            ok = cli_print_plans(c, &plans, err);
        }
    }
    if (ok) {
        cli_plans_release(&plans);
    }
    ncm_free(model);
    return ok;
}

static const char *asked_version(const struct ncm_plan *p)
{
    return p->intent->version;
}

static const char *created_version(const struct ncm_plan *p)
{
    return p->receipt.new_version;
}

/* The version that got the stage or the alias. */
static const char *holding_version(const struct ncm_plan *p)
{
    const char *to = p->intent->to;
    bool alias = to != NULL && to[0] == '@';
    for (size_t i = 0; i < p->changes.n; i++) {
        const struct ncm_change *ch = &p->changes.items[i];
        if (alias && ch->kind == NCM_CH_ALIAS) {
            return ch->to;
        }
        if (!alias && ch->kind == NCM_CH_VERSION_STAGE && ch->to != NULL && to != NULL &&
            strcmp(ch->to, to) == 0) {
            return ch->version;
        }
    }
    return NULL;
}

/* ---- commands ------------------------------------------------------------------------------- */

bool cli_promote(struct cli *c, struct ncm_err *err)
{
    enum ncm_stage stage;
    bool into = cli_value(c, "deploy") != NULL;
    if (into && c->words[2][0] == '@') {
        return cli_promote_into(c, c->words[2], err);
    }
    if (!ncm_stage_of(c->words[2], &stage)) {
        ncm_fail(err, NCM_USAGE, _("there is no stage '%s'"), c->words[2]);
        return ncm_hint(err, "%s", "None, Staging, Production, Archived");
    }
    if (into) {
        return cli_promote_into(c, ncm_stage_name(stage), err);
    }
    struct ncm_intent *i = intent_of(NCM_DO_PROMOTE, c->words[0], c->words[1]);
    ncm_intent_set(&i->to, ncm_stage_name(stage));
    ncm_intent_set(&i->expect, cli_value(c, "expect"));
    i->archive = cli_flag(c, "archive-existing");
    i->force = cli_flag(c, "force");
    return change_version(c, i, asked_version, err);
}

bool cli_rollback(struct cli *c, struct ncm_err *err)
{
    char *slot;
    if (!cli_slot(c, &slot, err)) {
        return false;
    }
    struct ncm_intent *i = intent_of(NCM_DO_ROLLBACK, c->words[0], NULL);
    ncm_intent_set(&i->to, slot);
    ncm_free(slot);
    return change_version(c, i, holding_version, err);
}

bool cli_undo(struct cli *c, struct ncm_err *err)
{
    return cli_change_print(c, ncm_intent_new(NCM_DO_UNDO), err);
}

bool cli_register(struct cli *c, struct ncm_err *err)
{
    const char *run = cli_value(c, "run");
    if (run == NULL) {
        ncm_fail(err, NCM_USAGE, _("--run RUN_ID is missing"));
        return ncm_hint(err, "ncmlops register NAME --run RUN_ID [--path PATH]");
    }
    if (!cli_may_change(c, err) || !cli_full_run_id(c, &run, err)) {
        return false;
    }
    struct ncm_intent *i = intent_of(NCM_DO_REGISTER, c->words[0], NULL);
    ncm_intent_add_object(i, run);
    ncm_intent_set(&i->key, cli_value(c, "path"));
    ncm_intent_set(&i->to, cli_value(c, "note"));
    return change_version(c, i, created_version, err);
}

bool cli_alias(struct cli *c, struct ncm_err *err)
{
    bool set = strcmp(c->command->name, "alias set") == 0;
    struct ncm_intent *i = intent_of(set ? NCM_DO_ALIAS_SET : NCM_DO_ALIAS_DELETE, c->words[0],
                                     set ? c->words[2] : NULL);
    ncm_intent_set(&i->key, c->words[1]);
    ncm_intent_set(&i->expect, cli_value(c, "expect"));
    return set ? change_version(c, i, asked_version, err) : cli_change_print(c, i, err);
}

/* Which intent a command's last word stands for. */
struct verb {
    const char *word;
    enum ncm_intent_kind version, model, run, experiment;
};

static const struct verb verbs[] = {
    {"tag", NCM_DO_VERSION_TAG, NCM_DO_MODEL_TAG, NCM_DO_RUN_TAG, NCM_DO_EXPERIMENT_TAG},
    {"untag", NCM_DO_VERSION_UNTAG, NCM_DO_MODEL_UNTAG, NCM_DO_RUN_UNTAG, NCM_DO_EXPERIMENT_UNTAG},
    {"note", NCM_DO_VERSION_NOTE, NCM_DO_MODEL_NOTE, NCM_DO_RUN_NOTE, NCM_N_INTENTS},
    {"rename", NCM_N_INTENTS, NCM_DO_MODEL_RENAME, NCM_DO_RUN_RENAME, NCM_DO_EXPERIMENT_RENAME},
    {"create", NCM_N_INTENTS, NCM_DO_MODEL_CREATE, NCM_N_INTENTS, NCM_DO_EXPERIMENT_CREATE},
    {"delete", NCM_DO_VERSION_DELETE, NCM_DO_MODEL_DELETE, NCM_DO_RUN_DELETE,
     NCM_DO_EXPERIMENT_DELETE},
    {"restore", NCM_N_INTENTS, NCM_N_INTENTS, NCM_DO_RUN_RESTORE, NCM_DO_EXPERIMENT_RESTORE},
};

static const struct verb *verb_of(const struct cli *c)
{
    const char *word = strrchr(c->command->name, ' ') + 1;
    for (size_t i = 0; i < sizeof verbs / sizeof verbs[0]; i++) {
        if (strcmp(verbs[i].word, word) == 0) {
            return &verbs[i];
        }
    }
    ncm_bug("no verb for %s", c->command->name);
}

/* "KEY=VALUE" or, for removing, "KEY" into an intent. */
static bool split_tag(struct ncm_intent *i, const char *word, bool set, struct ncm_err *err)
{
    const char *equals = strchr(word, '=');
    if (set && (equals == NULL || equals == word)) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is not of the form KEY=VALUE"), word);
    }
    char *key = set ? ncm_strndup(word, (size_t)(equals - word)) : ncm_strdup(word);
    ncm_intent_set(&i->key, key);
    ncm_intent_set(&i->to, set ? equals + 1 : NULL);
    ncm_free(key);
    return true;
}

/* One intent a tag: all are planned before the first is carried out. */
static bool change_tags(struct cli *c, enum ncm_intent_kind kind, size_t first, bool set,
                        void (*fill)(const struct cli *c, struct ncm_intent *i),
                        struct ncm_err *err)
{
    size_t n = c->n_words - first;
    struct ncm_intent **intents = ncm_alloc(n, sizeof *intents);
    bool ok = true;
    size_t made = 0;
    for (; made < n && ok; made++) {
        intents[made] = ncm_intent_new(kind);
        fill(c, intents[made]);
        ok = split_tag(intents[made], c->words[first + made], set, err);
    }
    if (ok) {
        struct cli_plans plans;
        ok = cli_change(c, intents, n, &plans, err);
        if (ok) {
            ok = cli_print_plans(c, &plans, err);
            cli_plans_release(&plans);
        }
    } else {
        for (size_t i = 0; i < made; i++) {
            ncm_intent_free(intents[i]);
        }
    }
    ncm_free(intents);
    return ok;
}

static void fill_version(const struct cli *c, struct ncm_intent *i)
{
    ncm_intent_set(&i->model, c->words[0]);
    ncm_intent_set(&i->version, c->words[1]);
}

static void fill_model(const struct cli *c, struct ncm_intent *i)
{
    ncm_intent_set(&i->model, c->words[0]);
}

static void fill_object(const struct cli *c, struct ncm_intent *i)
{
    ncm_intent_add_object(i, c->words[0]);
}

bool cli_version_change(struct cli *c, struct ncm_err *err)
{
    const struct verb *v = verb_of(c);
    bool set = v->version == NCM_DO_VERSION_TAG;
    if (set || v->version == NCM_DO_VERSION_UNTAG) {
        return change_tags(c, v->version, 2, set, fill_version, err);
    }
    struct ncm_intent *i = intent_of(v->version, c->words[0], c->words[1]);
    ncm_intent_set(&i->to, c->n_words > 2 ? c->words[2] : NULL);
    return cli_change_print(c, i, err);
}

bool cli_model_change(struct cli *c, struct ncm_err *err)
{
    const struct verb *v = verb_of(c);
    bool set = v->model == NCM_DO_MODEL_TAG;
    if (set || v->model == NCM_DO_MODEL_UNTAG) {
        return change_tags(c, v->model, 1, set, fill_model, err);
    }
    struct ncm_intent *i = intent_of(v->model, c->words[0], NULL);
    ncm_intent_set(&i->to, c->n_words > 1 ? c->words[1] : cli_value(c, "note"));
    return cli_change_print(c, i, err);
}

bool cli_run_change(struct cli *c, struct ncm_err *err)
{
    const struct verb *v = verb_of(c);
    bool set = v->run == NCM_DO_RUN_TAG;
    bool many = v->run == NCM_DO_RUN_DELETE || v->run == NCM_DO_RUN_RESTORE;
    if (!cli_may_change(c, err)) {
        return false;
    }
    for (size_t k = 0; k < (many ? c->n_words : 1); k++) {
        if (!cli_full_run_id(c, &c->words[k], err)) {
            return false;
        }
    }
    if (set || v->run == NCM_DO_RUN_UNTAG) {
        return change_tags(c, v->run, 1, set, fill_object, err);
    }
    struct ncm_intent *i = ncm_intent_new(v->run);
    for (size_t k = 0; k < (many ? c->n_words : 1); k++) {
        ncm_intent_add_object(i, c->words[k]);
    }
    ncm_intent_set(&i->to, many ? NULL : c->words[1]);
    return cli_change_print(c, i, err);
}

bool cli_experiment_change(struct cli *c, struct ncm_err *err)
{
    const struct verb *v = verb_of(c);
    bool set = v->experiment == NCM_DO_EXPERIMENT_TAG;
    if (set || v->experiment == NCM_DO_EXPERIMENT_UNTAG) {
        return change_tags(c, v->experiment, 1, set, fill_object, err);
    }
    struct ncm_intent *i = ncm_intent_new(v->experiment);
    if (v->experiment == NCM_DO_EXPERIMENT_CREATE) {
        ncm_intent_set(&i->to, c->words[0]);
        return cli_change_print(c, i, err);
    }
    bool many = v->experiment != NCM_DO_EXPERIMENT_RENAME;
    for (size_t k = 0; k < (many ? c->n_words : 1); k++) {
        ncm_intent_add_object(i, c->words[k]);
    }
    ncm_intent_set(&i->to, many ? NULL : c->words[1]);
    return cli_change_print(c, i, err);
}
