/* Is the candidate worse than the stable one, in a sentence. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "ops/fleet/inside.h"
#include "ops/plan.h"

/* "97 ms", "12 s" */
static void put_ms(char *out, size_t outsz, double ms)
{
    char num[40];
    if (ms >= 10000 && ms < 1e15) {
        ncm_fmt_duration(out, outsz, (int64_t)ms);
    } else {
        snprintf(out, outsz, "%s ms", isnan(ms) ? "–" : ncm_fmt_num(num, sizeof num, ms, 3));
    }
}

static void put_share(char *out, size_t outsz, double share)
{
    char num[40];
    snprintf(out, outsz, "%s %%",
             isnan(share) ? "–" : ncm_fmt_num(num, sizeof num, share * 100, 2));
}

static void put_count(char *out, size_t outsz, double n)
{
    if (n >= 0 && n < 1e15) {
        ncm_fmt_count(out, outsz, (int64_t)llround(n));
    } else {
        snprintf(out, outsz, "–");
    }
}

static struct ncm_str of_latency(struct ncm_arena *a, const struct ncm_canary_result *r,
                                 const char *who, const char *requests)
{
    char mine[48], other[48], lo[40], hi[40];
    bool worse = r->latency == NCM_CANARY_WORSE;
    put_ms(mine, sizeof mine, r->p95_candidate);
    put_ms(other, sizeof other, r->p95_stable);
    ncm_fmt_num(lo, sizeof lo, r->ratio_lo, 2);
    ncm_fmt_num(hi, sizeof hi, r->ratio_hi, 2);
    if (isnan(r->ratio_lo) || isnan(r->ratio_hi)) {
        return worse ? fleet_text(a, _("%s is slower: p95 %s against %s, %s requests"), who, mine,
                                  other, requests)
                     : fleet_text(a, _("%s is faster: p95 %s against %s, %s requests"), who, mine,
                                  other, requests);
    }
    /* Translators: version, its p95, that of the stable one, interval of the ratio, requests. */
    return worse ? fleet_text(a, _("%s is slower: p95 %s against %s (×%s–%s), %s requests"), who,
                              mine, other, lo, hi, requests)
                 : fleet_text(a, _("%s is faster: p95 %s against %s (×%s–%s), %s requests"), who,
                              mine, other, lo, hi, requests);
}

static struct ncm_str of_errors(struct ncm_arena *a, const struct ncm_canary_result *r,
                                const struct ncm_traffic *stable,
                                const struct ncm_traffic *candidate, const char *who,
                                const char *requests)
{
    char mine[48], other[48], lo[40], hi[40];
    put_share(mine, sizeof mine, candidate->rates.error_rate);
    put_share(other, sizeof other, stable->rates.error_rate);
    ncm_fmt_delta(lo, sizeof lo, r->error_lo * 100, 2);
    ncm_fmt_delta(hi, sizeof hi, r->error_hi * 100, 2);
    /* Translators: version, its share of errors, that of the stable one, interval of the
     * difference, requests. */
    return r->errors == NCM_CANARY_WORSE
               ? fleet_text(a, _("%s fails more: %s against %s (%s to %s points), %s requests"),
                            who, mine, other, lo, hi, requests)
               : fleet_text(a, _("%s fails less: %s against %s (%s to %s points), %s requests"),
                            who, mine, other, lo, hi, requests);
}

static struct ncm_str of_same(struct ncm_arena *a, const struct ncm_canary_result *r,
                              const struct ncm_traffic *stable, const struct ncm_traffic *candidate,
                              const char *requests)
{
    char mine[48], other[48], fails[48], others[48];
    put_ms(mine, sizeof mine, r->p95_candidate);
    put_ms(other, sizeof other, r->p95_stable);
    put_share(fails, sizeof fails, candidate->rates.error_rate);
    put_share(others, sizeof others, stable->rates.error_rate);
    return fleet_text(a,
                      _("no difference that matters: p95 %s against %s, errors %s against %s, %s "
                        "requests"),
                      mine, other, fails, others, requests);
}

static struct ncm_str of_too_few(struct ncm_arena *a, const struct ncm_canary_result *r,
                                 const char *who, const char *requests)
{
    char more[40];
    bool fails = r->errors == NCM_CANARY_CANNOT_TELL;
    put_count(more, sizeof more, ncm_canary_about(r->more_needed));
    if (!fails || isnan(r->more_needed) || r->more_needed <= 0) {
        return fails ? fleet_text(a, _("cannot tell yet whether %s fails more: %s requests"), who,
                                  requests)
                     : fleet_text(a, _("cannot tell yet whether %s is slower: %s requests"), who,
                                  requests);
    }
    /* Translators: version, requests so far, requests that are lacking. */
    return fleet_text(a, _("cannot tell yet whether %s fails more: %s requests, about %s more needed"),
                      who, requests, more);
}

struct ncm_str fleet_canary_sentence(struct ncm_arena *a, const struct ncm_canary_result *r,
                                     const struct ncm_traffic *stable,
                                     const struct ncm_traffic *candidate)
{
    char requests[40];
    struct ncm_str v =
        candidate->version.p != NULL ? fleet_v(a, candidate->version) : candidate->target;
    const char *who = ncm_cstr(v);
    put_count(requests, sizeof requests, candidate->rates.requests);
    switch (r->all) {
    case NCM_CANARY_WORSE:
    case NCM_CANARY_BETTER:
        return r->errors == r->all ? of_errors(a, r, stable, candidate, who, requests)
                                   : of_latency(a, r, who, requests);
    case NCM_CANARY_SAME:
        return of_same(a, r, stable, candidate, requests);
    case NCM_CANARY_CANNOT_TELL:
        put_count(requests, sizeof requests,
                  fmin(candidate->rates.requests, stable->rates.requests));
        return of_too_few(a, r, who, requests);
    case NCM_CANARY_NO_DATA:
        break;
    }
    return fleet_text(a, _("cannot tell: nobody counts the requests of %s"), who);
}

static struct ncm_canary_side side_of(const struct ncm_rates *r)
{
    return (struct ncm_canary_side){r->requests, r->errors, r->le_ms, r->counts, r->n};
}

void fleet_compare(struct fleet_work *w, struct ncm_fleet_deployment *d)
{
    const struct ncm_traffic *stable = NULL, *candidate = NULL;
    for (size_t i = 0; i < d->n_traffic; i++) {
        const struct ncm_traffic *t = &d->traffic[i];
        if (t->stable && stable == NULL) {
            stable = t;
        } else if (!t->stable && (candidate == NULL || t->percent > candidate->percent)) {
            candidate = t;
        }
    }
    if (stable == NULL || candidate == NULL || candidate->percent == 0) {
        return;
    }
    if (!stable->rates.known || !candidate->rates.known) {
        static const struct ncm_canary_result none = {
            .errors = NCM_CANARY_NO_DATA, .latency = NCM_CANARY_NO_DATA, .all = NCM_CANARY_NO_DATA};
        const struct ncm_traffic *uncounted = candidate->rates.known ? stable : candidate;
        d->canary_says = fleet_canary_sentence(w->arena, &none, stable, uncounted);
        return;
    }
    struct ncm_canary_side a = side_of(&stable->rates), b = side_of(&candidate->rates);
    ncm_canary_compare(&a, &b, &ncm_canary_defaults, &d->canary);
    d->compared = true;
    bool own = ncm_str_eq(candidate->target, d->it->name) ||
               !fleet_has_deployment(w, d->it, candidate->target);
    d->candidate = own ? candidate : NULL;
    d->canary_says = fleet_canary_sentence(w->arena, &d->canary, stable, candidate);
}

bool fleet_canary_worse(const struct ncm_fleet_deployment *d, struct ncm_str version)
{
    return d->candidate != NULL && d->canary.all == NCM_CANARY_WORSE &&
           ncm_str_eq(d->candidate->version, version);
}

static const struct ncm_traffic *named(const struct ncm_fleet_deployment *d, const char *name,
                                       size_t len)
{
    for (size_t i = 0; i < d->n_traffic; i++) {
        const struct ncm_str t = d->traffic[i].target;
        if (t.len == len && memcmp(t.p, name, len) == 0) {
            return &d->traffic[i];
        }
    }
    return NULL;
}

/* "TARGET=PERCENT,…": a candidate gets more than it has, or the stable one less. */
static bool gives_more(const struct ncm_fleet_deployment *d, const char *text)
{
    for (const char *at = text != NULL ? text : ""; *at != '\0';) {
        size_t len = strcspn(at, ","), name = strcspn(at, "=");
        const struct ncm_traffic *t = name < len ? named(d, at, name) : NULL;
        double to;
        char *number = name < len ? ncm_strndup(at + name + 1, len - name - 1) : NULL;
        bool more = t != NULL && ncm_parse_double(number, &to) &&
                    (t->stable ? to < t->percent : to > t->percent);
        ncm_free(number);
        if (more) {
            return true;
        }
        at += len + (at[len] == ',' ? 1 : 0);
    }
    return false;
}

char *ncm_fleet_heed(const struct ncm_fleet_deployment *d, const struct ncm_intent *in)
{
    bool more = in->kind == NCM_DO_DEPLOY_PROMOTE ||
                (in->kind == NCM_DO_DEPLOY_TRAFFIC && gives_more(d, in->to));
    bool fine = d->compared &&
                (d->canary.all == NCM_CANARY_SAME || d->canary.all == NCM_CANARY_BETTER);
    return more && !fine && d->canary_says.len > 0 ? ncm_strdup(d->canary_says.p) : NULL;
}

char *ncm_fleet_unknown_version(const struct ncm_model *m, const char *version)
{
    bool has_sign = version[0] == 'v' && version[1] >= '0' && version[1] <= '9';
    const char *v = has_sign ? version + 1 : version;
    return m == NULL || m->n_versions == 0 || ncm_model_version(m, v) != NULL
               ? NULL
               : ncm_sprintf(_("the registry has no version %s of %s"), v, ncm_cstr(m->name));
}
