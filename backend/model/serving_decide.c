/* What several statements come to, with a registry's help. */
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "model/serving.h"
#include "model/serving_read.h"

struct decide {
    const struct ncm_claim *claims;
    size_t n;
    const struct ncm_model *models;
    size_t n_models;
};

struct answer {
    struct ncm_str model, version;
    bool registered; /* the registry has that version */
    bool guess, moved;
};

static const struct ncm_model *find_exact(const struct decide *d, struct ncm_str name)
{
    size_t lo = 0, hi = d->n_models;
    while (lo < hi) {
        size_t mid = lo + (hi - lo) / 2;
        int c = ncm_str_compare(d->models[mid].name, name);
        if (c == 0) {
            return &d->models[mid];
        }
        *(c < 0 ? &lo : &hi) = c < 0 ? mid + 1 : mid;
    }
    return NULL;
}

/* A statement's name must be right to the letter; of a guess, only its words. */
static const struct ncm_model *find_model(const struct decide *d, struct ncm_str name, bool loose)
{
    const struct ncm_model *m = name.p ? find_exact(d, name) : NULL;
    const struct ncm_model *begins = NULL;
    if (m != NULL || name.p == NULL || !loose) {
        return m;
    }
    for (size_t i = 0; i < d->n_models; i++) {
        struct ncm_str own = d->models[i].name;
        if (serving_same_name(own, name)) {
            return &d->models[i];
        }
        bool longer = begins == NULL || own.len > begins->name.len;
        if (longer && serving_begins_name(name, own)) {
            begins = &d->models[i];
        }
    }
    return begins;
}

/* Whose version it is where the statement itself names no model: one of the same rule, else the
 * strongest that does. */
static const struct ncm_claim *who_names(const struct decide *d, const struct ncm_claim *c)
{
    const struct ncm_claim *best = NULL;
    for (size_t i = 0; i < d->n; i++) {
        const struct ncm_claim *o = &d->claims[i];
        if (o->model.p == NULL) {
            continue;
        }
        if (o->rule == c->rule) {
            return o;
        }
        bool better = best == NULL || (best->guess && !o->guess) ||
                      (best->guess == o->guess && o->rule < best->rule);
        best = better ? o : best;
    }
    return best;
}

static const struct ncm_model_version *find_version(const struct ncm_model *m, struct ncm_str v)
{
    for (size_t i = 0; m != NULL && i < m->n_versions; i++) {
        if (serving_same_version(m->versions[i].version, v)) {
            return &m->versions[i];
        }
    }
    return NULL;
}

static bool after(int64_t time, int64_t since)
{
    return time != NCM_NO_TIME && since != NCM_NO_TIME && time > since;
}

/* ---- the forms that only the registry can resolve ---- */

static const struct ncm_model_version *of_alias(const struct ncm_model *m, struct ncm_str alias)
{
    for (size_t i = 0; i < m->n_aliases; i++) {
        if (ncm_str_eq(m->aliases[i].name, alias)) {
            return find_version(m, m->aliases[i].version);
        }
    }
    return NULL;
}

static const struct ncm_model_version *of_stage(const struct ncm_model *m, struct ncm_str stage)
{
    enum ncm_stage s;
    if (strcasecmp(ncm_cstr(stage), "latest") == 0) {
        return m->n_versions > 0 ? &m->versions[0] : NULL;
    }
    for (size_t i = 0; ncm_stage_of(ncm_cstr(stage), &s) && i < m->n_versions; i++) {
        if (m->versions[i].stage == s) {
            return &m->versions[i];
        }
    }
    return NULL;
}

static bool holds(struct ncm_str text, struct ncm_str part)
{
    for (size_t i = 0; part.len > 0 && i + part.len <= text.len; i++) {
        if (memcmp(text.p + i, part.p, part.len) == 0) {
            return true;
        }
    }
    return false;
}

/* The same place, or one within the other. */
static bool same_place(struct ncm_str a, struct ncm_str b)
{
    while (a.len > 1 && a.p[a.len - 1] == '/') {
        a.len--;
    }
    while (b.len > 1 && b.p[b.len - 1] == '/') {
        b.len--;
    }
    size_t n = a.len < b.len ? a.len : b.len;
    struct ncm_str longer = a.len < b.len ? b : a;
    return n > 8 && memcmp(a.p, b.p, n) == 0 && (a.len == b.len || longer.p[n] == '/');
}

static bool comes_from(const struct ncm_model_version *v, const struct ncm_claim *c)
{
    if (c->run_id.p != NULL && ncm_str_eq(v->run_id, c->run_id)) {
        return true;
    }
    if (c->model_id.p != NULL) {
        return holds(v->source, c->model_id);
    }
    return c->rule == NCM_CLAIM_PATH && v->source.p != NULL && same_place(v->source, c->text);
}

/* The version that was made from the run, model or folder. Several of one model: the newest, as a
 * guess; of several models the one that somebody names. */
static bool by_origin(const struct decide *d, const struct ncm_claim *c, struct answer *out)
{
    const struct ncm_claim *named = who_names(d, c);
    size_t found = 0;
    bool preferred = false;
    for (size_t i = 0; i < d->n_models; i++) {
        const struct ncm_model *m = &d->models[i];
        bool prefer = named != NULL && serving_same_name(m->name, named->model);
        size_t of_this = 0;
        for (size_t k = 0; k < m->n_versions; k++) {
            if (!comes_from(&m->versions[k], c)) {
                continue;
            }
            found++;
            if (of_this++ == 0 && (out->version.p == NULL || (prefer && !preferred))) {
                out->model = m->name;
                out->version = m->versions[k].version;
                out->registered = true;
            }
        }
        if (prefer && of_this > 0) {
            preferred = true;
            out->guess = of_this > 1;
        }
    }
    if (!preferred) {
        out->guess = found > 1;
    }
    return found > 0;
}

/* ---- one statement ---- */

static bool by_name(const struct decide *d, const struct ncm_claim *c, struct answer *out)
{
    const struct ncm_claim *named = c->model.p ? c : who_names(d, c);
    out->model = named ? named->model : (struct ncm_str){NULL, 0};
    bool loose = c->guess || (named != NULL && named->guess) || c->rule == NCM_CLAIM_ANSWER ||
                 c->rule == NCM_CLAIM_COMMON;
    const struct ncm_model *m = find_model(d, out->model, loose);
    if (m == NULL && c->model.p != NULL &&
        c->guess) { /* "serving:7" beside a model that is named */
        const struct ncm_claim *other = NULL;
        for (size_t i = 0; i < d->n && other == NULL; i++) {
            other = d->claims[i].rule == NCM_CLAIM_CONFIG ? &d->claims[i] : NULL;
        }
        m = other ? find_model(d, other->model, true) : NULL;
        m = find_version(m, c->version) ? m : NULL;
    }
    if (m != NULL) {
        out->model = m->name;
    }
    const struct ncm_model_version *v = NULL;
    if (c->version.p != NULL) {
        v = find_version(m, c->version);
        out->version = v ? v->version : c->version;
        out->guess = c->guess;
    } else if (m != NULL && c->alias.p != NULL) {
        v = of_alias(m, c->alias);
        out->moved = v != NULL && after(v->creation_ms, c->since_ms);
    } else if (m != NULL && c->stage.p != NULL) {
        v = of_stage(m, c->stage);
        out->moved = v != NULL && (after(v->creation_ms, c->since_ms) ||
                                   (strcasecmp(ncm_cstr(c->stage), "latest") != 0 &&
                                    after(v->last_updated_ms, c->since_ms)));
    }
    out->registered = v != NULL;
    if (out->version.p == NULL && v != NULL) {
        out->version = v->version;
        out->guess = out->moved;
    }
    return out->version.p != NULL;
}

static bool resolve(const struct decide *d, const struct ncm_claim *c, struct answer *out)
{
    *out = (struct answer){.guess = false};
    bool origin = c->run_id.p != NULL || c->model_id.p != NULL || c->rule == NCM_CLAIM_PATH;
    if (origin && by_origin(d, c, out)) {
        return true;
    }
    *out = (struct answer){.guess = false};
    return by_name(d, c, out);
}

/* ---- all of them ---- */

/* What a program's version or an image's tag says counts against a statement only where it can mean
 * this model: the registry has that version of it, or the names are the same. */
static bool contradicts(const struct answer *is, const struct ncm_claim *c, const struct answer *a)
{
    bool same_model = serving_same_name(a->model, is->model);
    if (a->moved || is->moved) {
        return false;
    }
    if (a->guess && !(same_model &&
                      (a->registered || c->rule == NCM_CLAIM_IMAGE || c->rule == NCM_CLAIM_PATH))) {
        return false;
    }
    if (a->guess && serving_number(a->version.p, a->version.len).p == NULL) {
        return false;
    }
    return !serving_same_version(a->version, is->version) ||
           (!same_model && a->model.p != NULL && is->model.p != NULL && !is->guess);
}

static bool stronger(const struct ncm_claim *c, const struct answer *a,
                     const struct ncm_claim *best, const struct answer *is)
{
    if (best == NULL || a->guess != is->guess) {
        return best == NULL || is->guess;
    }
    if ((c->rule == NCM_CLAIM_ANSWER) != (best->rule == NCM_CLAIM_ANSWER)) {
        return c->rule == NCM_CLAIM_ANSWER;
    }
    return c->rule < best->rule;
}

static void say_model(const struct decide *d, struct ncm_verdict_version *out)
{
    static const struct ncm_claim none;
    const struct ncm_claim *named = who_names(d, &none);
    if (named == NULL) {
        return;
    }
    const struct ncm_model *m = find_model(d, named->model, true);
    out->model = m ? m->name : named->model;
    out->guess = named->guess;
}

void ncm_claims_decide(const struct ncm_claim *claims, size_t n, const struct ncm_model *models,
                       size_t n_models, struct ncm_verdict_version *out)
{
    struct decide d = {claims, n, models, models ? n_models : 0};
    struct answer is = {.guess = false};
    *out = (struct ncm_verdict_version){.by = NULL};
    for (size_t i = 0; i < n; i++) {
        struct answer a;
        if (resolve(&d, &claims[i], &a) && stronger(&claims[i], &a, out->by, &is)) {
            out->by = &claims[i];
            is = a;
        }
    }
    if (out->by == NULL) {
        say_model(&d, out);
        return;
    }
    out->model = is.model;
    out->version = is.version;
    out->guess = is.guess;
    out->alias_moved = is.moved;
    for (size_t i = 0; i < n && out->against == NULL; i++) {
        struct answer a;
        if (&claims[i] != out->by && resolve(&d, &claims[i], &a) &&
            contradicts(&is, &claims[i], &a)) {
            out->against = &claims[i];
            out->against_version = a.version;
        }
    }
}
