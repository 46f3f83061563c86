/* Alerts of all sources, and what one does about them. */
#include <math.h>
#include <string.h>

#include "api/alert.h"
#include "cli.h"

enum { SOURCES = 3 };
static const char *const source_names[SOURCES] = {"ncmlops", "alertmanager", "prometheus"};

struct found {
    const struct ncm_alerts_snapshot *of[SOURCES];
    const struct ncm_alert **items;
    size_t n;
};

/* A source that the context does not name has none. */
static bool absent(const struct ncm_err *err)
{
    return err->code == NCM_UNSUPPORTED || err->code == NCM_NOT_FOUND;
}

/* Prometheus' alerts that Alertmanager has too are shown once, as Alertmanager's. */
static bool is_double(const struct found *f, const struct ncm_alert *x, size_t source)
{
    const struct ncm_alerts_snapshot *am = f->of[1];
    for (size_t i = 0; source == 2 && am != NULL && i < am->n; i++) {
        if (ncm_str_eq(am->items[i].rule, x->rule) &&
            ncm_str_eq(am->items[i].subject, x->subject)) {
            return true;
        }
    }
    return false;
}

static bool ask(struct cli *c, size_t source, bool all, struct found *f, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_ALERTS);
    q->id = ncm_strdup(source_names[source]);
    q->view = all ? NCM_VIEW_ALL : NCM_VIEW_ACTIVE;
    struct ncm_err why = {0};
    f->of[source] = cli_ask(c, q, &why);
    if (f->of[source] == NULL && !absent(&why)) {
        *err = why;
        return false;
    }
    return true;
}

/* What one source does not answer does not hide what the others say. */
static bool find_all(struct cli *c, bool all, struct found *f, struct ncm_err *err)
{
    size_t n = 0;
    bool ok = true;
    for (size_t i = 0; i < SOURCES; i++) {
        struct ncm_err why = {0};
        if (!ask(c, i, all, f, &why)) {
            cli_note(c, "ncmlops: %s: %s", source_names[i], why.what);
            *err = why;
            ok = false;
        }
        n += f->of[i] != NULL ? f->of[i]->n : 0;
    }
    f->items = ncm_alloc(n + 1, sizeof(struct ncm_alert *));
    for (size_t i = 0; i < SOURCES; i++) {
        for (size_t k = 0; f->of[i] != NULL && k < f->of[i]->n; k++) {
            if (!is_double(f, &f->of[i]->items[k], i)) {
                f->items[f->n++] = &f->of[i]->items[k];
            }
        }
    }
    return ok || f->n > 0;
}

static void alert_json(struct ncm_json *j, const void *item)
{
    const struct ncm_alert *x = *(const struct ncm_alert *const *)item;
    ncm_json_obj(j);
    cli_json_str(j, "id", x->id);
    cli_json_str(j, "rule", x->rule);
    cli_json_text(j, "severity", ncm_severity_word(x->severity));
    cli_json_text(j, "state", ncm_alert_state_word(x->state));
    cli_json_str(j, "subject", x->subject);
    cli_json_str(j, "summary", x->summary);
    ncm_json_key(j, "value");
    cli_json_value(j, &x->value);
    ncm_json_key(j, "threshold");
    cli_json_value(j, &x->threshold);
    cli_json_time(j, "since", x->since_ms);
    cli_json_time(j, "until", x->until_ms);
    cli_json_str(j, "source", x->source);
    cli_json_kvs(j, "labels", x->labels, x->n_labels);
    cli_json_str(j, "acknowledged_by", x->ack_actor);
    cli_json_str(j, "note", x->ack_note);
    cli_json_strs(j, "silenced_by", x->silenced_by, x->n_silenced_by);
    ncm_json_end_obj(j);
}

static const struct cli_column alert_columns[] = {
    {N_("ID"), false},    {N_("SEVERITY"), false}, {N_("STATE"), false},  {N_("RULE"), false},
    {N_("SINCE"), false}, {N_("SOURCE"), false},   {N_("BY"), false},     {N_("SUMMARY"), false},
};

static void alert_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_alert *x = *(const struct ncm_alert *const *)item;
    cli_cell(cells, x->id);
    cli_cell_text(cells, ncm_severity_word(x->severity));
    cli_cell_text(cells, ncm_alert_state_word(x->state));
    cli_cell(cells, x->rule);
    cli_cell_time(cells, x->since_ms);
    cli_cell(cells, x->source);
    cli_cell(cells, x->ack_actor);
    cli_cell(cells, x->summary);
}

bool cli_alerts(struct cli *c, struct ncm_err *err)
{
    struct found f = {0};
    if (!find_all(c, cli_flag(c, "all"), &f, err)) {
        ncm_free(f.items);
        return false;
    }
    struct cli_array array = {f.items, sizeof *f.items};
    struct cli_list l = {
        .columns = alert_columns,
        .n_columns = sizeof alert_columns / sizeof alert_columns[0],
        .n = f.n,
        .ctx = &array,
        .at = cli_array_at,
        .json = alert_json,
        .cells = alert_cells,
        .nothing = _("nothing fires"),
    };
    bool ok = cli_print_list(c, &l, err);
    for (size_t i = 0; i < f.n && cli_flag(c, "exit-code"); i++) {
        if (f.items[i]->state == NCM_ALERT_FIRING) {
            c->status = 10;
        }
    }
    ncm_free(f.items);
    return ok;
}

static const struct ncm_alert *find_one(const struct found *f, const char *id)
{
    for (size_t i = 0; i < f->n; i++) {
        if (ncm_str_is(f->items[i]->id, id)) {
            return f->items[i];
        }
    }
    return NULL;
}

/* Silences an alert by its own labels, where its source takes silences. */
static bool fill_silence(const struct cli *c, const struct ncm_alert *x, struct ncm_intent *in,
                         struct ncm_err *err)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_buf text;
    size_t n;
    if (ncm_str_is(x->source, "prometheus")) {
        ncm_arena_free(a);
        return ncm_fail(err, NCM_UNSUPPORTED, "%s",
                        _("Prometheus itself knows no silences: its Alertmanager does"));
    }
    struct ncm_matcher *m = ncm_matchers_propose(x->labels, x->n_labels, a, &n);
    ncm_buf_init(&text, 1 << 16);
    ncm_matchers_format(m, n, &text);
    ncm_intent_set(&in->key, text.p);
    ncm_intent_set(&in->to, cli_value(c, "for") != NULL ? cli_value(c, "for") : "2h");
    ncm_intent_set(&in->model, ncm_cstr(x->source));
    ncm_buf_release(&text);
    ncm_arena_free(a);
    return true;
}

static bool intent_of(const struct cli *c, const struct found *f, struct ncm_intent **out,
                      struct ncm_err *err)
{
    const char *word = c->command->name + strlen("alert ");
    const char *id = c->words[0];
    const struct ncm_alert *x = find_one(f, id);
    if (x == NULL) {
        return ncm_fail(err, NCM_NOT_FOUND, _("There is no alert %s"), id);
    }
    bool silence = strcmp(word, "silence") == 0;
    if (!silence && !ncm_str_is(x->source, "ncmlops")) {
        ncm_fail(err, NCM_UNSUPPORTED, _("%s knows no such thing: only ours are acknowledged and"
                                         " resolved by hand"),
                 ncm_cstr(x->source));
        return ncm_hint(err, "%s", _("alert silence keeps it quiet for a time"));
    }
    *out = ncm_intent_new(silence                       ? NCM_DO_SILENCE
                          : strcmp(word, "ack") == 0 ? NCM_DO_ALERT_ACK
                                                        : NCM_DO_ALERT_RESOLVE);
    ncm_intent_set(&(*out)->reason, cli_value(c, "reason"));
    if (!silence) {
        ncm_intent_add_object(*out, id);
        return true;
    }
    if (!fill_silence(c, x, *out, err)) {
        ncm_intent_free(*out);
        return false;
    }
    return true;
}

bool cli_alert_change(struct cli *c, struct ncm_err *err)
{
    struct found f = {0};
    struct ncm_intent *in = NULL;
    bool ok = find_all(c, false, &f, err) && intent_of(c, &f, &in, err);
    ncm_free(f.items);
    return ok && cli_change_print(c, in, err);
}
