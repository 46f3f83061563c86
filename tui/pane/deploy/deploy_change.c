/* What changes a deployment, and what of it can be done. Everything ends in the one panel that
 * shows what will change. */
#include "pane/deploy/deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#define MAX_CHOICES 64

/* ---- intents ---- */

static void set(char **field, const char *value)
{
    char *copy = ncm_strdup(value);
    ncm_free(*field);
    *field = copy;
}

/* What is asked is about this one, whatever is selected when the answer comes. */
static void ask_about(struct deploy *d, const struct ncm_deployment *x)
{
    char *ref = ncm_deployment_ref(x);

    set(&d->asked_ref, ref);
    set(&d->asked_kind, ncm_cstr(x->kind));
    ncm_free(ref);
}

static const struct ncm_fleet_deployment *asked(const struct deploy *d)
{
    bool ambiguous;

    return d->fleet != NULL && d->asked_ref != NULL
               ? ncm_fleet_find(d->fleet, d->asked_ref, d->asked_kind, &ambiguous)
               : NULL;
}

static void change(struct deploy *d, enum ncm_intent_kind kind, const char *to)
{
    struct ncm_intent *i = ncm_intent_new(kind);

    ncm_intent_add_object(i, d->asked_ref);
    ncm_intent_set(&i->key, d->asked_kind);
    ncm_intent_set(&i->to, to);
    const struct ncm_fleet_deployment *f = asked(d);
    if (f != NULL && kind == NCM_DO_DEPLOY_VERSION) {
        i->heed = ncm_fleet_unknown_version(deploy_model(d, f->is.model), to);
    } else if (f != NULL) {
        i->heed = ncm_fleet_heed(f, i);
    }
    ui_change(d->ui, i);
}

struct choices {
    struct deploy *d;
    struct ui_pick_item items[MAX_CHOICES];
    char labels[MAX_CHOICES][120], details[MAX_CHOICES][160];
    size_t n;
};

static void choices_init(struct choices *c, struct deploy *d)
{
    memset(c, 0, sizeof *c);
    c->d = d;
    deploy_free_picks(d);
    d->picks = ncm_alloc(MAX_CHOICES, sizeof *d->picks);
}

/* label and detail: clean. */
static void choices_add(struct choices *c, const char *word, const char *label, const char *detail)
{
    if (c->n < MAX_CHOICES) {
        snprintf(c->labels[c->n], sizeof c->labels[0], "%s", label);
        snprintf(c->details[c->n], sizeof c->details[0], "%s", detail);
        c->items[c->n] =
            (struct ui_pick_item){.label = c->labels[c->n], .detail = c->details[c->n]};
        c->d->picks[c->n++] = ncm_strdup(word);
        c->d->n_picks = c->n;
    }
}

static const char *chosen_word(const struct deploy *d, const size_t *chosen, size_t n)
{
    return n > 0 && chosen != NULL && chosen[0] < d->n_picks ? d->picks[chosen[0]] : NULL;
}

/* ---- traffic ---- */

static const struct ncm_traffic *target_named(const struct ncm_fleet_deployment *f,
                                              const char *name)
{
    for (size_t i = 0; i < f->n_traffic; i++) {
        if (name != NULL && ncm_str_is(f->traffic[i].target, name)) {
            return &f->traffic[i];
        }
    }
    return NULL;
}

/* "25", "+5", "-10": of what the target has now. false: no such number. */
static bool percent_of(const struct ncm_traffic *t, const char *text, double *out)
{
    bool relative = *text == '+' || *text == '-';
    char number[32];
    double v;

    snprintf(number, sizeof number, "%s", *text == '+' ? text + 1 : text);
    size_t n = strlen(number);
    while (n > 0 && (number[n - 1] == '%' || number[n - 1] == ' ')) {
        number[--n] = '\0';
    }
    if (!ncm_parse_double(number, &v) || !isfinite(v) || (relative && isnan(t->percent))) {
        return false;
    }
    v = relative ? t->percent + v : v;
    *out = relative ? (v < 0 ? 0 : v > 100 ? 100 : v) : v;
    return *out >= 0 && *out <= 100;
}

static const char *percent_done(void *ctx, const char *text, size_t *at)
{
    struct deploy *d = ctx;
    const struct ncm_fleet_deployment *f = asked(d);
    const struct ncm_traffic *t = f != NULL ? target_named(f, d->asked_target) : NULL;
    double percent;
    char number[40];

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    if (t == NULL) {
        return _("that target is not there any more");
    }
    if (!percent_of(t, text, &percent)) {
        return _("a number from 0 to 100, or +5, -10 of what it is now");
    }
    ncm_fmt_exact(number, sizeof number, percent);
    char *to = ncm_sprintf("%s=%s", d->asked_target, number);
    change(d, NCM_DO_DEPLOY_TRAFFIC, to);
    ncm_free(to);
    return NULL;
}

static void ask_percent(struct deploy *d)
{
    char label[200];

    snprintf(label, sizeof label, _("Per cent of the traffic for %s (25, +5, -10):"),
             deploy_clean((struct ncm_str){d->asked_target, strlen(d->asked_target)}, 40));
    ui_prompt(d->ui, label, "", percent_done, NULL, d);
}

static void percent_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;
    const char *word = chosen_word(d, chosen, n);
    size_t at = 0;

    if (word == NULL) {
        return;
    }
    if (word[0] == '\0') {
        ask_percent(d);
        return;
    }
    char *copy = ncm_strdup(word);
    const char *wrong = percent_done(d, copy, &at);
    ncm_free(copy);
    if (wrong != NULL) {
        ui_message(d->ui, UI_BAD, "%s", wrong);
    }
}

static void pick_percent(struct deploy *d, const struct ncm_traffic *t)
{
    static const int presets[] = {0, 5, 10, 25, 50, 100};
    struct choices c;
    char label[60], detail[120], title[200], now[40];
    size_t likely = 0;

    set(&d->asked_target, ncm_cstr(t->target));
    choices_init(&c, d);
    for (size_t i = 0; i < sizeof presets / sizeof *presets; i++) {
        char word[16];
        bool same = isfinite(t->percent) && lround(t->percent) == presets[i];
        snprintf(word, sizeof word, "%d", presets[i]);
        snprintf(label, sizeof label, "%d %%", presets[i]);
        snprintf(detail, sizeof detail, "%s",
                 same                ? _("as it is now")
                 : presets[i] == 0   ? _("none")
                 : presets[i] == 100 ? _("all")
                                     : "");
        likely =
            !same && isfinite(t->percent) && presets[i] > t->percent && likely == 0 ? c.n : likely;
        choices_add(&c, word, label, detail);
    }
    if (isfinite(t->percent)) {
        choices_add(&c, "+5", "+5", _("five more than now"));
        choices_add(&c, "-5", "-5", _("five less than now"));
    }
    choices_add(&c, "", _("another share…"), "");
    c.items[likely].on = true;
    common_percent_text(now, sizeof now, t->percent);
    snprintf(title, sizeof title, _("Traffic for %s (now %s)"), deploy_clean(t->target, 36), now);
    ui_pick(d->ui, title, c.items, c.n, false, percent_picked, d);
}

static void target_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;
    const char *word = chosen_word(d, chosen, n);
    const struct ncm_fleet_deployment *f = asked(d);
    const struct ncm_traffic *t = word != NULL && f != NULL ? target_named(f, word) : NULL;

    if (t != NULL) {
        pick_percent(d, t);
    }
}

static void pick_target(struct deploy *d, const struct ncm_fleet_deployment *f)
{
    struct choices c;
    char label[120], detail[160], percent[40], version[80];

    choices_init(&c, d);
    for (size_t i = 0; i < f->n_traffic; i++) {
        const struct ncm_traffic *t = &f->traffic[i];
        snprintf(label, sizeof label, "%s %s", common_health_sign(t->health),
                 deploy_clean(t->target, 40));
        snprintf(detail, sizeof detail, "%s  %s  %s",
                 common_percent_text(percent, sizeof percent, t->percent),
                 common_version_text(version, sizeof version, t->version, 16),
                 t->stable ? _("stable") : _("candidate"));
        choices_add(&c, ncm_cstr(t->target), label, detail);
        c.items[c.n - 1].on = !t->stable;
    }
    ui_pick(d->ui, _("Traffic for which target?"), c.items, c.n, false, target_picked, d);
}

static void traffic(struct deploy *d, const struct ncm_fleet_deployment *f, const char *arg)
{
    const struct ncm_traffic *t = deploy_candidate(f);
    size_t at = 0;

    if (arg != NULL && strchr(arg, '=') != NULL) {
        change(d, NCM_DO_DEPLOY_TRAFFIC, arg);
    } else if (arg != NULL && *arg != '\0' && t != NULL) {
        set(&d->asked_target, ncm_cstr(t->target));
        const char *wrong = percent_done(d, arg, &at);
        if (wrong != NULL) {
            ui_message(d->ui, UI_BAD, "%s", wrong);
        }
    } else if (f->n_traffic > 2) {
        pick_target(d, f);
    } else if (t != NULL) {
        pick_percent(d, t);
    } else {
        ui_message(d->ui, UI_INFO, "%s", _("It has one target, which has all of the traffic."));
    }
}

/* ---- versions ---- */

static void version_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;
    const char *word = chosen_word(d, chosen, n);
    const struct ncm_fleet_deployment *f = asked(d);

    if (word != NULL && f != NULL) {
        char *version = ncm_strdup(word);
        deploy_put_in(d, f, version);
        ncm_free(version);
    }
}

static void pick_version(struct deploy *d, const struct ncm_fleet_deployment *f)
{
    const struct ncm_model *m = deploy_model(d, f->is.model);
    struct choices c;
    char label[80], detail[160], title[200], age[40];

    if (m == NULL || m->n_versions == 0) {
        ui_message(d->ui, UI_INFO, "%s",
                   _("The registry knows no versions of what it serves; :set-version N sets one."));
        return;
    }
    choices_init(&c, d);
    for (size_t i = 0; i < m->n_versions && i < MAX_CHOICES; i++) {
        const struct ncm_model_version *v = &m->versions[i];
        bool runs = ncm_str_eq(v->version, f->is.version);
        common_version_text(label, sizeof label, v->version, 20);
        snprintf(detail, sizeof detail, "%s  %s%s", ncm_stage_name(v->stage),
                 common_since_text(age, sizeof age, v->creation_ms), runs ? _("  runs now") : "");
        choices_add(&c, ncm_cstr(v->version), label, detail);
        c.items[c.n - 1].on = v->stage == NCM_STAGE_STAGING && !runs;
        c.items[c.n - 1].disabled = runs;
    }
    snprintf(title, sizeof title, _("Which version of %s shall run?"),
             deploy_clean(f->is.model, 40));
    ui_pick(d->ui, title, c.items, c.n, false, version_picked, d);
}

static void promote(struct deploy *d, const struct ncm_fleet_deployment *f, const char *arg)
{
    if (arg != NULL && *arg != '\0') {
        deploy_put_in(d, f, *arg == 'v' ? arg + 1 : arg);
    } else if (deploy_candidate(f) != NULL) {
        change(d, NCM_DO_DEPLOY_PROMOTE, NULL);
    } else {
        pick_version(d, f);
    }
}

/* ---- back ---- */

static void revision_picked(void *ctx, const size_t *chosen, size_t n)
{
    struct deploy *d = ctx;
    const char *word = chosen_word(d, chosen, n);

    if (word != NULL && word[0] == '\0') {
        change(d, NCM_DO_DEPLOY_ABORT, NULL);
    } else if (word != NULL) {
        char *to = ncm_strdup(word);
        change(d, NCM_DO_DEPLOY_ROLLBACK, to);
        ncm_free(to);
    }
}

static void pick_revision(struct deploy *d, const struct ncm_fleet_deployment *f)
{
    struct choices c;
    char label[120], detail[160], version[80], age[40], title[200];
    bool found = false;

    choices_init(&c, d);
    if (deploy_candidate(f) != NULL && (f->it->allowed & 1u << NCM_ACT_TRAFFIC) != 0) {
        snprintf(detail, sizeof detail, _("%s gets no more traffic"),
                 deploy_clean(deploy_candidate(f)->target, 40));
        choices_add(&c, "", _("abort the candidate"), detail);
        c.items[0].on = found = true;
    }
    for (size_t i = 0; i < f->it->n_revisions; i++) {
        const struct ncm_revision *v = &f->it->revisions[i];
        if (v->wanted) {
            continue;
        }
        snprintf(label, sizeof label, _("%s  revision %s"),
                 common_version_text(version, sizeof version, v->version, 16),
                 deploy_clean(v->revision, 16));
        snprintf(detail, sizeof detail, "%s  %s%s",
                 common_since_text(age, sizeof age, v->created_ms),
                 v->serving                      ? _("still serves  ")
                 : ncm_revision_left(f->it, v) ? _("left by a roll-back  ")
                                               : "",
                 deploy_clean(v->image, 60));
        choices_add(&c, ncm_cstr(v->name), label, detail);
        c.items[c.n - 1].on = !found;
        found = true;
    }
    if (c.n == 0) {
        ui_message(d->ui, UI_INFO, "%s", _("No earlier revision is kept."));
        return;
    }
    snprintf(title, sizeof title, _("Roll %s back to"), deploy_clean(f->it->name, 40));
    ui_pick(d->ui, title, c.items, c.n, false, revision_picked, d);
}

static void roll_back(struct deploy *d, const struct ncm_fleet_deployment *f, const char *arg)
{
    const struct ncm_revision *v = d->view == DEPLOY_DETAIL ? deploy_revision(d) : NULL;

    if (arg != NULL && *arg != '\0') {
        change(d, NCM_DO_DEPLOY_ROLLBACK, arg);
    } else if (v != NULL && !v->wanted) {
        change(d, NCM_DO_DEPLOY_ROLLBACK, ncm_cstr(v->name));
    } else {
        pick_revision(d, f);
    }
}

/* ---- size and version by text ---- */

static const char *scale_done(void *ctx, const char *text, size_t *at)
{
    int64_t n;

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    if (!ncm_parse_i64(text, &n) || n < 0 || n > 10000) {
        return _("a number of replicas, 0 to 10000");
    }
    change(ctx, NCM_DO_DEPLOY_SCALE, text);
    return NULL;
}

static const char *version_done(void *ctx, const char *text, size_t *at)
{
    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    if (*text == '\0') {
        return _("a version, such as 14");
    }
    change(ctx, NCM_DO_DEPLOY_VERSION, *text == 'v' ? text + 1 : text);
    return NULL;
}

static void by_text(struct deploy *d, const char *label, const char *initial, const char *arg,
                    ui_prompt_done done)
{
    size_t at = 0;

    if (arg == NULL || *arg == '\0') {
        ui_prompt(d->ui, label, initial, done, NULL, d);
        return;
    }
    const char *wrong = done(d, arg, &at);
    if (wrong != NULL) {
        ui_message(d->ui, UI_BAD, "%s", wrong);
    }
}

bool deploy_change_act(struct deploy *d, enum ui_action_id action, const char *arg)
{
    const struct ncm_fleet_deployment *f = deploy_selected(d);
    char number[24] = "";

    if (f == NULL || deploy_needed(f, action) == NCM_N_ACTS || action == A_LOGS) {
        return false;
    }
    ask_about(d, f->it);
    switch (action) {
    case A_TRAFFIC:
        traffic(d, f, arg);
        return true;
    case A_PROMOTE:
        promote(d, f, arg);
        return true;
    case A_ROLLBACK:
        roll_back(d, f, arg);
        return true;
    case A_RESTART:
        change(d, NCM_DO_DEPLOY_RESTART, NULL);
        return true;
    case A_SCALE:
        snprintf(number, sizeof number, "%d", f->it->desired);
        by_text(d, _("How many replicas?"), f->it->desired >= 0 ? number : "", arg, scale_done);
        return true;
    case A_PAUSE_ROLLOUT:
        change(d, NCM_DO_DEPLOY_PAUSE, NULL);
        return true;
    case A_RESUME_ROLLOUT:
        change(d, NCM_DO_DEPLOY_RESUME, NULL);
        return true;
    case A_ABORT:
        change(d, NCM_DO_DEPLOY_ABORT, NULL);
        return true;
    case A_SET_VERSION:
        by_text(d, _("Which version shall run?"), "", arg, version_done);
        return true;
    default:
        return false;
    }
}
