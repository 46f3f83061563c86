#include "pane/common_drift.h"

#include <stdio.h>
#include <string.h>

#include "api/text.h"

#define LITTLE 12

/* The feature that is worst now; of equal ones the nearest to its next threshold comes first in a
 * monitor already. */
static const struct ncm_drift_monitor *worst_of(const struct ncm_drift_snapshot *s,
                                                struct ncm_str model, size_t *feature)
{
    const struct ncm_drift_monitor *found = NULL;

    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_drift_monitor *m = &s->items[i];
        for (size_t k = 0; ncm_str_eq(m->model, model) && k < m->n_features; k++) {
            if (found == NULL || m->features[k].state > found->features[*feature].state) {
                found = m;
                *feature = k;
            }
        }
    }
    return found;
}

size_t common_drift_cells(const struct ncm_drift_snapshot *s, struct ncm_str model,
                          struct heat_cell *out, size_t max, const struct ncm_drift_feature **worst)
{
    size_t at = 0;
    const struct ncm_drift_monitor *m = worst_of(s, model, &at);

    if (worst != NULL) {
        *worst = m != NULL ? &m->features[at] : NULL;
    }
    if (m == NULL) {
        return 0;
    }
    const struct ncm_drift_feature *f = &m->features[at];
    size_t n = m->n_windows < max ? m->n_windows : max, first = m->n_windows - n;
    for (size_t i = 0; i < n; i++) {
        const struct ncm_drift_point *p = &f->points[first + i];
        enum heat_state state = (enum heat_state)p->state;
        out[i] = (struct heat_cell){
            .state = state,
            .level = heat_level(state, p->value, f->warning, f->critical, f->side == NCM_BAD_BELOW),
            .open = m->windows[first + i].open};
    }
    return n;
}

enum role common_drift_text(const struct ncm_drift_snapshot *s, struct ncm_str model, char *out,
                            size_t outsz)
{
    static const enum role roles[] = {ROLE_UNKNOWN, ROLE_UNKNOWN, ROLE_UNKNOWN,
                                      ROLE_OK,      ROLE_WARN,    ROLE_FAIL};
    struct heat_cell cells[LITTLE];
    const struct ncm_drift_feature *f;
    char signs[LITTLE * 5 + 1], name[120], value[40];
    size_t n = common_drift_cells(s, model, cells, LITTLE, &f), used = 0;

    out[0] = '\0';
    if (f == NULL) {
        return ROLE_TEXT;
    }
    for (size_t i = 0; i < n; i++) {
        used += ncm_utf8_encode(heat_glyph(&cells[i]), signs + used);
    }
    signs[used] = '\0';
    ncm_text_clip(name, sizeof name, ncm_cstr(f->name), f->name.len, 24);
    ncm_fmt_num(value, sizeof value, f->last, 3);
    snprintf(out, outsz, "%s %s %s", signs, value, name);
    return roles[f->state];
}
