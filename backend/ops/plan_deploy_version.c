/* Which model version a deployment shall run: one of its own history, or another spelled as the
 * running one is. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"

/* ---- back to a revision ---------------------------------------------------------------------- */

/* "revision 3 (v7)"; the caller frees. */
static char *name_of(const struct ncm_revision *r)
{
    const char *number = r->revision.p != NULL ? r->revision.p : ncm_cstr(r->name);
    return r->version.p != NULL ? ncm_sprintf(_("revision %s (v%s)"), number, r->version.p)
           : r->image.p != NULL ? ncm_sprintf(_("revision %s (%s)"), number, r->image.p)
                                : ncm_sprintf(_("revision %s"), number);
}

static const struct ncm_revision *wanted_of(const struct ncm_deployment *d)
{
    for (size_t i = 0; i < d->n_revisions; i++) {
        if (d->revisions[i].wanted) {
            return &d->revisions[i];
        }
    }
    return NULL;
}

/* Where a rollout is stuck what still serves is what one wants back, whatever was tried between. */
static const struct ncm_revision *the_one_before(const struct ncm_deployment *d)
{
    const struct ncm_revision *newest = NULL;
    for (size_t i = 0; i < d->n_revisions; i++) {
        const struct ncm_revision *r = &d->revisions[i];
        if (!r->wanted && r->serving) {
            return r;
        }
        newest = newest == NULL && !r->wanted ? r : newest;
    }
    return newest;
}

static const struct ncm_revision *by(const struct ncm_deployment *d, const char *text,
                                     size_t field)
{
    for (size_t i = 0; i < d->n_revisions; i++) {
        const char *at = (const char *)&d->revisions[i] + field;
        if (ncm_str_is(*(const struct ncm_str *)(const void *)at, text)) {
            return &d->revisions[i];
        }
    }
    return NULL;
}

/* A bare number may be a revision and a version: where these are two, one must say which. */
static bool named(const struct ncm_deployment *d, const char *text,
                  const struct ncm_revision **out, struct ncm_err *err)
{
    bool says_version = text[0] == 'v' && text[1] >= '0' && text[1] <= '9';
    const struct ncm_revision *version =
        by(d, says_version ? text + 1 : text, offsetof(struct ncm_revision, version));
    const struct ncm_revision *number = by(d, text, offsetof(struct ncm_revision, revision));
    *out = by(d, text, offsetof(struct ncm_revision, name));
    if (*out == NULL && number != NULL && version != NULL && number != version) {
        char *a = name_of(number), *b = name_of(version);
        ncm_fail(err, NCM_USAGE, _("'%s' is %s, and the version of %s"), text, a, b);
        ncm_hint(err, _("say v%s for the version, or %s for the revision"), text,
                 ncm_cstr(number->name));
        ncm_free(a);
        ncm_free(b);
        return false;
    }
    *out = *out != NULL ? *out : number != NULL ? number : version;
    if (*out != NULL) {
        return true;
    }
    struct ncm_buf b;
    ncm_buf_init(&b, 200);
    for (size_t i = 0; i < d->n_revisions; i++) {
        char *one = name_of(&d->revisions[i]);
        ncm_buf_printf(&b, "%s%s", i > 0 ? ", " : "", one);
        ncm_free(one);
    }
    ncm_fail(err, NCM_NOT_FOUND, _("its history has no revision or version '%s'"), text);
    ncm_hint(err, "%s", b.p);
    ncm_buf_release(&b);
    return false;
}

static bool set_version(struct ncm_deploy_planner *w, const char *version, struct ncm_err *err);

/* An InferenceService keeps no templates: the text of its version goes back. */
static bool back_by_version(struct ncm_deploy_planner *w, const struct ncm_revision *to,
                            struct ncm_err *err)
{
    if (to->version.p == NULL) {
        return ncm_fail(err, NCM_REFUSED,
                        _("which version revision %s had is not known: it cannot be set again"),
                        ncm_cstr(to->name));
    }
    return set_version(w, to->version.p, err);
}

static void revision_lines(struct ncm_deploy_planner *w, const struct ncm_revision *from,
                           const struct ncm_revision *to)
{
    char *before = from != NULL ? name_of(from) : NULL;
    char *after = name_of(to);
    ncm_plan_line(w->plan, NCM_TONE_CHANGE, w->shown, _("runs"), before, after);
    if (from != NULL && from->image.p != NULL && to->image.p != NULL &&
        !ncm_str_eq(from->image, to->image)) {
        ncm_plan_line(w->plan, NCM_TONE_SIDE, w->shown, _("image"), from->image.p, to->image.p);
    }
    ncm_free(before);
    ncm_free(after);
    if (to->version.p == NULL) {
        ncm_plan_warn(w->plan, "%s", _("which model version that revision runs is not known"));
    }
    if (ncm_revision_left(w->d, to) && !to->serving) {
        ncm_plan_warn(w->plan, "%s", _("it was left by a roll-back: what runs now was put in its place"));
    }
    if (to->serving) {
        ncm_plan_note(w->plan, _("%d replicas of it are still ready"), to->ready);
    }
    if (to->revision.p != NULL) {
        ncm_plan_note(w->plan, "%s", _("it gets a new number in the history"));
    }
}

bool ncm_plan_deploy_revision(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_plan *plan = w->plan;
    const struct ncm_deployment *d = w->d;
    const struct ncm_revision *from = wanted_of(d), *to = the_one_before(d);
    bool abort = plan->intent->kind == NCM_DO_DEPLOY_ABORT;
    if (plan->intent->to != NULL && !abort && !named(d, plan->intent->to, &to, err)) {
        return false;
    }
    if (to == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, _("%s has no earlier revision to go back to"),
                        w->shown);
    }
    if (d->paused) {
        ncm_fail(err, NCM_REFUSED, _("%s is paused: a rollback would not roll out"), w->shown);
        return ncm_hint(err, _("resume it first"));
    }
    char *text = name_of(to);
    plan->title = ncm_sprintf(abort ? _("Abort the rollout of %s: back to %s")
                                    : _("Roll %s back to %s"),
                              w->shown, text);
    plan->from = from != NULL ? name_of(from) : NULL;
    plan->to = text;
    if (to->wanted) {
        return true;
    }
    if (ncm_str_is(d->kind, "InferenceService")) {
        return back_by_version(w, to, err);
    }
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_REVISION, d, NULL, ncm_cstr(to->name), NULL, err)) {
        return false;
    }
    revision_lines(w, from, to);
    return true;
}

/* ---- another version ------------------------------------------------------------------------- */

static bool begins(struct ncm_str s, const char *with)
{
    return s.p != NULL && strncmp(s.p, with, strlen(with)) == 0;
}

/* A label may name the model alone. */
static bool says_which(const struct ncm_claim *c)
{
    return c->version.p != NULL || c->alias.p != NULL || c->stage.p != NULL ||
           c->run_id.p != NULL || c->model_id.p != NULL;
}

/* A place that a deployer wrote and that may be written again; a label called "version" alone is
 * what Services select by. */
static bool writable(const struct ncm_claim *c)
{
    return c->rule != NCM_CLAIM_NONE && c->rule != NCM_CLAIM_ANSWER && c->rule != NCM_CLAIM_CONFIG &&
           c->where.p != NULL && c->text.p != NULL && says_which(c) &&
           (c->rule != NCM_CLAIM_COMMON || strchr(c->where.p, '/') != NULL ||
            strstr(c->where.p, "model") != NULL);
}

static const struct ncm_claim *claims_of(const struct ncm_deployment *d, size_t *n)
{
    *n = d->n_wanted > 0 ? d->n_wanted : d->n_claims;
    return d->n_wanted > 0 ? d->wanted : d->claims;
}

static const struct ncm_claim *leading(const struct ncm_claim *claims, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (writable(&claims[i])) {
            return &claims[i];
        }
    }
    return NULL;
}

static bool only_label(const struct ncm_claim *c)
{
    return begins(c->where, "label ") || begins(c->where, "annotation ");
}

/* One place; *serves: whether what serves reads it. */
static bool one_place(struct ncm_deploy_planner *w, const struct ncm_deployment *of,
                      const struct ncm_claim *c, const char *to, bool *serves, struct ncm_err *err)
{
    const char *from = NULL;
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_VERSION, of, c->where.p, to, &from, err)) {
        return false;
    }
    if (ncm_change_same(from, to)) {
        ncm_changes_drop_last(&w->plan->changes);
        return true;
    }
    *serves = *serves || !only_label(c);
    ncm_plan_line(w->plan, NCM_TONE_CHANGE, of == w->d ? w->shown : ncm_cstr(of->name), c->where.p,
                  from, to);
    return true;
}

static bool cannot_spell(struct ncm_deploy_planner *w, const struct ncm_claim *c,
                         struct ncm_err *err)
{
    if (c == NULL) {
        ncm_fail(err, NCM_REFUSED, _("nothing in %s says which model version it runs"), w->shown);
        return ncm_hint(err, _("give it a label %s or a URI models:/NAME/VERSION"),
                        "ncmlops/model-version");
    }
    ncm_fail(err, NCM_REFUSED, _("%s says '%.80s': no version stands there that could be set"),
             ncm_cstr(c->where), ncm_cstr(c->text));
    if (c->alias.p != NULL || c->stage.p != NULL) {
        return ncm_hint(err, _("it follows %s%s: move that in the registry, then restart it"),
                        c->alias.p != NULL ? "@" : "",
                        c->alias.p != NULL ? c->alias.p : c->stage.p);
    }
    return false;
}

/* All places that say the same version now are set, so that they go on saying the same. */
static bool set_places(struct ncm_deploy_planner *w, const char *version, struct ncm_err *err)
{
    size_t n, set = 0;
    bool serves = false, ok = true;
    const struct ncm_claim *claims = claims_of(w->d, &n), *first = leading(claims, n);
    for (size_t i = 0; ok && first != NULL && i < n; i++) {
        const struct ncm_claim *c = &claims[i];
        if (!writable(c) || (c != first && !ncm_str_eq(c->version, first->version))) {
            continue;
        }
        char *to = ncm_claim_respell(c, version);
        if (to != NULL) {
            ok = one_place(w, w->d, c, to, &serves, err);
            set++;
        } else if (c->version.p != NULL) {
            ncm_plan_warn(w->plan, _("%s stays '%.80s': no other version can be written there"),
                          c->where.p, c->text.p);
        }
        ncm_free(to);
    }
    if (!ok || set == 0) {
        return ok && cannot_spell(w, first, err);
    }
    if (w->plan->changes.n > 0 && !serves && !w->plan->intent->force) {
        ncm_fail(err, NCM_REFUSED, "%s",
                 _("only labels say its version: setting them would change nothing that serves"));
        return ncm_hint(err, _("--force sets them all the same"));
    }
    return true;
}

static bool set_version(struct ncm_deploy_planner *w, const char *version, struct ncm_err *err)
{
    const char *from = NULL;
    if (!ncm_str_is(w->d->kind, "Endpoint")) {
        return set_places(w, version, err);
    }
    /* A server that is told to load another one has no text to change. */
    if (!ncm_deploy_add(w, NCM_CH_DEPLOY_VERSION, w->d, NULL, version, &from, err)) {
        return false;
    }
    if (ncm_change_same(from, version)) {
        ncm_changes_drop_last(&w->plan->changes);
    } else {
        ncm_plan_line(w->plan, NCM_TONE_CHANGE, w->shown, _("version"), from, version);
    }
    return true;
}

bool ncm_plan_deploy_version(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    struct ncm_plan *plan = w->plan;
    const char *version = plan->intent->to;
    if (version != NULL && version[0] == 'v' && version[1] >= '0' && version[1] <= '9') {
        version++;
    }
    if (version == NULL || version[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("a model version must be named"));
    }
    plan->title = ncm_sprintf(_("Set %s to version %s"), w->shown, version);
    size_t n;
    const struct ncm_claim *claims = claims_of(w->d, &n), *first = leading(claims, n);
    const struct ncm_str now = first != NULL ? first->version : w->d->version;
    plan->from = ncm_strdup(now.p);
    plan->to = ncm_strdup(version);
    if (!set_version(w, version, err)) {
        return false;
    }
    if (w->d->paused && plan->changes.n > 0) {
        ncm_plan_warn(plan, "%s", _("it is paused: the version waits until it is resumed"));
    }
    if (w->d->rolling && plan->changes.n > 0) {
        ncm_plan_warn(plan, "%s", _("a rollout is going on: this takes its place"));
    }
    return true;
}

bool ncm_deploy_take_version(struct ncm_deploy_planner *w, const struct ncm_deployment *to,
                             const struct ncm_deployment *from, struct ncm_err *err)
{
    size_t n_to, n_from, places = 0;
    bool serves = false;
    const struct ncm_claim *a = claims_of(to, &n_to), *b = claims_of(from, &n_from);
    for (size_t i = 0; i < n_to; i++) {
        for (size_t k = 0; writable(&a[i]) && k < n_from; k++) {
            if (!ncm_str_eq(a[i].where, b[k].where) || b[k].text.p == NULL) {
                continue;
            }
            places++;
            if (!one_place(w, to, &a[i], b[k].text.p, &serves, err)) {
                return false;
            }
        }
    }
    return places > 0 ||
           ncm_fail(err, NCM_REFUSED,
                    _("%s and %s say their version in different places: it cannot be taken over"),
                    ncm_cstr(to->name), ncm_cstr(from->name));
}
