/* Carrying changes out over an API that has no transactions: everything is compared, then checked
 * by the rules, then written one after another, and taken back where one fails. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mlflow_rest/apply.h"

bool rest_compare(struct rest_writer *w, const struct ncm_change *ch, struct ncm_err *err)
{
    char *now;
    if (!rest_now(w, ch, &now, err)) {
        return false;
    }
    bool ok = ch->any_from || ch->kind == NCM_CH_VERSION_CREATE || ncm_change_same(now, ch->from) ||
              ncm_change_conflict(ch, now, err);
    ncm_free(now);
    return ok;
}

/* An earlier change of the list makes what this one expects. */
static bool made_before(const struct ncm_changes *c, size_t which)
{
    const struct ncm_change *ch = &c->items[which];
    for (size_t i = 0; i < which; i++) {
        const struct ncm_change *o = &c->items[i];
        bool same_object = o->object != NULL && ncm_change_same(o->object, ch->object);
        if (same_object && ch->kind == NCM_CH_MODEL_DELETE && o->kind == NCM_CH_VERSION_DELETE) {
            return true;
        }
        if (same_object && o->kind == ch->kind && ncm_change_same(o->version, ch->version) &&
            ncm_change_same(o->key, ch->key)) {
            return true;
        }
    }
    return false;
}

/* Stages of one model alone are compared as a group, right before they are written. */
static bool is_one_group(const struct ncm_changes *c)
{
    for (size_t i = 0; i < c->n; i++) {
        if (c->items[i].kind != NCM_CH_VERSION_STAGE ||
            strcmp(c->items[i].object, c->items[0].object) != 0) {
            return false;
        }
    }
    return true;
}

static bool compare_all(struct rest_writer *w, struct ncm_err *err)
{
    if (is_one_group(w->changes)) {
        return true;
    }
    for (size_t i = 0; i < w->changes->n; i++) {
        const struct ncm_change *ch = &w->changes->items[i];
        /* Points are not compared, and what is not there yet has nothing to compare. */
        bool anew = ch->kind == NCM_CH_RUN_METRIC || ch->kind == NCM_CH_RUN_CREATE ||
                    ncm_change_of_new_run(ch);
        if (!anew && !made_before(w->changes, i) && !rest_compare(w, ch, err)) {
            return false;
        }
    }
    return true;
}

static bool check_all(struct rest_writer *w, struct ncm_err *err)
{
    for (size_t i = 0; i < w->changes->n; i++) {
        if (!rest_rules(w, &w->changes->items[i], err)) {
            return false;
        }
    }
    return true;
}

/* The change at i, or the group that begins there; *n is how many that are. */
static bool write_at(struct rest_writer *w, size_t i, size_t *n, struct ncm_err *err)
{
    const struct ncm_change ch = ncm_change_for_run(&w->changes->items[i], w->new_run);
    *n = 1;
    switch (ch.kind) {
    case NCM_CH_VERSION_STAGE:
        return rest_stages(w, i, n, err);
    case NCM_CH_RUN_CREATE:
        return rest_new_run(w, i, n, err);
    case NCM_CH_RUN_METRIC:
        return rest_points(w, i, n, err);
    default:
        /* Looked at again right before, where other requests lie between. */
        return (i == 0 || rest_compare(w, &ch, err)) &&
               rest_write(w, &ch, false, &w->steps[i], err);
    }
}

static bool write_all(struct rest_writer *w, struct ncm_err *err)
{
    size_t n;
    for (size_t i = 0; i < w->changes->n; i += n) {
        if (!write_at(w, i, &n, err)) {
            return false;
        }
    }
    return true;
}

static void fill_receipt(struct rest_writer *w)
{
    struct ncm_receipt *r = w->receipt;
    r->time_ms = ncm_now_ms();
    for (size_t i = 0; i < w->changes->n; i++) {
        const struct rest_step *step = &w->steps[i];
        if (step->fate != REST_DONE) {
            continue;
        }
        if (w->changes->items[i].kind == NCM_CH_VERSION_CREATE) {
            snprintf(r->new_version, sizeof r->new_version, "%.31s", step->created);
        } else if (w->changes->items[i].kind == NCM_CH_EXPERIMENT_CREATE ||
                   w->changes->items[i].kind == NCM_CH_RUN_CREATE) {
            snprintf(r->new_id, sizeof r->new_id, "%s", step->created);
        }
        r->time_ms = step->time_ms != NCM_NO_TIME ? step->time_ms : r->time_ms;
    }
}

bool rest_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
                const struct ncm_control *control, struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_receipt unused = {0};
    struct rest_writer w = {.c = c,
                            .control = control,
                            .mark = mark,
                            .receipt = receipt != NULL ? receipt : &unused,
                            .changes = changes,
                            .now_ms = ncm_now_ms()};
    memset(w.receipt, 0, sizeof *w.receipt);
    ncm_http_ready(c->http);
    if (!rest_learn(c, control, err)) {
        return false;
    }
    w.steps = ncm_alloc(changes->n + 1, sizeof *w.steps);
    for (size_t i = 0; i < changes->n; i++) {
        w.steps[i].time_ms = NCM_NO_TIME;
    }
    bool ok = compare_all(&w, err) && check_all(&w, err) && write_all(&w, err);
    if (ok) {
        rest_leave_marks(&w);
    } else {
        rest_take_back(&w, err);
    }
    fill_receipt(&w);
    ncm_free(w.steps);
    return ok;
}
