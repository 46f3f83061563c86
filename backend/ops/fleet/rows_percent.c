/* How the traffic of a model divides between its versions. */
#include <math.h>

#include "ops/fleet/rows.h"

static bool serves(const struct ncm_fleet_deployment *f)
{
    return f->it->health != NCM_HEALTH_STOPPED && !ncm_str_is(f->it->kind, "CronJob") &&
           !ncm_str_is(f->it->kind, "Job");
}

/* Splits between several deployments are told by each of them: they count once. */
static bool is_first_of_split(struct ncm_map *seen, const struct ncm_fleet_deployment *f)
{
    size_t ignored, len = 0;
    char *targets = ncm_sprintf("%s", "");
    char key[1500];
    for (size_t i = 0; i < f->n_traffic; i++) {
        char *more = ncm_sprintf("%s\2%s", targets, ncm_cstr(f->traffic[i].target));
        ncm_free(targets);
        targets = more;
    }
    char *place = ncm_sprintf("%s\2%s", ncm_cstr(f->it->source), ncm_cstr(f->it->ns));
    len = fleet_key(key, sizeof key, place, targets, "");
    bool first = !ncm_map_get(seen, key, len, &ignored);
    ncm_map_set(seen, key, len, 1);
    ncm_free(place);
    ncm_free(targets);
    return first;
}

struct shares {
    double all;     /* weights of all that serve the model */
    bool weighed;   /* every one of them is counted: weights are requests a second */
    size_t unsplit; /* that serve without anything said of a split */
    bool one;       /* … and all of them one version */
    struct ncm_str version;
    struct ncm_list groups; /* const struct ncm_fleet_deployment *: first of a split, or alone */
};

static double split_rps(const struct ncm_fleet_deployment *f)
{
    double sum = 0;
    for (size_t i = 0; i < f->n_traffic; i++) {
        sum += f->traffic[i].rates.rps;
    }
    return f->n_traffic > 0 ? sum : f->rates.rps;
}

static void gather_groups(struct fleet_rows_work *g, const struct fleet_made *rows, size_t n,
                          struct shares *s)
{
    struct ncm_map *seen = ncm_map_new();
    struct ncm_map *used = ncm_map_new();
    s->weighed = s->one = true;
    for (size_t r = 0; r < n; r++) {
        for (size_t i = 0; i < rows[r].deployments.n; i++) {
            size_t at = ((const size_t *)rows[r].deployments.items)[i], ignored;
            const struct ncm_fleet_deployment *f = &g->w->fleet->deployments[at];
            if (ncm_map_get(used, (const char *)&at, sizeof at, &ignored) || !serves(f)) {
                continue;
            }
            ncm_map_set(used, (const char *)&at, sizeof at, 1);
            if (f->n_traffic > 0 && !is_first_of_split(seen, f)) {
                continue;
            }
            *(const struct ncm_fleet_deployment **)ncm_list_add(&s->groups) = f;
            s->weighed = s->weighed && split_rps(f) >= 0;
            if (f->n_traffic == 0) {
                s->one = s->one && (s->unsplit == 0 || ncm_str_eq(s->version, f->is.version));
                s->version = f->is.version;
                s->unsplit++;
            }
        }
    }
    ncm_map_free(seen);
    ncm_map_free(used);
}

/* Where nobody asks at the moment, every split counts the same. */
static void weigh(struct shares *s)
{
    const struct ncm_fleet_deployment *const *groups = s->groups.items;
    double all = 0;
    for (size_t i = 0; s->weighed && i < s->groups.n; i++) {
        all += split_rps(groups[i]);
    }
    s->weighed = s->weighed && all > 0;
}

static struct fleet_made *find_row(struct fleet_made *rows, size_t n, struct ncm_str version)
{
    for (size_t i = 0; i < n; i++) {
        if (ncm_str_eq(rows[i].row.version, version)) {
            return &rows[i];
        }
    }
    return NULL;
}

static void share(struct fleet_made *m, double weight, double percent)
{
    if (m != NULL) {
        m->share += weight * percent;
        m->share_known = m->share_known && !isnan(percent);
    }
}

void fleet_fill_percents(struct fleet_rows_work *g, struct fleet_made *rows, size_t n)
{
    struct shares s = {.groups = {.size = sizeof(const struct ncm_fleet_deployment *)}};
    gather_groups(g, rows, n, &s);
    weigh(&s);
    const struct ncm_fleet_deployment *const *groups = s.groups.items;
    bool tells =
        s.weighed || (s.unsplit == s.groups.n && s.one) || s.unsplit == 0 || s.groups.n == 1;
    for (size_t i = 0; i < s.groups.n; i++) {
        const struct ncm_fleet_deployment *f = groups[i];
        double weight = s.weighed ? split_rps(f) : 1;
        s.all += weight;
        for (size_t k = 0; k < f->n_traffic; k++) {
            share(find_row(rows, n, f->traffic[k].version), weight, f->traffic[k].percent);
        }
        if (f->n_traffic == 0) {
            share(find_row(rows, n, f->is.version), weight, 100);
        }
    }
    for (size_t r = 0; r < n; r++) {
        if (rows[r].deployments.n > 0 && tells && rows[r].share_known && s.all > 0) {
            rows[r].row.percent = rows[r].share / s.all;
        }
    }
    ncm_free(s.groups.items);
}
