/* When each run of the demo started, how it went and what became of it. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "ops/demo_parts.h"

#define MINUTE  60000.0
#define DAY     (24 * 60 * MINUTE)
#define HISTORY (90 * DAY)

int ncm_demo_version_number(const struct ncm_demo_model *m, int version)
{
    const struct ncm_demo_experiment *e = &ncm_demo_experiments[m->experiment];
    int index = (int)(m->versions[version - 1].place * e->runs);
    if (e->children > 0 && index % e->children == 0) {
        index++; /* the parent of a sweep trains nothing */
    }
    return index + 1;
}

/* The version made from this run, or NULL. */
static const struct ncm_demo_version *version_of(int experiment, int number)
{
    for (size_t i = 0; i < ncm_demo_n_models; i++) {
        const struct ncm_demo_model *m = &ncm_demo_models[i];
        for (int v = 1; m->experiment == experiment && v <= m->n_versions; v++) {
            if (ncm_demo_version_number(m, v) == number) {
                return &m->versions[v - 1];
            }
        }
    }
    return NULL;
}

static void identify(struct ncm_demo_run *r, int experiment)
{
    r->experiment = &ncm_demo_experiments[experiment];
    r->experiment_id = experiment + 1;
    r->parent = -1;
    uint64_t seed = ncm_demo_hash(r->experiment->name);
    ncm_demo_id(seed, (uint64_t)r->number, r->id);
}

/* What ends a run early, and how good it got. */
static void decide_fate(struct ncm_demo_run *r, const struct ncm_demo_version *version,
                        double place, uint64_t seed)
{
    double luck = ncm_demo_uniform(ncm_demo_mix(seed, 1, 8));
    double quality = 0.14 + 0.46 * place + 0.13 * ncm_demo_normal(ncm_demo_mix(seed, 2, 8));
    double cut = 0.2 + 0.6 * ncm_demo_uniform(ncm_demo_mix(seed, 3, 8));
    r->status = "FINISHED";
    r->steps = r->experiment->steps;
    r->quality = quality < 0.02 ? 0.02 : quality > 0.66 ? 0.66 : quality;
    if (version != NULL) {
        r->quality = version->quality;
        return;
    }
    if (luck < 0.075) {
        r->status = "FAILED";
        r->diverges_at = (int)(cut * r->steps);
        r->steps = r->diverges_at + 9 < r->steps ? r->diverges_at + 9 : r->steps;
    } else if (luck < 0.105) {
        r->status = "KILLED";
        r->steps = (int)(cut * r->steps);
    }
    r->deleted = luck > 0.975;
}

static void name_run(struct ncm_demo_run *r, uint64_t seed)
{
    char family[48];
    const struct ncm_demo_experiment *e = r->experiment;
    if (e->children == 0) {
        ncm_demo_pick(e->families, ncm_demo_mix(seed, 4, 8), family, sizeof family);
        snprintf(r->name, sizeof r->name, "%s-%03d", family, r->number);
        return;
    }
    int group = (r->number - 1) / e->children, member = (r->number - 1) % e->children;
    ncm_demo_pick(e->families, (uint64_t)group, family, sizeof family);
    if (member == 0) {
        snprintf(r->name, sizeof r->name, "%s-%02d", family, group + 1);
    } else {
        snprintf(r->name, sizeof r->name, "%s-%02d/trial-%02d", family, group + 1, member);
    }
}

static void plan_run(struct ncm_demo_run *r, int experiment, int index, int64_t now_ms)
{
    r->number = index + 1;
    identify(r, experiment);
    const struct ncm_demo_experiment *e = r->experiment;
    uint64_t seed = ncm_demo_hash(r->id);
    double place = (double)index / e->runs;
    decide_fate(r, version_of(experiment, r->number), place, seed);
    name_run(r, seed);
    ncm_demo_pick(e->users, ncm_demo_mix(seed, 5, 8), r->user, sizeof r->user);

    double minutes = e->minutes * (0.7 + 0.6 * ncm_demo_uniform(ncm_demo_mix(seed, 6, 8)));
    double length = minutes * MINUTE * r->steps / e->steps;
    double slot = (HISTORY - 4 * 60 * MINUTE) / e->runs;
    double start = slot * (index + 0.8 * ncm_demo_uniform(ncm_demo_mix(seed, 7, 8)));
    if (e->children > 0) {
        /* The trials of a sweep start one after another, three at a time. */
        int group = index / e->children, member = index % e->children;
        start = slot * e->children * group + (member + 2) / 3 * e->minutes * MINUTE * 1.35 +
                member * MINUTE;
        if (member == 0) {
            length = (e->children / 3 + 1) * e->minutes * MINUTE * 1.4;
            r->status = "FINISHED";
            r->steps = 0;
            r->deleted = false;
            r->diverges_at = 0;
        }
    }
    r->start_ms = now_ms - (int64_t)(HISTORY - start);
    r->end_ms = r->start_ms + (int64_t)length;
}

double ncm_demo_live_quality(const char *id)
{
    return 0.35 + 0.4 * ncm_demo_uniform(ncm_demo_mix(ncm_demo_hash(id), 2, 8));
}

void ncm_demo_live_run(struct ncm_demo_run *r, int experiment_id, int number, int64_t start_ms)
{
    memset(r, 0, sizeof *r);
    r->number = number;
    identify(r, experiment_id - 1);
    uint64_t seed = ncm_demo_hash(r->id);
    char family[48];
    ncm_demo_pick(r->experiment->families, ncm_demo_mix(seed, 4, 8), family, sizeof family);
    snprintf(r->name, sizeof r->name, "%s-%03d-live", family, number);
    ncm_demo_pick(r->experiment->users, ncm_demo_mix(seed, 5, 8), r->user, sizeof r->user);
    r->quality = ncm_demo_live_quality(r->id);
    r->status = "RUNNING";
    r->live = true;
    r->start_ms = start_ms;
    r->end_ms = INT64_MIN;
}

static int by_start(const void *a, const void *b)
{
    const struct ncm_demo_run *x = a, *y = b;
    if (x->start_ms != y->start_ms) {
        return x->start_ms < y->start_ms ? -1 : 1;
    }
    return strcmp(x->id, y->id);
}

static void find_parents(struct ncm_demo_run *runs, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int size = runs[i].experiment->children;
        int member = size > 0 ? (runs[i].number - 1) % size : 0;
        for (size_t k = 0; member > 0 && k < n; k++) {
            if (runs[k].experiment == runs[i].experiment &&
                runs[k].number == runs[i].number - member) {
                runs[i].parent = (int)k;
            }
        }
    }
}

struct ncm_demo_run *ncm_demo_plan(int64_t now_ms, size_t *n)
{
    size_t count = 2; /* the two that are training */
    for (size_t e = 0; e < ncm_demo_n_experiments; e++) {
        count += (size_t)ncm_demo_experiments[e].runs;
    }
    struct ncm_demo_run *runs = ncm_alloc(count, sizeof *runs);
    size_t at = 0;
    for (int e = 0; e < (int)ncm_demo_n_experiments; e++) {
        for (int i = 0; i < ncm_demo_experiments[e].runs; i++) {
            plan_run(&runs[at++], e, i, now_ms);
        }
    }
    ncm_demo_live_run(&runs[at], 1, ncm_demo_experiments[0].runs + 1,
                      now_ms - (int64_t)(6 * MINUTE));
    runs[at++].steps = 380;
    ncm_demo_live_run(&runs[at], 4, ncm_demo_experiments[3].runs + 1,
                      now_ms - (int64_t)(3 * MINUTE));
    runs[at++].steps = 150;
    qsort(runs, count, sizeof *runs, by_start);
    find_parents(runs, count);
    *n = count;
    return runs;
}
