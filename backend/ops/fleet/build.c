#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "ops/fleet/inside.h"

size_t fleet_key(char *out, size_t outsz, const char *a, const char *b, const char *c)
{
    const char *const parts[] = {a, b, c};
    size_t n = 0;
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(parts[i]);
        len = len < outsz - n ? len : outsz - n;
        memcpy(out + n, parts[i], len);
        n += len;
        if (i < 2 && n < outsz) {
            out[n++] = '\0';
        }
    }
    return n;
}

struct ncm_str fleet_text(struct ncm_arena *a, const char *fmt, ...)
{
    char buf[1024];
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(buf, sizeof buf, fmt, args);
    va_end(args);
    return ncm_arena_str(a, buf, n < 0 ? 0 : (size_t)n < sizeof buf ? (size_t)n : sizeof buf - 1);
}

struct ncm_str fleet_v(struct ncm_arena *a, struct ncm_str version)
{
    if (version.p == NULL) {
        return ncm_arena_cstr(a, "–");
    }
    bool number = version.len > 0 && version.p[0] >= '0' && version.p[0] <= '9';
    return number ? fleet_text(a, "v%s", version.p) : version;
}

int fleet_badness(enum ncm_health h, enum ncm_severity worst, bool production)
{
    static const int by_health[] = {
        [NCM_HEALTH_STOPPED] = 0,      [NCM_HEALTH_HEALTHY] = 0,  [NCM_HEALTH_PAUSED] = 8,
        [NCM_HEALTH_PROGRESSING] = 10, [NCM_HEALTH_UNKNOWN] = 20, [NCM_HEALTH_DEGRADED] = 45,
        [NCM_HEALTH_FAILED] = 60,
    };
    /* A warning about what is well and serves comes after everything that is not well, in every list. */
    static const int by_severity[] = {0, 6, 36};
    int bad = by_health[h] + by_severity[worst];
    return bad >= 20 && production ? bad + 20 : bad;
}

/* ---- order ---- */

static enum ncm_severity gravest(const struct ncm_fleet_deployment *f)
{
    return f->n_findings > 0 ? f->findings[0].severity : NCM_SEVERITY_INFO;
}

static int by_badness(const void *x, const void *y)
{
    const struct ncm_fleet_deployment *a = x, *b = y;
    int p = fleet_badness(a->health, gravest(a), false);
    int q = fleet_badness(b->health, gravest(b), false);
    if (p != q) {
        return p > q ? -1 : 1;
    }
    const struct ncm_str order[][2] = {{a->is.model, b->is.model},
                                       {a->it->source, b->it->source},
                                       {a->it->ns, b->it->ns},
                                       {a->it->name, b->it->name},
                                       {a->it->kind, b->it->kind}};
    if ((a->is.model.p == NULL) != (b->is.model.p == NULL)) { /* of no model: last */
        return a->is.model.p == NULL ? 1 : -1;
    }
    for (size_t i = 0; i < sizeof order / sizeof *order; i++) {
        int c = ncm_str_compare(order[i][0], order[i][1]);
        if (c != 0) {
            return c;
        }
    }
    return 0;
}

/* ---- what it borrows from ---- */

static void hold(struct ncm_fleet *f, const void *snapshot)
{
    if (snapshot != NULL) {
        f->held[f->n_held++] = ncm_snapshot_ref(snapshot);
    }
}

static void hold_all(struct ncm_fleet *f, const struct ncm_fleet_in *in)
{
    f->held = ncm_arena_alloc(f->arena, in->n_deployments + in->n_alerts + 4, sizeof *f->held);
    for (size_t i = 0; i < in->n_deployments; i++) {
        hold(f, in->deployments[i]);
    }
    for (size_t i = 0; i < in->n_alerts; i++) {
        hold(f, in->alerts[i]);
    }
    hold(f, in->models);
    hold(f, in->rates);
    hold(f, in->drift);
    hold(f, in->audit);
}

struct ncm_fleet *ncm_fleet_build(const struct ncm_fleet_in *in)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_fleet *f = ncm_alloc(1, sizeof *f);
    struct fleet_work w = {.in = in, .fleet = f, .arena = a};
    f->arena = a;
    hold_all(f, in);
    fleet_read_moves(&w);
    fleet_index_rates(&w);
    fleet_deployments(&w);
    fleet_firing(&w);
    fleet_findings(&w);
    if (f->n_deployments > 1) {
        qsort(f->deployments, f->n_deployments, sizeof *f->deployments, by_badness);
    }
    fleet_rows(&w);
    fleet_events(&w);
    fleet_index_free(&w);
    return f;
}

void ncm_fleet_free(struct ncm_fleet *f)
{
    if (f == NULL) {
        return;
    }
    for (size_t i = 0; i < f->n_held; i++) {
        ncm_snapshot_unref(f->held[i]);
    }
    ncm_arena_free(f->arena);
    ncm_free(f);
}

const struct ncm_fleet_deployment *ncm_fleet_find(const struct ncm_fleet *f, const char *ref,
                                                  const char *kind, bool *ambiguous)
{
    const struct ncm_fleet_deployment *found = NULL;
    size_t n = 0;
    for (size_t i = 0; i < f->n_deployments; i++) {
        const struct ncm_deployment *d = f->deployments[i].it;
        if (ncm_deployment_is(d, ref) && (kind == NULL || ncm_str_is(d->kind, kind))) {
            found = n++ == 0 ? &f->deployments[i] : found;
        }
    }
    if (ambiguous != NULL) {
        *ambiguous = n > 1;
    }
    return found;
}
