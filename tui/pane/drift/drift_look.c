/* A look at other methods, windows, references and thresholds: nothing of the configuration
 * changes, only what is asked for. */
#include "pane/drift/drift.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

static const char *look_done(struct drift *d, const char *name, const char *text)
{
    drift_set(d, name, text[0] != '\0' ? text : NULL);
    ui_dirty(d->ui);
    return NULL;
}

/* Whether the setter takes the text; *wrong gets why not. */
static bool fits(bool (*set)(struct ncm_monitor *m, const char *text, struct ncm_err *err),
                 const char *text, const char **wrong)
{
    static struct ncm_err err;
    struct ncm_monitor m;

    memset(&m, 0, sizeof m);
    bool ok = text[0] == '\0' || set(&m, text, &err);
    ncm_monitor_release(&m);
    *wrong = err.what;
    return ok;
}

static const char *window_done(void *ctx, const char *text, size_t *at)
{
    const char *wrong;

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    return fits(ncm_monitor_set_window, text, &wrong) ? look_done(ctx, "window", text) : wrong;
}

static const char *reference_done(void *ctx, const char *text, size_t *at)
{
    const char *wrong;

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    return fits(ncm_monitor_set_reference, text, &wrong) ? look_done(ctx, "reference", text)
                                                         : wrong;
}

static const char *threshold_done(void *ctx, const char *text, size_t *at)
{
    const char *wrong;

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    return fits(ncm_monitor_set_threshold, text, &wrong) ? look_done(ctx, "threshold", text)
                                                         : wrong;
}

/* "14 15": the reference's version and the current one's. */
static const char *versions_done(void *ctx, const char *text, size_t *at)
{
    struct drift *d = ctx;
    char a[64], b[64], reference[80], current[80], rest;

    if (text == NULL) {
        return NULL;
    }
    *at = strlen(text);
    if (sscanf(text, " %63s %63s %c", a, b, &rest) != 2) {
        return _("two versions, the older one first: 14 15");
    }
    snprintf(reference, sizeof reference, "version:%s", a);
    snprintf(current, sizeof current, "version:%s", b);
    drift_set(d, "reference", reference);
    return look_done(d, "current", current);
}

static void method_done(void *ctx, const size_t *chosen, size_t n)
{
    if (n > 0) {
        look_done(ctx, "method", ncm_drift_methods[chosen[0]].word);
    }
}

static void pick_method(struct drift *d)
{
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    struct ui_pick_item items[64];
    char details[64][120];
    size_t n = 0;

    for (; n < 64 && ncm_drift_methods[n].word != NULL; n++) {
        const struct ncm_drift_method *m = &ncm_drift_methods[n];
        const char *kinds = m->numbers && m->categories ? _("numbers and categories")
                            : m->numbers                ? _("numbers")
                                                        : _("categories");
        snprintf(details[n], sizeof details[0], "%s · %s", _(m->title), kinds);
        items[n] = (struct ui_pick_item){.label = m->word,
                                         .detail = details[n],
                                         .on = f != NULL && ncm_str_is(f->method, m->word)};
    }
    ui_pick(d->ui, _("Measure by (only for a look)"), items, n, false, method_done, d);
}

static void complete_reference(void *ctx, const char *text, size_t cursor,
                               void (*add)(void *to, const char *word, const char *help), void *to)
{
    (void)ctx;
    (void)text;
    (void)cursor;
    add(to, "last week", _("the same hours seven days before"));
    add(to, "trailing 24h", _("the time before each window"));
    add(to, "first", _("the first complete window"));
    add(to, "version:", _("rows that a version answered"));
    add(to, "run:", _("a file among a run's artifacts"));
    add(to, "dataset:", _("the dataset that a run was trained on"));
}

static void ask(struct drift *d, const char *label, const char *initial, const char *arg,
                ui_prompt_done done, ui_complete_fn complete)
{
    size_t at = 0;

    if (arg == NULL || arg[0] == '\0') {
        ui_prompt(d->ui, label, initial, done, complete, d);
        return;
    }
    const char *wrong = done(d, arg, &at);
    if (wrong != NULL) {
        ui_message(d->ui, UI_BAD, "%s", wrong);
    }
}

static void by_method(struct drift *d, const char *arg)
{
    const struct ncm_drift_method *m;
    struct ncm_err err;

    if (arg == NULL || arg[0] == '\0') {
        pick_method(d);
    } else if (ncm_drift_method_named(arg, &m, &err)) {
        look_done(d, "method", m->word);
    } else {
        ui_error(d->ui, &err);
    }
}

bool drift_look_act(struct drift *d, enum ui_action_id action, const char *arg)
{
    const struct ncm_drift_monitor *m = drift_selected(d);
    const struct ncm_drift_feature *f = drift_selected_feature(d);
    char threshold[96] = "", warning[40], number[40], look[400];

    switch (action) {
    case A_METHOD:
        by_method(d, arg);
        return true;
    case A_WINDOW:
        ask(d, _("Windows, for a look (15m, 1h/5m, 1000 rows; empty: as configured):"),
            m != NULL ? ncm_cstr(m->window) : "", arg, window_done, NULL);
        return true;
    case A_REFERENCE:
        ask(d, _("Reference, for a look (empty: as configured):"),
            drift_setting(d, "reference", look, sizeof look), arg, reference_done,
            complete_reference);
        return true;
    case A_THRESHOLD:
        if (f != NULL) {
            ncm_fmt_exact(number, sizeof number, f->critical);
            ncm_fmt_exact(warning, sizeof warning, f->warning);
            snprintf(threshold, sizeof threshold, "%s%s%s", isnan(f->warning) ? "" : warning,
                     isnan(f->warning) ? "" : ", ", isnan(f->critical) ? "" : number);
        }
        ask(d, _("Threshold, for a look (0.25; 0.1, 0.25; learned; empty: as configured):"),
            threshold, arg, threshold_done, NULL);
        return true;
    case A_VERSIONS:
        ask(d, _("Versions to compare, the older one first:"), "", arg, versions_done, NULL);
        return true;
    case A_CONFIGURED:
        drift_set(d, NULL, NULL);
        ui_message(d->ui, UI_INFO, "%s", _("as configured"));
        return true;
    default:
        return false;
    }
}
