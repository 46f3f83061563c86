/* A rollout as it happens: from which version to which, every replica of each revision. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#define FEW 8

/* Replicas that belong to the revision; those of no listed one with revision NULL. */
static bool is_of(const struct ncm_deployment *x, const struct ncm_replica *r,
                  const struct ncm_revision *v)
{
    if (v != NULL) {
        return r->revision.len > 0 && ncm_str_eq(r->revision, v->name);
    }
    for (size_t i = 0; i < x->n_revisions; i++) {
        if (is_of(x, r, &x->revisions[i])) {
            return false;
        }
    }
    return true;
}

static size_t count_of(const struct ncm_deployment *x, const struct ncm_revision *v)
{
    size_t n = 0;

    for (size_t i = 0; i < x->n_replicas; i++) {
        n += is_of(x, &x->replicas[i], v);
    }
    return n;
}

/* A sign for each replica, so that a hundred of them are one look. */
static void say_signs(struct flow *f, const struct ncm_deployment *x, const struct ncm_revision *v)
{
    int at = 3;

    if (count_of(x, v) <= FEW) { /* their own rows say the same */
        return;
    }

    for (size_t i = 0; i < x->n_replicas; i++) {
        const struct ncm_replica *r = &x->replicas[i];
        if (!is_of(x, r, v)) {
            continue;
        }
        if (at + 2 >= f->c.w) {
            at = 3;
            f->y++;
        }
        if (f->y >= 0 && f->y < f->c.h) {
            paint(&f->c, f->y, at, common_replica_role(r), 0, common_replica_sign(r));
        }
        at += 2;
    }
    f->y++;
}

static void say_replicas(struct flow *f, const struct ncm_deployment *x,
                         const struct ncm_revision *v)
{
    char text[900], age[40];

    for (size_t i = 0; i < x->n_replicas; i++) {
        const struct ncm_replica *r = &x->replicas[i];
        if (!is_of(x, r, v)) {
            continue;
        }
        common_since_text(age, sizeof age, r->created_ms);
        char restarts[60] = "";
        if (r->restarts > 0) {
            snprintf(restarts, sizeof restarts, _("  restarts: %d"), r->restarts);
        }
        bool why = r->reason.len > 0 && !ncm_str_eq(r->reason, r->phase);
        snprintf(text, sizeof text, "%s  %s  %s%s%s%s", deploy_clean(r->name, 48),
                 deploy_clean(r->phase, 30), age, restarts, why ? "  " : "",
                 why ? deploy_clean(r->reason, 200) : "");
        if (f->y >= 0 && f->y < f->c.h) {
            paint(&f->c, f->y, 3, common_replica_role(r), 0, common_replica_sign(r));
            paint_cut(&f->c, f->y, 5, f->c.w - 6, 0,
                      r->bad           ? ROLE_FAIL
                      : r->terminating ? ROLE_DIM
                                       : ROLE_TEXT,
                      0, text);
        }
        f->y++;
    }
}

static void say_revision(struct flow *f, const struct ncm_deployment *x,
                         const struct ncm_revision *v)
{
    char title[300], version[80], right[120] = "", ready[60], age[40];

    if (v->version.len > 0) {
        snprintf(title, sizeof title, _("%s, revision %s"),
                 common_version_text(version, sizeof version, v->version, 20),
                 deploy_clean(v->revision, 16));
    } else {
        snprintf(title, sizeof title, _("revision %s"), deploy_clean(v->revision, 16));
    }
    common_ready_text(ready, sizeof ready, v->ready, v->desired);
    if (v->created_ms != NCM_NO_TIME && ncm_ms_between(v->created_ms, ncm_now_ms()) < 1000) {
        snprintf(right, sizeof right, _("%s ready · just made"), ready);
    } else {
        snprintf(right, sizeof right, _("%s ready · %s old"), ready,
                 common_since_text(age, sizeof age, v->created_ms));
    }
    flow_head(f, title, right);
    flow_signed(f,
                v->wanted && !v->serving ? ROLE_RUN
                : v->serving             ? ROLE_OK
                                         : ROLE_DIM,
                v->wanted    ? sign(SIGN_ARROW)
                : v->serving ? sign(SIGN_LIVE)
                             : sign(SIGN_DASH),
                v->wanted && v->serving ? _("wanted, and it serves")
                : v->wanted             ? _("wanted; nothing of it serves yet")
                : v->serving            ? _("it still serves")
                                        : _("on its way out"));
    if (v->image.len > 0) {
        flow_text(f, 3, ROLE_DIM, deploy_clean(v->image, 200));
    }
    say_signs(f, x, v);
    say_replicas(f, x, v);
    flow_gap(f);
}

static void say_progress(struct flow *f, const struct ncm_fleet_deployment *x)
{
    char text[300], versions[200];

    if (x->it->rolling && x->it->progress_total > 0) {
        deploy_versions(versions, sizeof versions, x);
        snprintf(text, sizeof text, _("%s: %d of %d new replicas are available"), versions,
                 x->it->progress_done, x->it->progress_total);
        if (f->y >= 0 && f->y < f->c.h) {
            int w = f->c.w >= 60 ? 20 : 8;
            common_bar_paint(&f->c, f->y, 1, w,
                             (double)x->it->progress_done / x->it->progress_total, ROLE_RUN);
            paint_cut(&f->c, f->y, w + 3, f->c.w - w - 4, 0, ROLE_TEXT, 0, text);
        }
        f->y++;
    } else if (x->it->paused) {
        flow_signed(f, ROLE_WARN, common_health_sign(NCM_HEALTH_PAUSED),
                    _("The rollout is paused: :resume-rollout lets it go on."));
    } else {
        flow_signed(f, ROLE_OK, sign(SIGN_CHECK), _("No rollout is under way."));
    }
    if (x->it->reason.len > 0) {
        flow_text(f, 1, x->health == NCM_HEALTH_FAILED ? ROLE_FAIL : ROLE_TEXT,
                  deploy_clean(x->it->reason, 400));
    }
    flow_gap(f);
}

void deploy_say_rollout(struct flow *f, const struct ncm_fleet_deployment *x)
{
    say_progress(f, x);
    for (size_t i = 0; i < x->it->n_revisions; i++) {
        const struct ncm_revision *v = &x->it->revisions[i];
        if (v->wanted || v->serving || count_of(x->it, v) > 0) {
            say_revision(f, x->it, v);
        }
    }
    if (count_of(x->it, NULL) > 0) {
        if (x->it->n_revisions > 0) {
            flow_head(f, _("Other replicas"), NULL);
        }
        say_signs(f, x->it, NULL);
        say_replicas(f, x->it, NULL);
    }
}

void deploy_draw_rollout(struct deploy *d, const struct canvas *c)
{
    struct flow f = flow_begin(c, d->scrolled);

    deploy_say_rollout(&f, deploy_selected(d));
    int total = f.y + d->scrolled;
    d->scroll_max = total > c->h ? total - c->h : 0;
}
