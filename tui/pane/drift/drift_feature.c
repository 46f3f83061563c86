/* One feature: the curve always, beside or below it as many parts as there is room for. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *const part_names[N_PARTS] = {N_("Distribution"),
                                                N_("Quantiles against quantiles"), N_("Figures"),
                                                N_("Findings"), N_("Over time")};

static void draw_title(const struct drift *d, const struct canvas *c)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    char title[256], right[256], name[120], state[64], age[32], settings[160];

    ncm_text_clip_middle(name, sizeof name, ncm_cstr(f->name), f->name.len, 40);
    snprintf(title, sizeof title, "%s", name);
    drift_state_text(state, sizeof state, f->state);
    if (f->since_ms != NCM_NO_TIME) {
        ncm_fmt_age(age, sizeof age, ncm_ms_between(f->since_ms, ncm_now_ms()));
        snprintf(right, sizeof right, _("%s since %s"), state, age);
    } else {
        snprintf(right, sizeof right, "%s", state);
    }
    if (drift_looked_at(d, m)) {
        ncm_text_clip(settings, sizeof settings, d->settings, strlen(d->settings),
                      c->w > 100 ? 60 : 24);
        snprintf(right, sizeof right, _("what if %s"), settings);
    }
    paint_head(c, 0, title, right, true);
}

/* One line of the figures of the window that is looked at. */
static void draw_summary(const struct drift *d, const struct canvas *c, int y)
{
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    const struct ncm_drift_feature_snapshot *s = drift_column(d);
    char a[40], b[40], e[40], text[512], method[80];
    size_t used = 0;

    if (s == NULL) {
        const struct ncm_err *err =
            d->feature.want != NULL ? ncm_want_error(d->feature.want) : NULL;
        paint_cut(c, y, 1, c->w - 2, 0, err != NULL ? ROLE_WARN : ROLE_DIM, 0,
                  err != NULL ? err->what : _("loading…"));
        return;
    }
    const struct ncm_drift_column *k = &s->column;
    if (k->why.p != NULL) {
        paint_raw(c, y, 1, c->w - 2, 0, ROLE_WARN, 0, k->why);
        return;
    }
    ncm_text_clip(method, sizeof method, ncm_cstr(k->method), k->method.len, 30);
    used += (size_t)snprintf(text, sizeof text, "%s %s", method,
                             drift_number(a, sizeof a, k->statistic));
    if (isfinite(k->p_value)) {
        used += (size_t)snprintf(text + used, sizeof text - used, " · p %s",
                                 drift_number(a, sizeof a, k->p_value));
    }
    if (isfinite(k->effect) && k->effect_name.p != NULL) {
        ncm_text_clip(b, sizeof b, ncm_cstr(k->effect_name), k->effect_name.len, 16);
        used += (size_t)snprintf(text + used, sizeof text - used, " · %s %s", b,
                                 drift_number(a, sizeof a, k->effect));
    }
    used += (size_t)snprintf(text + used, sizeof text - used, _(" · thresholds %s"),
                             drift_threshold_text(e, sizeof e, f));
    used += (size_t)snprintf(text + used, sizeof text - used, _(" · %s against %s rows"),
                             ncm_fmt_count(a, sizeof a, k->cur.rows),
                             ncm_fmt_count(b, sizeof b, k->ref.rows));
    if (k->small_sample && used < sizeof text) {
        used += (size_t)snprintf(text + used, sizeof text - used, " · %s", _("small sample"));
    }
    if (k->reference_constant && used < sizeof text) {
        snprintf(text + used, sizeof text - used, " · %s", _("the reference is constant"));
    }
    paint_cut(c, y, 1, c->w - 2, 0, drift_role(k->state), ATTR_BOLD, text);
}

static void part_head(const struct drift *d, enum drift_part part, const struct canvas *c,
                      bool alone, bool focused)
{
    char right[80] = "";

    if (alone) {
        snprintf(right, sizeof right, "%s %s  %d/%d", keymap_label(A_PREV_TAB),
                 keymap_label(A_NEXT_TAB), (int)part + 1, d->curve_always ? N_PARTS - 1 : N_PARTS);
    }
    paint_head(c, 0, _(part_names[part]), right, focused);
}

static void draw_one(struct drift *d, enum drift_part part, const struct canvas *c, bool alone)
{
    struct canvas body = canvas_part(c, 1, 0, -1, -1);
    bool focused = d->part == part;

    part_head(d, part, c, alone, focused);
    if (part == PART_CURVE) {
        drift_draw_curve(d, &body, focused);
    } else {
        drift_draw_part(d, part, &body, focused);
        if (d->feature.old) {
            paint_fade(&body);
        }
    }
}

/* Everything at once: the curve and the figures above, the two pictures below. */
static void draw_all(struct drift *d, const struct canvas *c)
{
    const struct ncm_drift_feature_snapshot *s = drift_column(d);
    int left = c->w * 3 / 5;
    size_t n = s != NULL ? s->column.n_findings : 0;
    int findings = n > 0 ? (n < 4 ? (int)n : 4) + 1 : 0;
    int upper = (c->h - findings) / 2;
    struct canvas a = canvas_part(c, 0, 0, upper, left - 1), b = canvas_part(c, 0, left, upper, -1);
    int lower = c->h - findings - upper;
    struct canvas e = canvas_part(c, upper, 0, lower, left - 1);
    struct canvas f = canvas_part(c, upper, left, lower, -1);

    draw_one(d, PART_CURVE, &a, false);
    draw_one(d, PART_TABLE, &b, false);
    draw_one(d, PART_HISTOGRAM, &e, false);
    draw_one(d, PART_QQ, &f, false);
    if (findings > 0) {
        struct canvas g = canvas_part(c, upper + lower, 0, findings, -1);
        draw_one(d, PART_FINDINGS, &g, false);
    }
}

void drift_draw_feature(struct drift *d, const struct canvas *c)
{
    if (drift_selected_feature(d) == NULL) {
        paint_head(c, 0, d->feature_name != NULL ? _("Drift") : "", NULL, true);
        const struct ncm_drift_monitor *m = drift_selected(d);
        if (m != NULL && m->error.p != NULL) {
            paint_raw(c, 2, 2, c->w - 4, 0, ROLE_FAIL, 0, m->error);
            return;
        }
        bool loads = d->all.snap == NULL || (d->settings != NULL && d->look.snap == NULL);
        paint(c, 2, 2, ROLE_DIM, 0,
              loads ? _("loading…") : _("This feature is not watched any more."));
        return;
    }
    draw_title(d, c);
    draw_summary(d, c, 1);
    struct canvas body = canvas_part(c, 2, 0, -1, -1);
    d->curve_always = true;
    if (body.h < 12 && body.w < 120) {
        d->curve_always = false;
        draw_one(d, d->part, &body, true);
    } else if (body.w >= 150 && body.h >= 30) {
        draw_all(d, &body);
    } else {
        enum drift_part part = d->part == PART_CURVE ? PART_HISTOGRAM : d->part;
        bool beside = body.w >= 120;
        int upper = beside ? body.h : body.h * 9 / 20 < 7 ? 7 : body.h * 9 / 20;
        struct canvas a = canvas_part(&body, 0, 0, upper, beside ? body.w / 2 - 1 : -1);
        struct canvas b = canvas_part(&body, beside ? 0 : upper, beside ? body.w / 2 : 0, -1, -1);
        drift_draw_curve(d, &a, false);
        draw_one(d, part, &b, true);
    }
}
