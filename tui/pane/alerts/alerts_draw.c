/* The two tables, and everything about the selected row below them. */
#include "pane/alerts/alerts.h"

#include <stdio.h>
#include <string.h>

enum alert_column {
    C_STATE,
    C_SUBJECT,
    C_RULE,
    C_VALUE,
    C_SINCE,
    C_WHO,
    C_SEVERITY,
    C_SOURCE,
    C_WHAT
};

static enum role alert_role(const struct ncm_alert *x)
{
    if (x->state == NCM_ALERT_FIRING) {
        return x->severity == NCM_SEVERITY_CRITICAL  ? ROLE_FAIL
               : x->severity == NCM_SEVERITY_WARNING ? ROLE_WARN
                                                     : ROLE_RUN;
    }
    return x->state == NCM_ALERT_PENDING        ? ROLE_WARN
           : x->state == NCM_ALERT_ACKNOWLEDGED ? ROLE_RUN
           : x->state == NCM_ALERT_RESOLVED     ? ROLE_OK
                                                : ROLE_UNKNOWN;
}

static const char *state_sign(const struct ncm_alert *x)
{
    switch (x->state) {
    case NCM_ALERT_FIRING:
        return sign(x->severity == NCM_SEVERITY_CRITICAL ? SIGN_CROSS : SIGN_WARN);
    case NCM_ALERT_PENDING:
        return sign(SIGN_LOADING);
    case NCM_ALERT_ACKNOWLEDGED:
        return sign(SIGN_LIVE);
    case NCM_ALERT_SILENCED:
        return sign(SIGN_DASH);
    case NCM_ALERT_RESOLVED:
        break;
    }
    return sign(SIGN_CHECK);
}

static const char *state_word(enum ncm_alert_state s)
{
    static const char *const words[] = {N_("pending"), N_("firing"), N_("seen to"), N_("silenced"),
                                        N_("resolved")};
    return _(words[s]);
}

static const struct ncm_value *known(const struct ncm_value *a, const struct ncm_value *b)
{
    return a->kind != NCM_V_UNSET || b == NULL ? a : b;
}

static void value_text(const struct ncm_value *v, char *out, size_t outsz)
{
    if (v->kind == NCM_V_NUMBER) {
        ncm_fmt_num(out, outsz, v->num, 3);
    } else if (v->kind == NCM_V_TEXT) {
        ncm_text_clip(out, outsz, ncm_cstr(v->text), v->text.len, 12);
    } else {
        out[0] = '\0';
    }
}

/* "0.31 > 0.25"; the threshold is left out where nobody knows it. */
static void values_text(const struct alert_row *r, char *out, size_t outsz)
{
    char value[48], threshold[48];
    const struct ncm_value *v = known(&r->alert->value, r->twin != NULL ? &r->twin->value : NULL);
    const struct ncm_value *t =
        known(&r->alert->threshold, r->twin != NULL ? &r->twin->threshold : NULL);

    value_text(v, value, sizeof value);
    value_text(t, threshold, sizeof threshold);
    bool below = v->kind == NCM_V_NUMBER && t->kind == NCM_V_NUMBER && v->num < t->num;
    if (value[0] == '\0') {
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
    } else if (threshold[0] == '\0') {
        snprintf(out, outsz, "%s", value);
    } else {
        snprintf(out, outsz, "%s %s %s", value, below ? "<" : ">", threshold);
    }
}

static size_t alert_count(void *ctx)
{
    return ((const struct alerts *)ctx)->n_rows;
}

static void set_raw(struct table_cell *out, struct ncm_str raw)
{
    out->raw = raw;
    out->is_raw = raw.len > 0;
    if (raw.len == 0) {
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
    }
}

static void who_cell(const struct ncm_alert *x, struct table_cell *out)
{
    char name[80];

    if (x->ack_actor.len > 0) {
        ncm_text_clip(name, sizeof name, ncm_cstr(x->ack_actor), x->ack_actor.len, 24);
        snprintf(out->text, sizeof out->text, "@%s", name);
    } else {
        snprintf(out->text, sizeof out->text, "%s", sign(SIGN_DASH));
        out->role = ROLE_DIM;
    }
}

static void alert_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct alert_row *r = &((const struct alerts *)ctx)->rows[row];
    const struct ncm_alert *x = r->alert;

    switch ((enum alert_column)column) {
    case C_STATE:
        snprintf(out->text, sizeof out->text, "%s %s", state_sign(x), state_word(x->state));
        out->role = alert_role(x);
        out->attrs = x->state == NCM_ALERT_FIRING ? ATTR_BOLD : 0;
        break;
    case C_SUBJECT:
        set_raw(out, x->subject);
        out->attrs = ATTR_BOLD;
        out->cut_middle = true;
        break;
    case C_RULE:
        set_raw(out, x->rule);
        out->cut_middle = true;
        break;
    case C_VALUE:
        values_text(r, out->text, sizeof out->text);
        break;
    case C_SINCE:
        ncm_fmt_age(out->text, sizeof out->text, ncm_ms_between(x->since_ms, ncm_now_ms()));
        out->role = ROLE_DIM;
        break;
    case C_WHO:
        who_cell(x, out);
        break;
    case C_SEVERITY:
        set_raw(out, x->severity_text);
        out->role = alert_role(x);
        break;
    case C_SOURCE:
        set_raw(out, x->source);
        out->role = ROLE_DIM;
        break;
    case C_WHAT:
        set_raw(out, x->summary);
        break;
    }
}

struct table_model alerts_model(struct alerts *a)
{
    return (struct table_model){.ctx = a, .count = alert_count, .cell = alert_cell};
}

/* ---- silences ---- */

enum silence_column { S_STATE, S_MATCHERS, S_ENDS, S_HITS, S_WHO, S_SOURCE, S_COMMENT };

static size_t silence_count(void *ctx)
{
    return ((const struct alerts *)ctx)->n_silences;
}

static void ends_cell(const struct ncm_silence *x, struct table_cell *out)
{
    char left[40];
    int64_t now = ncm_now_ms();

    if (x->state == NCM_SILENCE_PENDING) {
        ncm_fmt_duration(left, sizeof left, ncm_ms_between(now, x->starts_ms));
        snprintf(out->text, sizeof out->text, _("starts in %s"), left);
    } else if (x->ends_ms > now) {
        ncm_fmt_duration(left, sizeof left, ncm_ms_between(now, x->ends_ms));
        snprintf(out->text, sizeof out->text, _("%s left"), left);
    } else {
        ncm_fmt_age(left, sizeof left, ncm_ms_between(x->ends_ms, now));
        snprintf(out->text, sizeof out->text, _("%s ago"), left);
        out->role = ROLE_DIM;
    }
}

static void silence_cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    static const char *const words[] = {N_("to come"), N_("active"), N_("over")};
    const struct silence_row *r = &((const struct alerts *)ctx)->silences[row];
    const struct ncm_silence *x = r->silence;
    struct ncm_buf b;

    switch ((enum silence_column)column) {
    case S_STATE:
        snprintf(out->text, sizeof out->text, "%s %s",
                 sign(x->state == NCM_SILENCE_ACTIVE ? SIGN_LIVE : SIGN_DASH), _(words[x->state]));
        out->role = x->state == NCM_SILENCE_ACTIVE ? ROLE_OK : ROLE_DIM;
        break;
    case S_MATCHERS:
        ncm_buf_init(&b, 400);
        ncm_matchers_format(x->matchers, x->n_matchers, &b);
        ncm_text_clip(out->text, sizeof out->text, b.p, b.len, 200);
        ncm_buf_release(&b);
        break;
    case S_ENDS:
        ends_cell(x, out);
        break;
    case S_HITS:
        snprintf(out->text, sizeof out->text, r->hits >= 0 ? "%d" : "?", r->hits);
        out->role = r->hits == 0 ? ROLE_WARN : ROLE_TEXT;
        break;
    case S_WHO:
        set_raw(out, x->created_by);
        break;
    case S_SOURCE:
        snprintf(out->text, sizeof out->text, "%s", alert_sources[r->source]);
        out->role = ROLE_DIM;
        break;
    case S_COMMENT:
        set_raw(out, x->comment);
        break;
    }
}

struct table_model alerts_silence_model(struct alerts *a)
{
    return (struct table_model){.ctx = a, .count = silence_count, .cell = silence_cell};
}

/* ---- everything about one ---- */

static void line(struct ncm_buf *b, const char *label, struct ncm_str value)
{
    if (value.len > 0) {
        int pad = 14 - ncm_text_width(label);
        ncm_buf_printf(b, "%s%*s", label, pad > 1 ? pad : 1, "");
        ncm_buf_add(b, value.p, value.len);
        ncm_buf_putc(b, '\n');
    }
}

static void pairs(struct ncm_buf *b, const char *title, const struct ncm_kv *kv, size_t n)
{
    if (n > 0) {
        ncm_buf_printf(b, "\n%s\n", title);
    }
    for (size_t i = 0; i < n; i++) {
        ncm_buf_puts(b, "  ");
        line(b, ncm_cstr(kv[i].key), kv[i].value);
    }
}

static void time_line(struct ncm_buf *b, const char *label, int64_t ms)
{
    char text[40];

    if (ms != NCM_NO_TIME) {
        ncm_fmt_time(text, sizeof text, ms, true);
        line(b, label, (struct ncm_str){text, strlen(text)});
    }
}

static void alert_text(const struct alert_row *r, struct ncm_buf *b)
{
    const struct ncm_alert *x = r->alert;
    char values[120];

    if (x->summary.len > 0) {
        ncm_buf_add(b, x->summary.p, x->summary.len);
        ncm_buf_puts(b, "\n\n");
    }
    values_text(r, values, sizeof values);
    line(b, _("rule"), x->rule);
    line(b, _("value"), (struct ncm_str){values, strlen(values)});
    time_line(b, _("since"), x->since_ms);
    time_line(b, x->state == NCM_ALERT_RESOLVED ? _("until") : _("quiet until"), x->until_ms);
    line(b, _("seen to by"), x->ack_actor);
    line(b, _("note"), x->ack_note);
    for (size_t i = 0; i < x->n_silenced_by; i++) {
        line(b, _("silenced by"), x->silenced_by[i]);
    }
    for (size_t i = 0; i < x->n_inhibited_by; i++) {
        line(b, _("inhibited by"), x->inhibited_by[i]);
    }
    for (size_t i = 0; i < x->n_muted_by; i++) {
        line(b, _("muted by"), x->muted_by[i]);
    }
    line(b, _("query"), x->query.len > 0 || r->twin == NULL ? x->query : r->twin->query);
    line(b, _("link"), x->link);
    pairs(b, _("labels"), x->labels, x->n_labels);
    pairs(b, _("annotations"), x->annotations, x->n_annotations);
}

void alerts_text(const struct alerts *a, struct ncm_buf *out)
{
    const struct alert_row *r = alerts_selected(a);
    const struct silence_row *s = alerts_selected_silence(a);

    if (a->part == 0 && r != NULL) {
        alert_text(r, out);
    } else if (a->part == 1 && s != NULL) {
        line(out, _("comment"), s->silence->comment);
        line(out, _("by"), s->silence->created_by);
        time_line(out, _("from"), s->silence->starts_ms);
        time_line(out, _("until"), s->silence->ends_ms);
        line(out, _("id"), s->silence->id);
        ncm_buf_printf(out, "\n%s\n", _("matchers"));
        for (size_t i = 0; i < s->silence->n_matchers; i++) {
            ncm_buf_puts(out, "  ");
            ncm_matcher_format(&s->silence->matchers[i], out);
            ncm_buf_putc(out, '\n');
        }
    }
}

/* ---- the pane ---- */

static void draw_head(const struct alerts *a, const struct canvas *c)
{
    char title[200], right[120];
    size_t firing = 0, active = 0;

    for (size_t i = 0; i < a->n_rows; i++) {
        firing += a->rows[i].alert->state == NCM_ALERT_FIRING;
    }
    for (size_t i = 0; i < a->n_silences; i++) {
        active += a->silences[i].silence->state == NCM_SILENCE_ACTIVE;
    }
    if (a->part == 1) {
        snprintf(title, sizeof title, _("Silences (%zu active)"), active);
        snprintf(right, sizeof right, _("%s: alerts (%zu firing)"), keymap_label(A_NEXT_PART),
                 firing);
    } else {
        if (a->filter != NULL) {
            char words[80];
            ncm_text_clip(words, sizeof words, a->filter, strlen(a->filter), 30);
            snprintf(title, sizeof title, _("Alerts (%zu firing, filter: %s)"), firing, words);
        } else {
            snprintf(title, sizeof title, _("Alerts (%zu firing)"), firing);
        }
        snprintf(right, sizeof right, _("%s: silences (%zu)"), keymap_label(A_NEXT_PART), active);
    }
    paint_head(c, 0, title, right, true);
}

static void empty_text(const struct alerts *a, char *out, size_t outsz)
{
    const struct ncm_err *err = alerts_error(a);
    bool loading = true;

    for (size_t i = 0; i < ALERT_SOURCES; i++) {
        const struct alert_feed *f = &a->alert[i];
        loading = loading && f->snap == NULL && f->want != NULL && ncm_want_error(f->want) == NULL;
    }
    if (err != NULL) {
        snprintf(out, outsz, "%s", err->what);
    } else if (loading) {
        snprintf(out, outsz, "%s", _("loading…"));
    } else if (a->filter != NULL) {
        snprintf(out, outsz, "%s", _("No alert matches the filter. Esc clears it."));
    } else if (a->part == 1) {
        snprintf(out, outsz, "%s", _("Nothing is silenced. On an alert, S silences it."));
    } else {
        snprintf(out, outsz,
                 _("Nothing fires. %s shows what is over. Monitors (pane %d), "
                   "Alertmanager and Prometheus raise alerts here."),
                 keymap_label(A_RESOLVED), 5);
    }
}

static void draw_alerts(struct alerts *a, const struct canvas *c, const char *empty)
{
    bool wide = c->w >= 110;
    const struct table_column columns[] = {
        {.title = _("STATE"), .min = 10, .want = 12},
        {.title = _("SUBJECT"), .min = 13, .want = wide ? 24 : 18},
        {.title = _("RULE"), .min = 16, .want = wide ? 28 : 20, .priority = 1},
        {.title = _("VALUE"), .min = 11, .want = 14, .align = 1, .priority = 2},
        {.title = _("SINCE"), .min = 6, .want = 7, .align = 1},
        {.title = _("WHO"), .min = 8, .want = 10, .priority = 3},
        {.title = _("SEVERITY"), .min = 8, .want = 8, .priority = 5},
        {.title = _("SOURCE"), .min = 7, .want = 12, .priority = 6},
        {.title = _("WHAT"), .min = 30, .want = 0, .priority = 7},
    };
    struct table_model m = alerts_model(a);

    memcpy(a->columns, columns, sizeof columns);
    a->table.columns = a->columns;
    a->table.n_columns = sizeof columns / sizeof *columns;
    a->table.fixed = 2;
    table_draw(&a->table, &m, c, true, empty);
}

static void draw_silences(struct alerts *a, const struct canvas *c, const char *empty)
{
    const struct table_column columns[] = {
        {.title = _("STATE"), .min = 8, .want = 10},
        {.title = _("MATCHERS"), .min = 16, .want = c->w >= 110 ? 50 : 34},
        {.title = _("ENDS"), .min = 10, .want = 16, .align = 1},
        {.title = _("HITS NOW"), .min = 8, .want = 8, .align = 1, .priority = 2},
        {.title = _("WHO"), .min = 6, .want = 12, .priority = 3},
        {.title = _("SOURCE"), .min = 7, .want = 12, .priority = 5},
        {.title = _("COMMENT"), .min = 12, .want = 0, .priority = 6},
    };
    struct table_model m = alerts_silence_model(a);

    memcpy(a->silence_columns, columns, sizeof columns);
    a->silence_table.columns = a->silence_columns;
    a->silence_table.n_columns = sizeof columns / sizeof *columns;
    a->silence_table.fixed = 1;
    table_draw(&a->silence_table, &m, c, true, empty);
}

void alerts_draw(struct alerts *a, const struct canvas *c)
{
    char empty[600];
    size_t n = a->part == 0 ? a->n_rows : a->n_silences;
    int below = c->h >= 14 && !a->full && n > 0 ? c->h / 2 : 0;
    struct canvas body = canvas_part(c, 1, 0, c->h - 1 - below, -1);

    draw_head(a, c);
    empty_text(a, empty, sizeof empty);
    if (a->part == 0) {
        draw_alerts(a, &body, empty);
    } else {
        draw_silences(a, &body, empty);
    }
    if (below > 0) {
        struct canvas bottom = canvas_part(c, c->h - below, 0, below, -1);
        struct canvas text = canvas_part(&bottom, 1, 2, -1, -1);
        struct ncm_buf b;
        ncm_buf_init(&b, 1 << 20);
        alerts_text(a, &b);
        paint_head(&bottom, 0, a->part == 0 ? _("Alert") : _("Silence"), NULL, false);
        textview_draw(&a->preview, b.p, b.len, &text, false);
        ncm_buf_release(&b);
    }
}
