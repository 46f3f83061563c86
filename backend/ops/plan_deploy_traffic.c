/* Which share of the traffic goes to which of the versions behind one name: by replicas, by a
 * Service's selector, or by weights that the system itself has. */
#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/parts.h"

enum { TARGETS_MOST = 16 };

/* What each target shall get. */
struct split {
    size_t n;
    double percent[TARGETS_MOST];
};

static const struct ncm_traffic *target(const struct ncm_deployment *d, size_t i)
{
    return &d->traffic[i];
}

/* ---- what is asked for ----------------------------------------------------------------------- */

static bool no_target(const struct ncm_deployment *d, const char *name, struct ncm_err *err)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 200);
    for (size_t i = 0; i < d->n_traffic; i++) {
        ncm_buf_printf(&b, "%s%s", i > 0 ? ", " : "", ncm_cstr(d->traffic[i].target));
    }
    ncm_fail(err, NCM_NOT_FOUND, _("it has no target '%s'"), name);
    ncm_hint(err, "%s", b.p);
    ncm_buf_release(&b);
    return false;
}

static bool one_wish(const struct ncm_deployment *d, const char *word, double *percent,
                     struct ncm_err *err)
{
    const char *equals = strrchr(word, '=');
    double p = 0;
    char *name = equals != NULL ? ncm_strndup(word, (size_t)(equals - word)) : NULL;
    bool ok = equals != NULL && ncm_parse_double(equals + 1, &p) && p >= 0 && p <= 100;
    if (!ok) {
        ncm_fail(err, NCM_USAGE, _("'%s' is not of the form TARGET=PERCENT (0 to 100)"), word);
    }
    bool found = false;
    for (size_t i = 0; ok && i < d->n_traffic; i++) {
        if (ncm_str_is(d->traffic[i].target, name)) {
            percent[i] = p;
            found = true;
        }
    }
    ok = ok && (found || no_target(d, name, err));
    ncm_free(name);
    return ok;
}

/* What is left over goes to those that were not named, by what they have now. */
static bool fill_rest(const struct ncm_deployment *d, struct split *s, struct ncm_err *err)
{
    double sum = 0, now = 0;
    size_t open = 0;
    for (size_t i = 0; i < s->n; i++) {
        bool is_open = isnan(s->percent[i]);
        sum += is_open ? 0 : s->percent[i];
        open += is_open;
        now += is_open && !isnan(d->traffic[i].percent) ? d->traffic[i].percent : 0;
    }
    if (sum > 100.001 || (open == 0 && sum < 99.999)) {
        return ncm_fail(err, NCM_USAGE, _("the shares come to %g %%, not to 100"), sum);
    }
    for (size_t i = 0; i < s->n; i++) {
        if (isnan(s->percent[i])) {
            double has = isnan(d->traffic[i].percent) ? 0 : d->traffic[i].percent;
            s->percent[i] = (100 - sum) * (now > 0 ? has / now : 1 / (double)open);
        }
    }
    return true;
}

static bool wishes(const struct ncm_deployment *d, const char *text, struct split *s,
                   struct ncm_err *err)
{
    bool ok = true;
    for (size_t i = 0; i < s->n; i++) {
        s->percent[i] = (double)NAN;
    }
    for (const char *at = text != NULL ? text : ""; ok && *at != '\0';) {
        size_t len = strcspn(at, ",");
        char *word = ncm_strndup(at, len);
        ok = one_wish(d, word, s->percent, err);
        ncm_free(word);
        at += len + (at[len] == ',' ? 1 : 0);
    }
    if (ok && (text == NULL || text[0] == '\0')) {
        return ncm_fail(err, NCM_USAGE, _("a target and its share must be named: TARGET=PERCENT"));
    }
    return ok && fill_rest(d, s, err);
}

/* The one that is not the stable one; SIZE_MAX and an error where that is not one. */
static size_t candidate(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    size_t found = SIZE_MAX, n = 0, stable = 0;
    for (size_t i = 0; i < w->d->n_traffic; i++) {
        n += !w->d->traffic[i].stable;
        stable += w->d->traffic[i].stable;
        found = w->d->traffic[i].stable ? found : i;
    }
    if (n == 1 && stable > 0) {
        return found;
    }
    if (n == 0 || w->d->n_traffic < 2) {
        ncm_fail(err, NCM_REFUSED, _("%s has no candidate beside what serves"), w->shown);
    } else {
        ncm_fail(err, NCM_USAGE, _("which of its %zu targets is the candidate is not known"),
                 w->d->n_traffic);
        ncm_hint(err, "%s", "deployment traffic REF TARGET=PERCENT");
    }
    return SIZE_MAX;
}

/* The rest goes to the stable ones as they share it now. */
static bool all_or_nothing(struct ncm_deploy_planner *w, size_t which, double percent,
                           struct split *s, struct ncm_err *err)
{
    for (size_t i = 0; i < s->n; i++) {
        s->percent[i] = (double)NAN;
    }
    s->percent[which] = percent;
    return fill_rest(w->d, s, err);
}

/* ---- what stands against it ------------------------------------------------------------------ */

static bool sound(struct ncm_deploy_planner *w, const struct split *s, struct ncm_err *err)
{
    bool weights = !ncm_str_is(w->d->traffic_by, "replicas");
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_traffic *t = target(w->d, i);
        bool more = s->percent[i] > (isnan(t->percent) ? 0 : t->percent);
        if (!more) {
            continue;
        }
        if (weights && t->ready == 0 && !w->plan->intent->force) {
            ncm_fail(err, NCM_REFUSED,
                     _("no replica of %s is ready: what is sent there would be lost"),
                     ncm_cstr(t->target));
            return ncm_hint(err, _("--force sends it all the same"));
        }
        if (t->health == NCM_HEALTH_FAILED) {
            ncm_plan_warn(w->plan, _("%s is down: none of it is ready"), ncm_cstr(t->target));
        } else if (t->health == NCM_HEALTH_DEGRADED) {
            ncm_plan_warn(w->plan, _("%s is not well, though some of it is ready"),
                          ncm_cstr(t->target));
        }
        if (t->version.p == NULL) {
            ncm_plan_warn(w->plan, _("which model version %s runs is not known"),
                          ncm_cstr(t->target));
        }
    }
    return true;
}

static char *percent_text(double p)
{
    char text[40];
    return isnan(p) ? NULL : ncm_strdup(ncm_fmt_num(text, sizeof text, p, 4));
}

static void share_line(struct ncm_deploy_planner *w, size_t i, double to)
{
    const struct ncm_traffic *t = target(w->d, i);
    char *before = percent_text(t->percent), *after = percent_text(to);
    char *was = before != NULL ? ncm_sprintf("%s %%", before) : NULL;
    char *becomes = ncm_sprintf("%s %%", after);
    if (!ncm_change_same(was, becomes)) {
        ncm_plan_line(w->plan, NCM_TONE_SIDE, ncm_cstr(t->target), _("traffic"), was, becomes);
    }
    ncm_free(before);
    ncm_free(after);
    ncm_free(was);
    ncm_free(becomes);
}

/* ---- by replicas ----------------------------------------------------------------------------- */

static const struct ncm_deployment *behind(const struct ncm_deploy_planner *w, size_t i)
{
    for (size_t k = 0; k < w->s->n; k++) {
        const struct ncm_deployment *o = &w->s->items[k]->it;
        if (ncm_str_eq(o->ns, w->d->ns) && ncm_str_eq(o->name, target(w->d, i)->target) &&
            ncm_str_eq(o->kind, w->d->kind)) {
            return o;
        }
    }
    return NULL;
}

/* Ready and yet without traffic: it stands beside the split. */
static bool not_selected(const struct ncm_deploy_planner *w, size_t i)
{
    const struct ncm_traffic *t = target(w->d, i);
    return t->ready > 0 && t->percent < 1e-9;
}

/* Revisions of one deployment in the middle of a rollout: their shares follow its replicas. */
static bool within_rollout(const struct ncm_deploy_planner *w)
{
    bool any = false;
    for (size_t i = 0; i < w->d->n_traffic; i++) {
        any = any || behind(w, i) != NULL;
    }
    return !any && ncm_str_is(w->d->traffic_by, "replicas");
}

/* The counts that come nearest and keep the sum; a share above nothing gets one at least. */
static void nearest(const struct split *s, int64_t total, int64_t *counts)
{
    double over[TARGETS_MOST];
    int64_t given = 0;
    for (size_t i = 0; i < s->n; i++) {
        double exact = s->percent[i] * (double)total / 100;
        counts[i] = (int64_t)floor(exact + 1e-9);
        counts[i] += counts[i] == 0 && s->percent[i] > 0 ? 1 : 0;
        over[i] = exact - (double)counts[i];
        given += counts[i];
    }
    while (given != total) {
        int64_t step = given < total ? 1 : -1;
        size_t best = SIZE_MAX;
        for (size_t i = 0; i < s->n; i++) {
            bool may = s->percent[i] > 0 && (step > 0 || counts[i] > 1);
            if (may && (best == SIZE_MAX || (over[i] - over[best]) * (double)step > 0)) {
                best = i;
            }
        }
        if (best == SIZE_MAX) {
            break; /* fewer replicas than targets: one each */
        }
        counts[best] += step;
        over[best] -= (double)step;
        given += step;
    }
}

/* Old replicas go at once, new ones come when they are ready. */
static bool enough_meanwhile(struct ncm_deploy_planner *w, const struct split *s,
                             const int64_t *counts, struct ncm_err *err)
{
    int64_t ready = 0, serves = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_deployment *o = behind(w, i);
        int64_t has = o->ready > 0 ? o->ready : 0;
        ready += has;
        serves += has < counts[i] ? has : counts[i];
    }
    if (serves * 2 < ready && !w->plan->intent->force) {
        ncm_fail(err, NCM_REFUSED,
                 _("only %lld of %lld ready replicas would serve until new ones are ready"),
                 (long long)serves, (long long)ready);
        return ncm_hint(err, _("go there in steps, or --force"));
    }
    if (serves < ready) {
        ncm_plan_warn(w->plan, _("until new replicas are ready %lld serve instead of %lld"),
                      (long long)serves, (long long)ready);
    }
    return true;
}

static bool by_replicas(struct ncm_deploy_planner *w, const struct split *s, struct ncm_err *err)
{
    int64_t counts[TARGETS_MOST], total = 0, all = 0;
    for (size_t i = 0; i < s->n; i++) {
        const struct ncm_deployment *o = behind(w, i);
        const struct ncm_traffic *t = target(w->d, i);
        if (o == NULL) {
            return ncm_fail(err, NCM_NOT_FOUND, _("there is no deployment '%s'"),
                            ncm_cstr(t->target));
        }
        if (not_selected(w, i) && s->percent[i] > 0) {
            return ncm_fail(err, NCM_REFUSED, _("the Service does not select the pods of %s"),
                            ncm_cstr(t->target));
        }
        total += o->desired > 0 && !not_selected(w, i) ? o->desired : 0;
    }
    if (total == 0) {
        return ncm_fail(err, NCM_REFUSED, _("none of its targets has a replica to share"));
    }
    nearest(s, total, counts);
    if (!enough_meanwhile(w, s, counts, err)) {
        return false;
    }
    for (size_t i = 0; i < s->n; i++) {
        all += counts[i];
    }
    bool off = false;
    for (size_t i = 0; i < s->n; i++) {
        double gets = 100.0 * (double)counts[i] / (double)all;
        off = off || fabs(gets - s->percent[i]) >= 1;
        if (not_selected(w, i)) {
            continue;
        }
        if (!ncm_deploy_scale(w, behind(w, i), counts[i], err)) {
            return false;
        }
        share_line(w, i, gets);
    }
    if (off) {
        ncm_plan_warn(w->plan, _("this is the nearest that %lld replicas allow"), (long long)all);
    }
    return true;
}

/* Promoting by scaling alone would leave few replicas for a while: instead the stable one rolls to
 * what the candidate runs, at the pace of its own strategy. */
static bool roll_stable(struct ncm_deploy_planner *w, size_t which, struct ncm_err *err)
{
    const struct ncm_deployment *from = behind(w, which);
    for (size_t i = 0; i < w->d->n_traffic; i++) {
        const struct ncm_deployment *o = behind(w, i);
        if (i == which) {
            continue;
        }
        if (o == NULL || from == NULL) {
            return ncm_fail(err, NCM_NOT_FOUND, _("there is no deployment '%s'"),
                            ncm_cstr(target(w->d, o == NULL ? i : which)->target));
        }
        if (!ncm_deploy_take_version(w, o, from, err)) {
            return false;
        }
    }
    ncm_plan_note(w->plan,
                  _("%s keeps its %d replicas, which then run the same version: abort or scale it to"
                    " 0 once the rollout is done"),
                  ncm_cstr(from->name), from->desired);
    return true;
}

/* ---- by a selector --------------------------------------------------------------------------- */

/* What the provider says of labels, "k=v,k=v"; the caller frees. */
static bool ask_labels(struct ncm_deploy_planner *w, const char *name, const char *kind,
                       char **text, struct ncm_err *err)
{
    struct ncm_changes one;
    char *ref = ncm_deploy_beside(w->d, name);
    ncm_changes_init(&one);
    ncm_changes_add(&one, NCM_CH_DEPLOY_SELECTOR, ref, kind, NULL, NULL, NULL);
    *text = NULL;
    bool ok = w->p->ctx->provider->present(w->p->conn, &one.items[0], text, err);
    ncm_changes_release(&one);
    ncm_free(ref);
    return ok;
}

/* The value of a label in "k=v,k=v"; the caller frees. */
static char *label_in(const char *text, const char *key, size_t key_len)
{
    for (const char *at = text; at != NULL && *at != '\0';) {
        size_t len = strcspn(at, ",");
        if (len > key_len && at[key_len] == '=' && memcmp(at, key, key_len) == 0) {
            return ncm_strndup(at + key_len + 1, len - key_len - 1);
        }
        at += len + (at[len] == ',' ? 1 : 0);
    }
    return NULL;
}

static bool switch_labels(struct ncm_deploy_planner *w, const char *service, const char *selector,
                          const char *labels, const char *name, struct ncm_err *err)
{
    char *ref = ncm_deploy_beside(w->d, service);
    bool ok = true;
    for (const char *at = selector; ok && *at != '\0';) {
        size_t len = strcspn(at, ","), key_len = strcspn(at, "=");
        char *key = ncm_strndup(at, key_len);
        char *now = label_in(selector, key, key_len), *to = label_in(labels, key, key_len);
        if (to == NULL) {
            ok = ncm_fail(err, NCM_REFUSED,
                          _("the pods of %s have no label %s: the Service %s cannot select them"),
                          name, key, service);
        } else if (!ncm_change_same(now, to)) {
            const char *from = NULL;
            ok = ncm_planner_add(w->p, NCM_CH_DEPLOY_SELECTOR, ref, "Service", key, to, &from, err);
            if (ok) {
                ncm_plan_line(w->plan, NCM_TONE_CHANGE, service, key, from, to);
            }
        }
        ncm_free(key);
        ncm_free(now);
        ncm_free(to);
        at += len + (at[len] == ',' ? 1 : 0);
    }
    ncm_free(ref);
    return ok;
}

/* The Service that splits: of several before what serves now the one with the shortest name, "price"
 * before "price-preview". The caller frees; NULL without. */
static char *splitting_service(const struct ncm_deploy_planner *w)
{
    const struct ncm_deployment *serves = w->d;
    const char *best = NULL;
    size_t best_len = 0;
    for (size_t i = 0; i < w->d->n_traffic; i++) {
        const struct ncm_deployment *o = behind(w, i);
        serves = target(w->d, i)->stable && o != NULL ? o : serves;
    }
    for (const char *at = ncm_cstr(serves->services); *at != '\0';) {
        size_t len = strcspn(at, ",");
        bool shorter = best == NULL || len < best_len;
        best = shorter ? at : best;
        best_len = shorter ? len : best_len;
        at += len + (at[len] == ',' ? 1 : 0);
        at += strspn(at, " ");
    }
    return best != NULL ? ncm_strndup(best, best_len) : NULL;
}

static bool by_selector(struct ncm_deploy_planner *w, const struct split *s, struct ncm_err *err)
{
    size_t which = SIZE_MAX;
    for (size_t i = 0; i < s->n; i++) {
        which = s->percent[i] > 99.999 ? i : which;
    }
    char *service = splitting_service(w), *labels = NULL, *selector = NULL;
    if (service == NULL) {
        return ncm_fail(err, NCM_REFUSED, _("no Service stands before %s"), w->shown);
    }
    if (which == SIZE_MAX) {
        ncm_fail(err, NCM_USAGE, _("the Service %s sends everything to one of them: say TARGET=100"),
                 service);
        ncm_free(service);
        return false;
    }
    const char *name = ncm_cstr(target(w->d, which)->target);
    bool ok = ask_labels(w, name, ncm_cstr(w->d->kind), &labels, err) &&
              ask_labels(w, service, "Service", &selector, err) &&
              switch_labels(w, service, selector != NULL ? selector : "",
                            labels != NULL ? labels : "", name, err);
    ncm_free(service);
    ncm_free(labels);
    ncm_free(selector);
    for (size_t i = 0; ok && w->plan->changes.n > 0 && i < s->n; i++) {
        share_line(w, i, s->percent[i]);
    }
    return ok;
}

/* ---- by weights that the system has ---------------------------------------------------------- */

static bool weigh(struct ncm_deploy_planner *w, size_t i, double to, bool whole_is_none,
                  struct ncm_err *err)
{
    char *text = whole_is_none && to > 99.999 ? NULL : percent_text(to);
    const char *from = NULL;
    const char *name = ncm_cstr(target(w->d, i)->target);
    bool ok = ncm_deploy_add(w, NCM_CH_DEPLOY_TRAFFIC, w->d, name, text, &from, err);
    if (ok && ncm_change_same(from, text)) {
        ncm_changes_drop_last(&w->plan->changes);
    } else if (ok && whole_is_none) {
        ncm_plan_line(w->plan, NCM_TONE_CHANGE, w->shown, "canaryTrafficPercent", from, text);
    }
    ncm_free(text);
    return ok;
}

static bool by_weights(struct ncm_deploy_planner *w, const struct split *s, struct ncm_err *err)
{
    bool kserve = ncm_str_is(w->d->kind, "InferenceService");
    for (size_t i = 0; i < s->n; i++) {
        bool ok = kserve && target(w->d, i)->stable ? true : weigh(w, i, s->percent[i], kserve, err);
        if (!ok) {
            return false;
        }
    }
    for (size_t i = 0; w->plan->changes.n > 0 && i < s->n; i++) {
        share_line(w, i, s->percent[i]);
    }
    return true;
}

/* ---- all ------------------------------------------------------------------------------------- */

static void name_plan(struct ncm_deploy_planner *w, const struct split *s)
{
    struct ncm_buf was, becomes;
    const struct ncm_intent *in = w->plan->intent;
    ncm_buf_init(&was, 500);
    ncm_buf_init(&becomes, 500);
    for (size_t i = 0; i < s->n; i++) {
        char *a = percent_text(target(w->d, i)->percent), *b = percent_text(s->percent[i]);
        const char *name = ncm_cstr(target(w->d, i)->target);
        ncm_buf_printf(&was, "%s%s=%s", i > 0 ? "," : "", name, a != NULL ? a : "?");
        ncm_buf_printf(&becomes, "%s%s=%s", i > 0 ? "," : "", name, b);
        ncm_free(a);
        ncm_free(b);
    }
    w->plan->title =
        ncm_sprintf(in->kind == NCM_DO_DEPLOY_PROMOTE ? _("Promote the candidate of %s")
                    : in->kind == NCM_DO_DEPLOY_ABORT ? _("Take the traffic from the candidate of %s")
                                                      : _("Set the traffic of %s"),
                    w->shown);
    w->plan->from = ncm_buf_take(&was);
    w->plan->to = ncm_buf_take(&becomes);
    ncm_buf_release(&was);
    ncm_buf_release(&becomes);
}

bool ncm_plan_deploy_traffic(struct ncm_deploy_planner *w, struct ncm_err *err)
{
    const struct ncm_intent *in = w->plan->intent;
    const struct ncm_deployment *d = w->d;
    struct split s = {.n = d->n_traffic < TARGETS_MOST ? d->n_traffic : TARGETS_MOST};
    size_t which = SIZE_MAX;
    bool rollout = d->n_traffic < 2 ? d->rolling : within_rollout(w);
    if (in->kind == NCM_DO_DEPLOY_ABORT && rollout) {
        return ncm_plan_deploy_revision(w, err);
    }
    if (rollout) {
        ncm_fail(err, NCM_REFUSED, _("%s is in the middle of a rollout: the shares follow its"
                                     " replicas"), w->shown);
        return ncm_hint(err, "%s", _("abort goes back; pause holds it where it is"));
    }
    if (ncm_str_is(d->kind, "Endpoint") &&
        ((d->allowed | d->forbidden) & (1u << NCM_ACT_TRAFFIC)) == 0) {
        return ncm_fail(err, NCM_UNSUPPORTED, _("%s names no page that sets its traffic"), w->shown);
    }
    if (d->n_traffic < 2 && in->kind == NCM_DO_DEPLOY_TRAFFIC) {
        return ncm_fail(err, NCM_REFUSED, _("%s has nothing beside it to share traffic with"),
                        w->shown);
    }
    if (in->kind == NCM_DO_DEPLOY_TRAFFIC) {
        if (!wishes(d, in->to, &s, err)) {
            return false;
        }
    } else {
        which = candidate(w, err);
        double percent = in->kind == NCM_DO_DEPLOY_PROMOTE ? 100 : 0;
        if (which == SIZE_MAX || !all_or_nothing(w, which, percent, &s, err)) {
            return false;
        }
    }
    name_plan(w, &s);
    if (!sound(w, &s, err)) {
        return false;
    }
    if (ncm_str_is(d->traffic_by, "replicas")) {
        return in->kind == NCM_DO_DEPLOY_PROMOTE ? roll_stable(w, which, err)
                                                 : by_replicas(w, &s, err);
    }
    return ncm_str_is(d->traffic_by, "selector") ? by_selector(w, &s, err) : by_weights(w, &s, err);
}
