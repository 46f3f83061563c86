/* What the keys of the pane do. */
#include "pane/alerts/alerts.h"

#include <string.h>

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    struct alerts *a = ctx;
    (void)at;
    if (text != NULL) {
        ncm_free(a->filter);
        a->filter = *text != '\0' ? ncm_strdup(text) : NULL;
        alerts_rebuild(a);
        ui_dirty(a->ui);
    }
    return NULL;
}

static void change_alert(struct alerts *a, enum ncm_intent_kind kind)
{
    struct ncm_intent *i = ncm_intent_new(kind);

    ncm_intent_add_object(i, ncm_cstr(alerts_selected(a)->alert->id));
    ui_change(a->ui, i);
}

static void expire(struct alerts *a)
{
    const struct silence_row *s = alerts_selected_silence(a);
    struct ncm_intent *i = ncm_intent_new(NCM_DO_SILENCE_EXPIRE);

    ncm_intent_set(&i->model, alert_sources[s->source]);
    ncm_intent_add_object(i, ncm_cstr(s->silence->id));
    ui_change(a->ui, i);
}

/* What Prometheus raises is silenced where it goes: in Alertmanager. */
static void silence(struct alerts *a, const char *how_long)
{
    const struct ncm_alert *x = alerts_selected(a)->alert;
    const char *source = ncm_str_is(x->source, "ncmlops") ? "ncmlops" : "alertmanager";

    common_silence_labels(&a->asking, a->ui, source, x->labels, x->n_labels, how_long);
}

/* Of its labels, or what is said beside them: ours name the worst feature there. */
static const char *label_of(const struct ncm_alert *x, const char *key)
{
    const struct ncm_kv *kv = ncm_kv_find(x->labels, x->n_labels, key);
    if (kv == NULL) {
        kv = ncm_kv_find(x->annotations, x->n_annotations, key);
    }
    return kv != NULL && kv->value.len > 0 ? ncm_cstr(kv->value) : NULL;
}

static void open_subject(struct alerts *a)
{
    const struct ncm_alert *x = alerts_selected(a)->alert;
    const char *model = label_of(x, "model"), *monitor = label_of(x, "monitor");
    const char *version = label_of(x, "version"), *feature = label_of(x, "feature");
    const struct ncm_kv *told = ncm_kv_find(x->annotations, x->n_annotations, "feature");

    if (feature == NULL && told != NULL && told->value.len > 0) {
        feature = ncm_cstr(told->value); /* of ours: which one is the worst changes */
    }
    const char *deployment = label_of(x, "deployment"), *ns = label_of(x, "namespace");
    if (model == NULL && deployment != NULL) {
        char *ref = ns != NULL ? ncm_sprintf("%s/%s", ns, deployment) : ncm_strdup(deployment);
        ui_open(a->ui, OBJ_DEPLOYMENT, ref, NULL);
        ncm_free(ref);
    } else if (model != NULL && monitor != NULL) {
        char *id = ncm_sprintf("%s/%s", model, monitor);
        char *name = ncm_strdup(feature);
        ui_open(a->ui, OBJ_DRIFT, id, name);
        ncm_free(id);
        ncm_free(name);
    } else if (model != NULL) {
        ui_open(a->ui, version != NULL ? OBJ_VERSION : OBJ_MODEL, model, version);
    } else {
        ui_message(a->ui, UI_INFO, "%s", _("The alert's labels name no model and no deployment to open."));
    }
}

static void show_text(struct alerts *a)
{
    struct ncm_buf b;

    ncm_buf_init(&b, 1 << 20);
    alerts_text(a, &b);
    ui_show_text(a->ui, a->part == 0 ? _("Alert") : _("Silence"), b.p);
    ncm_buf_release(&b);
}

static bool move(struct alerts *a, enum ui_action_id action)
{
    struct table_model m = a->part == 0 ? alerts_model(a) : alerts_silence_model(a);

    if (!table_act(a->part == 0 ? &a->table : &a->silence_table, &m, action)) {
        return false;
    }
    alerts_remember(a);
    a->preview.top = 0;
    return true;
}

static void copy(struct alerts *a, bool row)
{
    struct ncm_buf b;
    const struct alert_row *r = alerts_selected(a);

    ncm_buf_init(&b, 1 << 20);
    if (row || r == NULL || a->part == 1) {
        alerts_text(a, &b);
    } else {
        ncm_buf_puts(&b, ncm_cstr(r->alert->id));
    }
    ui_copy(a->ui, b.p, _("alert"));
    ncm_buf_release(&b);
}

static void refresh(struct alerts *a)
{
    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        if (a->alert[i].want != NULL) {
            ncm_want_refresh(a->alert[i].want);
            ncm_want_refresh(a->silence[i].want);
        }
    }
}

bool alerts_act(struct alerts *a, enum ui_action_id action, const char *arg)
{
    ui_dirty(a->ui);
    switch (action) {
    case A_OPEN:
    case A_DETAILS:
        show_text(a);
        return true;
    case A_NEXT_PART:
    case A_PREV_PART:
        a->part = !a->part;
        a->preview.top = 0;
        return true;
    case A_FILTER:
        ui_prompt(a->ui, "/",
                  arg != NULL         ? arg
                  : a->filter != NULL ? a->filter
                                      : "",
                  filter_done, NULL, a);
        return true;
    case A_RESOLVED:
        a->over = !a->over;
        alerts_enter(a);
        alerts_rebuild(a);
        return true;
    case A_FULL:
        a->full = !a->full;
        return true;
    case A_ACKNOWLEDGE:
        change_alert(a, NCM_DO_ALERT_ACK);
        return true;
    case A_RESOLVE:
        change_alert(a, NCM_DO_ALERT_RESOLVE);
        return true;
    case A_SILENCE:
        silence(a, arg);
        return true;
    case A_EXTEND:
        common_silence_extend(&a->asking, a->ui, alert_sources[alerts_selected_silence(a)->source],
                              alerts_selected_silence(a)->silence, arg);
        return true;
    case A_EXPIRE:
        expire(a);
        return true;
    case A_SUBJECT:
        open_subject(a);
        return true;
    case A_COPY:
    case A_COPY_ROW:
        copy(a, action == A_COPY_ROW);
        return true;
    case A_REFRESH:
        refresh(a);
        return true;
    default:
        return move(a, action);
    }
}

static bool can_alert(const struct alerts *a, enum ui_action_id action, const char **reason)
{
    const struct alert_row *r = alerts_selected(a);

    if (r == NULL) {
        *reason = _("there is no alert");
        return false;
    }
    bool ours = ncm_str_is(r->alert->source, "ncmlops");
    if (!ours && (action == A_ACKNOWLEDGE || action == A_RESOLVE)) {
        *reason = _("that system knows no acknowledging: S silences it");
        return false;
    }
    if (r->alert->state == NCM_ALERT_RESOLVED && action != A_SUBJECT && action != A_OPEN &&
        action != A_DETAILS) {
        *reason = _("it is over");
        return false;
    }
    return true;
}

bool alerts_can(struct alerts *a, enum ui_action_id action, const char **reason)
{
    const struct silence_row *s = alerts_selected_silence(a);
    bool row = action == A_OPEN || action == A_DETAILS || action == A_COPY || action == A_COPY_ROW;

    if (a->part == 0) {
        bool alone = action == A_ACKNOWLEDGE || action == A_RESOLVE || action == A_SILENCE ||
                     action == A_SUBJECT;
        return (!alone && !row) || can_alert(a, row ? A_OPEN : action, reason);
    }
    if (action == A_SILENCE) {
        *reason = _("choose an alert to silence: Tab");
        return false;
    }
    bool needs = row || action == A_EXTEND || action == A_EXPIRE;
    if (needs && s == NULL) {
        *reason = _("there is no silence");
        return false;
    }
    if (action == A_EXPIRE && s->silence->state == NCM_SILENCE_EXPIRED) {
        *reason = _("it is over");
        return false;
    }
    return true;
}
