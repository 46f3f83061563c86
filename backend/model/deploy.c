#include "model/deploy.h"

#include <math.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"

const char *ncm_health_word(enum ncm_health h)
{
    static const char *const words[] = {"stopped", "healthy",  "paused", "progressing",
                                        "unknown", "degraded", "failed"};
    return words[h];
}

const char *ncm_deploy_act_word(enum ncm_deploy_act act)
{
    static const char *const words[NCM_N_ACTS] = {"scale",   "restart", "pause", "rollback",
                                                  "traffic", "version", "logs"};
    return words[act];
}

const char *ncm_deploy_act_label(enum ncm_deploy_act act)
{
    static const char *const labels[NCM_N_ACTS] = {
        N_("scale"),   N_("restart"),         N_("pause and resume"), N_("roll back"),
        N_("traffic"), N_("set the version"), N_("read logs")};
    return _(labels[act]);
}

bool ncm_revision_left(const struct ncm_deployment *d, const struct ncm_revision *r)
{
    for (size_t i = 0; i < d->n_revisions && !r->wanted; i++) {
        const struct ncm_revision *runs = &d->revisions[i];
        if (runs->wanted && runs->created_ms != NCM_NO_TIME && r->created_ms != NCM_NO_TIME) {
            return r->created_ms > runs->created_ms;
        }
    }
    return false;
}

struct ncm_deployment_box *ncm_deployment_box_new(void)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_deployment_box *b = ncm_alloc(1, sizeof *b);
    atomic_init(&b->users, 1);
    b->arena = a;
    b->until_ms = INT64_MAX;
    struct ncm_deployment *d = &b->it;
    d->desired = d->ready = d->updated = d->available = -1;
    d->health = NCM_HEALTH_UNKNOWN;
    d->health_since_ms = d->created_ms = d->rolled_ms = NCM_NO_TIME;
    d->last_run_ms = d->next_run_ms = NCM_NO_TIME;
    d->rates = ncm_rates_unknown();
    d->probe.alive = d->probe.ready = d->probe.model_ready = -1;
    d->probe.latency_ms = d->probe.test_ms = (double)NAN;
    d->probe.at_ms = NCM_NO_TIME;
    d->autoscaler.desired = -1;
    return b;
}

struct ncm_deployment_box *ncm_deployment_box_share(struct ncm_deployment_box *b)
{
    atomic_fetch_add(&b->users, 1);
    return b;
}

void ncm_deployment_box_drop(struct ncm_deployment_box *b)
{
    if (b != NULL && atomic_fetch_sub(&b->users, 1) == 1) {
        ncm_arena_free(b->arena);
        ncm_free(b);
    }
}

static void drop_boxes(struct ncm_snapshot *head)
{
    struct ncm_deployments_snapshot *s = (struct ncm_deployments_snapshot *)head;
    for (size_t i = 0; i < s->n; i++) {
        ncm_deployment_box_drop(s->items[i]);
    }
}

struct ncm_deployments_snapshot *ncm_deployments_snapshot_new(size_t n)
{
    struct ncm_deployments_snapshot *s = ncm_snapshot_new(NCM_T_DEPLOYMENTS, sizeof *s);
    s->items = ncm_arena_alloc(s->head.arena, n, sizeof(struct ncm_deployment_box *));
    s->n = n;
    s->head.release = drop_boxes;
    return s;
}

char *ncm_deployment_ref(const struct ncm_deployment *d)
{
    return ncm_sprintf("%s/%s/%s", ncm_cstr(d->source), ncm_cstr(d->ns), ncm_cstr(d->name));
}

/* Whether `text` ends in /part or is it; *rest gets the length before. */
static bool ends_in(const char *text, size_t len, struct ncm_str part, size_t *rest)
{
    const char *p = ncm_cstr(part);
    size_t n = strlen(p);
    if (len < n || memcmp(text + len - n, p, n) != 0) {
        return false;
    }
    if (len == n) {
        *rest = 0;
        return true;
    }
    *rest = len - n - 1;
    return text[len - n - 1] == '/';
}

bool ncm_deployment_is(const struct ncm_deployment *d, const char *ref)
{
    const size_t len = strlen(ref);
    size_t before;
    if (!ends_in(ref, len, d->name, &before)) {
        return false;
    }
    if (before == 0 && strchr(ref, '/') == NULL) {
        return true;
    }
    return ends_in(ref, before, d->ns, &before) &&
           (before == 0 || ends_in(ref, before, d->source, &before)) && before == 0;
}

const struct ncm_deployment *ncm_deployments_find(const struct ncm_deployments_snapshot *s,
                                                  const char *ref, const char *kind,
                                                  bool *ambiguous)
{
    const struct ncm_deployment *found = NULL;
    *ambiguous = false;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_deployment *d = &s->items[i]->it;
        if (ncm_deployment_is(d, ref) && (kind == NULL || ncm_str_is(d->kind, kind))) {
            *ambiguous = found != NULL;
            found = found != NULL ? found : d;
        }
    }
    return found;
}
