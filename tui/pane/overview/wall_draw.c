/* What is painted on the wall: what is in trouble in letters that are read from across a room, what
 * fires, and how many are well in one calm line. */
#include "pane/overview/overview.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

enum { WELL_MOST = 60 };

/* ---- words ---- */

/* What is wrong with a row, in one word: translated, and in letters that every font here has. */
struct trouble {
    const char *word, *plain;
    enum role role;
};

static struct trouble trouble_of(const struct ncm_fleet_row *r)
{
    if (r->health == NCM_HEALTH_FAILED) {
        return (struct trouble){common_health_label(r->health), "FAILED", ROLE_FAIL};
    }
    if (r->canary_worse) {
        /* Translators: the new version answers worse than the stable one. */
        enum role role = r->severity == NCM_SEVERITY_CRITICAL ? ROLE_FAIL : ROLE_WARN;
        return (struct trouble){_("worse"), "CANARY", role};
    }
    if (r->health == NCM_HEALTH_DEGRADED) {
        return (struct trouble){common_health_label(r->health), "DEGRADED", ROLE_WARN};
    }
    if (r->health == NCM_HEALTH_STOPPED && r->n_deployments > 0) {
        return (struct trouble){common_health_label(r->health), "STOPPED", ROLE_FAIL};
    }
    if (r->drift_state >= NCM_DRIFT_WARNING) {
        enum role role = r->drift_state == NCM_DRIFT_CRITICAL ? ROLE_FAIL : ROLE_WARN;
        return (struct trouble){_("drifts"), "DRIFT", role};
    }
    if (r->n_firing > 0) {
        return (struct trouble){_("alert"), "ALERT", common_severity_role(r->severity)};
    }
    if (r->health == NCM_HEALTH_UNKNOWN) {
        return (struct trouble){common_health_label(r->health), "UNKNOWN", ROLE_WARN};
    }
    if (r->severity == NCM_SEVERITY_CRITICAL) {
        return (struct trouble){_("wrong"), "WRONG", ROLE_FAIL};
    }
    return (struct trouble){_("to be looked at"), "CHECK", ROLE_WARN};
}

static bool is_plain(const char *s)
{
    for (; *s != '\0'; s++) {
        if ((unsigned char)*s >= 0x80) {
            return false;
        }
    }
    return true;
}

/* The greatest letters of at most `scale` that it fits in, painted at y; returns their height, 0:
 * it does not fit in any. */
static int big(const struct canvas *c, int y, int x, int room, const char *text, int scale,
               enum role role)
{
    for (; scale >= 1; scale--) {
        int w = letters_width(text, scale);
        if (w >= 0 && w <= room && y + letters_height(scale) <= c->h) {
            letters_paint(c, y, x, text, scale, role);
            return letters_height(scale);
        }
    }
    return 0;
}

/* ---- one in trouble ---- */

static void facts_text(const struct ncm_fleet_row *r, char *out, size_t outsz)
{
    char percent[40], rps[40], p95[40], errors[40], ready[40];
    const char *dot = ncm_text_utf8() ? " · " : " | ";
    size_t used = 0;

    out[0] = '\0';
    if (r->stage.len > 0) {
        snprintf(out, outsz < 120 ? outsz : 120, "%s", overview_clean(r->stage, 40));
        used = strlen(out);
    }
    if (r->percent == r->percent) {
        used += (size_t)snprintf(out + used, outsz - used, _("%s%s of the traffic"),
                                 used > 0 ? dot : "",
                                 common_percent_text(percent, sizeof percent, r->percent));
    }
    if (r->desired >= 0 || r->ready >= 0) {
        used += (size_t)snprintf(out + used, outsz - used, _("%s%s ready"), used > 0 ? dot : "",
                                 common_ready_text(ready, sizeof ready, r->ready, r->desired));
    }
    if (r->rates.known) {
        snprintf(out + used, outsz - used, _("%s%s requests/s%sp95 %s%s%s %% errors"),
                 used > 0 ? dot : "", common_rps_text(rps, sizeof rps, r->rates.rps), dot,
                 common_latency_text(p95, sizeof p95, r->rates.p95_ms, r->rates.p95_beyond), dot,
                 common_errors_text(errors, sizeof errors, r->rates.error_rate));
    }
}

/* "fraud-detector v15"; the version as it is told elsewhere. */
static void name_text(const struct ncm_fleet_row *r, char *out, size_t outsz)
{
    char version[60];

    snprintf(out, outsz, "%s%s%s", overview_clean(r->model, 60), r->version.len > 0 ? " " : "",
             r->version.len > 0 ? common_version_text(version, sizeof version, r->version, 14) : "");
}

/* A bar over the whole width: sign, name, word, age. Read from some steps away. */
static void paint_bar(const struct overview *o, const struct canvas *c, int y, const struct ncm_fleet_row *r,
                      const struct trouble *t, bool word)
{
    char name[200], age[40], text[300];
    int w = c->w - 2;

    name_text(r, name, sizeof name);
    snprintf(text, sizeof text, "%s %s%s%s", sign(t->role == ROLE_FAIL ? SIGN_CROSS : SIGN_WARN),
             name, word ? "   " : "", word ? t->word : "");
    int since_w = 0;
    int64_t since = overview_bad_since(o, r);
    if (since != NCM_NO_TIME) {
        since_w = ncm_text_width(common_since_text(age, sizeof age, since)) + 1;
    }
    paint_cut(c, y, 1, w - since_w, 0, t->role, ATTR_BOLD | ATTR_REVERSE, text);
    if (since_w > 0) {
        paint_cut(c, y, 1 + w - since_w, since_w, 0, t->role, ATTR_BOLD | ATTR_REVERSE, age);
    }
}

static int paint_sentences(const struct overview *o, const struct canvas *c, int y,
                           const struct ncm_fleet_row *r, int most)
{
    struct overview_sentence s[4];
    size_t n = overview_sentences(o, r, s, 4);
    char text[400];
    int used = 0;

    for (size_t i = 0; i < n && used < most; i++) {
        ncm_text_clip(text, sizeof text, ncm_cstr(s[i].text), s[i].text.len, 300);
        used += wrap_paint(c, y + used, 3, c->w - 5, most - used < 2 ? most - used : 2,
                           s[i].role == ROLE_RUN ? ROLE_TEXT : s[i].role, text);
    }
    return used;
}

/* The word, and the name beside or under it, as great as both can be. Returns the rows used. */
static int paint_letters(const struct canvas *block, const struct ncm_fleet_row *r,
                         const struct trouble *t, int scale)
{
    char name[200];
    int room = block->w - 4, most = scale;

    name_text(r, name, sizeof name);
    int name_w = is_plain(name) ? letters_width(name, 1) : -1;
    while (scale > 1 && name_w > 0 && letters_width(t->plain, scale) + 4 * scale + name_w > room) {
        scale--;
    }
    int after = letters_width(t->plain, scale) + 4 * scale;
    if (name_w > 0 && after + name_w <= room) {
        int used = big(block, 0, 2, room, t->plain, scale, t->role);
        big(block, (used - letters_height(1)) / 2, 2 + after, room - after, name, 1, ROLE_TEXT);
        return used;
    }
    int used = big(block, 0, 2, room, t->plain, most, t->role);
    if (used > 0 && name_w > 0 && block->h >= 2 * used + 3) {
        used += 1 + big(block, used + 1, 2, room, name, 1, ROLE_TEXT);
    }
    return used;
}

/* A block of at most h rows; returns the rows used. scale 0: no block letters. */
static int paint_trouble(const struct overview *o, const struct canvas *c, int y, int h, int scale,
                         const struct ncm_fleet_row *r)
{
    struct canvas block = canvas_part(c, y, 0, h, -1);
    struct trouble t = trouble_of(r);
    char facts[300];
    int used = 0;

    if (scale > 0 && h >= letters_height(1) + 2) {
        used = paint_letters(&block, r, &t, scale);
    }
    paint_bar(o, &block, used, r, &t, used == 0 || !is_plain(t.word));
    used++;
    used += paint_sentences(o, &block, used, r, h - used > 4 ? 3 : h - used - (h - used > 2));
    facts_text(r, facts, sizeof facts);
    if (used < h && facts[0] != '\0') {
        paint_cut(&block, used++, 3, c->w - 5, 0, overview_rates_stale(o, r) ? ROLE_DIM : ROLE_TEXT, 0,
                  facts);
    }
    return used;
}

/* ---- the others ---- */

struct counts {
    size_t bad, well, rolling, elsewhere;
};

static struct counts count(const struct overview *o)
{
    struct counts n = {0, 0, 0, 0};

    for (size_t i = 0; o->fleet != NULL && i < o->fleet->n_rows; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        if (overview_bad(r)) {
            n.bad++;
        } else if (r->health == NCM_HEALTH_PROGRESSING) {
            n.rolling++;
        } else if (r->n_deployments == 0) {
            n.elsewhere++;
        } else {
            n.well++;
        }
    }
    return n;
}

/* "● 5 healthy   ◐ 1 rolling   – 2 not deployed". */
static void paint_calm(const struct overview *o, const struct canvas *c, int y,
                       const struct counts *n)
{
    char text[120];
    int x = 2;

    if (!overview_any_deployed(o)) {
        snprintf(text, sizeof text, _("%zu without trouble"), n->elsewhere);
        x += paint(c, y, x, ROLE_OK, ATTR_BOLD, sign(SIGN_LIVE)) + 1;
        paint(c, y, x, ROLE_TEXT, ATTR_BOLD, text);
        return;
    }
    snprintf(text, sizeof text, _("%zu healthy"), n->well);
    x += paint(c, y, x, n->well > 0 ? ROLE_OK : ROLE_DIM, ATTR_BOLD, sign(SIGN_LIVE)) + 1;
    x += paint(c, y, x, ROLE_TEXT, ATTR_BOLD, text) + 3;
    if (n->rolling > 0) {
        snprintf(text, sizeof text, _("%zu rolling"), n->rolling);
        x += paint(c, y, x, ROLE_RUN, ATTR_BOLD, sign(SIGN_LOADING)) + 1;
        x += paint(c, y, x, ROLE_TEXT, 0, text) + 3;
    }
    if (n->elsewhere > 0) {
        snprintf(text, sizeof text, _("%zu not deployed"), n->elsewhere);
        x += paint(c, y, x, ROLE_DIM, 0, sign(SIGN_DASH)) + 1;
        paint(c, y, x, ROLE_DIM, 0, text);
    }
}

static void paint_firing(const struct overview *o, const struct canvas *c, int y, int h)
{
    size_t n = overview_n_firing(o);
    char age[40], more[60];

    for (size_t i = 0; i < n && (int)i < h; i++) {
        const struct ncm_alert *a = o->fleet->firing[i];
        struct ncm_str what = a->summary.len > 0 ? a->summary : a->rule;
        bool cut = (int)i == h - 1 && i + 1 < n;
        bool seen = a->state != NCM_ALERT_FIRING;
        if (cut) {
            snprintf(more, sizeof more, _("and %zu more"), n - i);
            paint(c, y + (int)i, 4, ROLE_TEXT, 0, more);
            return;
        }
        paint(c, y + (int)i, 2, common_severity_role(a->severity), ATTR_BOLD,
              common_severity_sign(a->severity));
        paint_raw(c, y + (int)i, 4, c->w - 4 - 8, 0, seen ? ROLE_DIM : ROLE_TEXT,
                  seen ? 0 : ATTR_BOLD, what);
        paint_cut(c, y + (int)i, c->w - 8, 6, 1, ROLE_TEXT, 0,
                  common_since_text(age, sizeof age, a->since_ms));
    }
}

/* ---- edges ---- */

static void paint_top(const struct overview *o, const struct canvas *c, const struct counts *n)
{
    char text[300], clock[16];
    const struct ncm_config *config = o->ui != NULL ? ncm_session_config(ui_session(o->ui)) : NULL;
    const char *context = o->ui != NULL ? ncm_session_context(ui_session(o->ui)) : "";
    int x = 2;

    if (context[0] != '\0') {
        x += paint(c, 0, x, ROLE_HEAD, ATTR_BOLD,
                   overview_clean((struct ncm_str){context, strlen(context)}, 30)) + 2;
    }
    snprintf(text, sizeof text, _("%zu in trouble · %zu fire"), n->bad, overview_n_firing(o));
    if (n->bad == 0 && overview_n_firing(o) == 0) {
        snprintf(text, sizeof text, "%s", _("nothing is in trouble, nothing fires"));
    }
    paint(c, 0, x, n->bad > 0 || overview_n_firing(o) > 0 ? ROLE_TEXT : ROLE_DIM, 0, text);
    if (o->ui != NULL && (config == NULL || config->clock)) {
        ncm_fmt_clock(clock, sizeof clock, ncm_now_ms());
        paint(c, 0, c->w - 2 - ncm_text_width(clock), ROLE_DIM, 0, clock);
        ui_wake_in(o->ui, 60000 - ncm_now_ms() % 60000 + 20);
    }
}

/* Keys that matter, and how old the figures are where they are not live. */
static void paint_bottom(const struct overview *o, const struct canvas *c)
{
    static const struct {
        enum ui_action_id action;
        const char *label;
    } keys[] = {{A_BACK, N_("leave the wall")}, {A_OPEN, N_("open the worst")},
                {A_ROLLBACK, N_("roll back…")}, {A_TRAFFIC, N_("traffic…")},
                {A_ACKNOWLEDGE, N_("acknowledge…")}};
    int x = 2, y = c->h - 1;

    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        const char *reason, *key = keymap_label(keys[i].action), *label = _(keys[i].label);
        const struct ncm_fleet_row *r = overview_row(o);
        if (keys[i].action == A_OPEN && r != NULL && !overview_bad(r)) {
            label = _(ui_action_of(A_OPEN)->label);
        }
        int w = ncm_text_width(key) + 1 + ncm_text_width(label);
        if (key[0] == '\0' || x + w > c->w - 2 ||
            (i > 0 && !overview_can((struct overview *)o, keys[i].action, &reason))) {
            continue;
        }
        x += paint(c, y, x, ROLE_KEY, 0, key) + 1;
        x += paint(c, y, x, ROLE_KEYTEXT, 0, label) + 2;
    }
}

/* Sources that do not answer; returns the rows used. */
static int paint_sources(const struct overview *o, const struct canvas *c, int y, int most)
{
    char text[400];
    int n = 0;

    while (n < most && overview_source_text(o, (size_t)n, text, sizeof text)) {
        paint(c, y + n, 2, ROLE_FAIL, ATTR_BOLD | ATTR_REVERSE, sign(SIGN_OFFLINE));
        paint_cut(c, y + n, 4, c->w - 6, 0, ROLE_FAIL, ATTR_BOLD, text);
        n++;
    }
    return n;
}

/* ---- pages ---- */

/* Nothing is wrong: that, and what is well by name. */
static void draw_well(const struct overview *o, const struct canvas *c, int y, int h)
{
    int scale = c->w >= 140 && h >= 16 ? 3 : c->h >= 20 ? 2 : 1, x = 2;
    int used = big(c, y + (h > 12 ? 2 : 0), 2, c->w - 4, "ALL WELL", scale, ROLE_OK);
    char name[200];

    y += used + (h > 12 ? 4 : 1);
    if (!is_plain(_("all is well"))) {
        paint(c, y++, 2, ROLE_OK, ATTR_BOLD, _("all is well"));
        y++;
    }
    for (size_t i = 0; i < o->fleet->n_rows && i < WELL_MOST; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        if (r->n_deployments == 0) {
            continue;
        }
        name_text(r, name, sizeof name);
        int w = ncm_text_width(name) + 2;
        if (x > 2 && x + w > c->w - 2) {
            x = 2;
            y++;
        }
        if (y >= c->h - 3) {
            return;
        }
        x += paint(c, y, x, common_health_role(r->health), 0, common_health_sign(r->health)) + 1;
        x += paint(c, y, x, ROLE_TEXT, 0, name) + 3;
    }
}

/* Room that is left tells what led here. */
static void draw_below(struct overview *o, const struct canvas *c, int y, int end)
{
    if (end - y >= 7) {
        struct canvas side = canvas_part(c, y, 1, end - y, c->w - 2);
        overview_draw_side(o, &side, false);
    }
}

/* Whether the first sentence about r is among those about x. */
static bool shares(const struct overview *o, const struct ncm_fleet_row *r,
                   const struct ncm_fleet_row *x)
{
    enum { MOST = 6 };
    struct overview_sentence mine, others[MOST];
    size_t n = overview_sentences(o, x, others, MOST);

    if (overview_sentences(o, r, &mine, 1) == 0) {
        return n == 0;
    }
    for (size_t i = 0; i < n; i++) {
        if (ncm_str_eq(mine.text, others[i].text)) {
            return true;
        }
    }
    return false;
}

/* Versions of a model that have the same trouble: it is told once, of the first. */
static bool is_told(const struct overview *o, size_t row)
{
    const struct ncm_fleet_row *r = &o->fleet->rows[row];

    for (size_t i = row; i > 0 && ncm_str_eq(o->fleet->rows[i - 1].model, r->model); i--) {
        const struct ncm_fleet_row *x = &o->fleet->rows[i - 1];
        bool missed = r->n_deployments == 0; /* what runs instead says so */
        if (overview_bad(x) && (missed || (r->health <= x->health && shares(o, r, x)))) {
            return true;
        }
    }
    return false;
}

static size_t count_told(const struct overview *o)
{
    size_t n = 0;

    for (size_t i = 0; i < o->fleet->n_rows; i++) {
        n += overview_bad(&o->fleet->rows[i]) && !is_told(o, i);
    }
    return n;
}

static void draw_troubles(struct overview *o, const struct canvas *c, int y, int h)
{
    size_t bad = count_told(o), done = 0;
    int each = h / (int)(bad > 0 ? bad : 1), end = y + h;
    int scale = each >= 14 && c->w >= 150 ? 3 : each >= 8 && c->w >= 110 ? 2 : each >= 6 ? 1 : 0;
    char more[80];

    for (size_t i = 0; i < o->fleet->n_rows && y < end; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        if (!overview_bad(r) || is_told(o, i)) {
            continue;
        }
        int left = end - y, least = done + 1 < bad ? 3 : 2; /* a row for how many more there are */
        if (left < least) {
            snprintf(more, sizeof more, _("and %zu more in trouble"), bad - done);
            paint(c, y, 3, ROLE_WARN, ATTR_BOLD, more);
            return;
        }
        bool first = scale == 0 && done == 0 && h >= 9; /* the worst one has large letters always */
        int room = first ? 6 : each > 3 ? each : 3;
        left -= done + 1 < bad;
        y += paint_trouble(o, c, y, room < left ? room : left, first ? 1 : scale, r);
        y += first || scale > 0 || end - y > (int)(bad - done) * 3;
        done++;
    }
    draw_below(o, c, y, end);
}

/* One model by itself: its versions, then its curve or what happened to it. */
static void draw_page(struct overview *o, const struct canvas *c, int y, int h)
{
    const char *model = o->wall.model;
    int end = y + h;

    (void)overview_select(o, model, NULL);
    if (is_plain(model)) {
        y += big(c, y, 2, c->w - 4, model, c->w >= 150 ? 2 : 1, ROLE_TEXT);
    } else {
        paint(c, y++, 2, ROLE_TEXT, ATTR_BOLD, model);
    }
    y++;
    for (size_t i = 0; i < o->fleet->n_rows && y + 1 < end; i++) {
        const struct ncm_fleet_row *r = &o->fleet->rows[i];
        char text[300], facts[300], version[60];
        enum role role;
        if (!ncm_str_is(r->model, model)) {
            continue;
        }
        bool roomy = o->roomy;
        o->roomy = true;
        overview_health(o, r, text, sizeof text, &role);
        o->roomy = roomy;
        facts_text(r, facts, sizeof facts);
        int x = 2 + paint(c, y, 2, ROLE_TEXT, ATTR_BOLD,
                          common_version_text(version, sizeof version, r->version, 12)) + 2;
        x += paint(c, y, x, role, ATTR_BOLD, text) + 3;
        paint_cut(c, y++, x, c->w - x - 2, 0, ROLE_TEXT, 0, facts);
        y += paint_sentences(o, c, y, r, end - y > 12 ? 2 : end - y > 2);
    }
    draw_below(o, c, y + 1, end);
}

void wall_draw(struct overview *o, const struct canvas *c)
{
    struct counts n = count(o);
    int y = 0, bottom = c->h;

    if (o->fleet == NULL || o->fleet->n_rows == 0) {
        overview_draw_empty(o, c);
        paint_bottom(o, c);
        return;
    }
    if (c->h >= 8) {
        paint_top(o, c, &n);
        y += c->h >= 12 ? 2 : 1;
    }
    if (c->h >= 6) {
        paint_bottom(o, c);
        bottom -= c->h >= 12 ? 2 : 1;
    }
    y += paint_sources(o, c, y, c->h >= 12 ? 3 : 1);
    if (n.well + n.rolling + n.elsewhere > 0 && n.bad > 0) {
        paint_calm(o, c, --bottom, &n);
        bottom -= c->h >= 12;
    }
    int firing = (int)overview_n_firing(o), most = c->h >= 40 ? 10 : c->h >= 16 ? 5 : 2;
    firing = o->wall.model != NULL ? 0 : firing > most ? most : firing;
    if (firing > 0 && bottom - firing - 4 > y) {
        bottom -= firing;
        paint_firing(o, c, bottom, firing);
        bottom -= c->h >= 12;
    }
    if (o->wall.model != NULL) {
        draw_page(o, c, y, bottom - y);
    } else if (n.bad > 0) {
        draw_troubles(o, c, y, bottom - y);
    } else {
        draw_well(o, c, y, bottom - y);
    }
    paint_cursor(c, c->h - 1, 0, false);
}
