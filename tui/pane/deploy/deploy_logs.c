/* What the replicas say: the newest lines, following them, or standing still while one reads. */
#include "pane/deploy/deploy.h"

#include <stdio.h>
#include <string.h>

#include "ui/wrap.h"

#define LINES_OF_ONE 1000
#define LINES_EACH   300
#define LINE_BYTES   8192 /* of a line that are looked at */
#define TAG_CELLS    8
#define TIME_CELLS   10

/* ---- asking ---- */

void deploy_logs_end(struct deploy *d)
{
    struct deploy_logs *l = &d->logs;

    ncm_want_release(l->want);
    ncm_snapshot_unref(l->snap);
    ncm_free(l->key);
    l->want = NULL;
    l->snap = NULL;
    l->key = NULL;
}

static struct ncm_query *query_of(const struct deploy *d)
{
    const struct deploy_logs *l = &d->logs;
    struct ncm_query *q = ncm_query_new(NCM_T_LOGS);

    q->id = ncm_deployment_ref(deploy_selected(d)->it);
    q->key = ncm_strdup(l->replica);
    if (l->container != NULL) {
        ncm_query_add_column(q, l->container);
    }
    q->view = l->previous ? NCM_VIEW_DELETED : NCM_VIEW_ACTIVE;
    q->limit = l->replica != NULL ? LINES_OF_ONE : LINES_EACH;
    return q;
}

static void start_again(struct deploy_logs *l)
{
    l->away = false;
    l->top = 0;
    l->left = 0;
    l->hit = SIZE_MAX;
}

/* Another deployment has other replicas and containers. */
static void settings_for(struct deploy_logs *l, const char *ref)
{
    if (l->ref == NULL || strcmp(l->ref, ref) != 0) {
        ncm_free(l->ref);
        ncm_free(l->replica);
        ncm_free(l->container);
        l->ref = ncm_strdup(ref);
        l->replica = l->container = NULL;
        l->previous = false;
        start_again(l);
    }
}

void deploy_logs_ask(struct deploy *d)
{
    struct deploy_logs *l = &d->logs;

    if (d->view != DEPLOY_DETAIL || d->part != PART_LOGS || deploy_selected(d) == NULL) {
        deploy_logs_end(d);
        return;
    }
    char *ref = ncm_deployment_ref(deploy_selected(d)->it);
    settings_for(l, ref);
    ncm_free(ref);
    if (d->ui == NULL) {
        return;
    }
    struct ncm_query *q = query_of(d);
    char *key = ncm_query_text(q);
    if (l->want != NULL && l->key != NULL && strcmp(l->key, key) == 0) {
        ncm_free(key);
    } else {
        deploy_logs_end(d);
        start_again(l);
        l->key = key;
        l->want = ncm_session_want(ui_session(d->ui), q);
    }
    ncm_query_free(q);
}

static bool same_line(const struct ncm_log_line *a, const struct ncm_log_line *b)
{
    return a->time_ms == b->time_ms && ncm_str_eq(a->replica, b->replica) &&
           ncm_str_eq(a->text, b->text);
}

/* Where the line is in the newer snapshot; the oldest that is left where it fell out. */
static size_t find_again(const struct ncm_logs_snapshot *old, size_t at,
                         const struct ncm_logs_snapshot *now)
{
    for (size_t i = now->n; old != NULL && at < old->n && i > 0; i--) {
        if (same_line(&now->items[i - 1], &old->items[at])) {
            return i - 1;
        }
    }
    return 0;
}

bool deploy_logs_take(struct deploy *d)
{
    struct deploy_logs *l = &d->logs;

    if (l->want == NULL) {
        deploy_logs_ask(d); /* its deployment may have come only now */
    }
    const struct ncm_logs_snapshot *s = l->want != NULL ? ncm_want_get(l->want) : NULL;
    if (s == NULL || s == l->snap) {
        return false;
    }
    if (l->away) {
        l->top = find_again(l->snap, l->top, s);
        l->hit = l->hit != SIZE_MAX ? find_again(l->snap, l->hit, s) : SIZE_MAX;
    } else {
        l->hit = SIZE_MAX;
    }
    ncm_snapshot_unref(l->snap);
    l->snap = ncm_snapshot_ref(s);
    return true;
}

/* ---- drawing ---- */

/* The end of a pod's name tells it from its siblings. */
static const char *tag_of(struct ncm_str replica)
{
    const char *name = ncm_cstr(replica), *dash = strrchr(name, '-');
    return dash != NULL && dash[1] != '\0' ? dash + 1 : name;
}

static enum role tag_role(struct ncm_str replica)
{
    unsigned sum = 0;

    for (size_t i = 0; i < replica.len; i++) {
        sum = sum * 31u + (unsigned char)replica.p[i];
    }
    return (enum role)((int)ROLE_SERIES1 + (int)(sum % 7));
}

static bool tagged(const struct deploy *d)
{
    return d->logs.replica == NULL && deploy_selected(d)->it->n_replicas > 1;
}

static int indent_of(const struct deploy *d, int w)
{
    int indent = (d->logs.times ? TIME_CELLS : 0) + (tagged(d) ? TAG_CELLS + 1 : 0);
    return 1 + (indent < w / 2 ? indent : 0);
}

/* Bytes of a colour setting at p ("\x1b[31m"); 0: there is none. */
static size_t colour_at(const char *p, size_t len)
{
    size_t n = 2;

    if (len < 3 || p[0] != '\x1b' || p[1] != '[') {
        return 0;
    }
    while (n < len && ((p[n] >= '0' && p[n] <= '9') || p[n] == ';')) {
        n++;
    }
    return n < len && p[n] == 'm' ? n + 1 : 0;
}

/* Without the colours that programs write; any other control stays to be seen. */
static void clean_line(const struct ncm_log_line *line, struct ncm_buf *out)
{
    const char *p = ncm_cstr(line->text);
    size_t len = line->text.len < LINE_BYTES ? line->text.len : LINE_BYTES, from = 0;

    ncm_buf_clear(out);
    for (size_t i = 0; i < len;) {
        size_t skip = colour_at(p + i, len - i);
        if (skip > 0) {
            ncm_text_clean(out, p + from, i - from, NCM_CLEAN_LINES);
            from = i + skip;
        }
        i += skip > 0 ? skip : 1;
    }
    ncm_text_clean(out, p + from, len - from, NCM_CLEAN_LINES);
}

/* As loud as the line says itself. */
static enum role line_role(const char *clean)
{
    static const char *const bad[] = {"ERROR", "FATAL", "CRITICAL", "Traceback", "panic:"};

    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        if (strstr(clean, bad[i]) != NULL) {
            return ROLE_FAIL;
        }
    }
    return strstr(clean, "WARN") != NULL ? ROLE_WARN : ROLE_TEXT;
}

static int rows_of(const struct deploy *d, const struct ncm_log_line *line, int room,
                   struct ncm_buf *scratch)
{
    if (!d->logs.wrap) {
        return 1;
    }
    clean_line(line, scratch);
    int rows = wrap_rows(scratch->p, room);
    return rows < 1 ? 1 : rows;
}

static void paint_hits(const struct deploy *d, const struct canvas *c, int y, int x,
                       const char *text)
{
    const char *needle = d->logs.needle;
    size_t n = needle != NULL ? strlen(needle) : 0;

    for (const char *p = text; n > 0 && *p != '\0'; p++) {
        if (strncasecmp(p, needle, n) == 0) {
            char hit[200];
            snprintf(hit, sizeof hit, "%.*s", (int)(n < 199 ? n : 199), p);
            paint(c, y, x + ncm_text_width_n(text, (size_t)(p - text)), ROLE_MATCH, 0, hit);
            p += n - 1;
        }
    }
}

static void paint_front(const struct deploy *d, const struct canvas *c, int y,
                        const struct ncm_log_line *line)
{
    char time[40];
    int x = 1;

    if (d->logs.times) {
        if (line->time_ms != NCM_NO_TIME) {
            ncm_fmt_time(time, sizeof time, line->time_ms, true);
            const char *clock = strrchr(time, ' ');
            paint(c, y, x, ROLE_DIM, 0, clock != NULL ? clock + 1 : time);
        }
        x += TIME_CELLS;
    }
    if (tagged(d)) {
        char tag[80];
        const char *name = tag_of(line->replica);
        ncm_text_clip_middle(tag, sizeof tag, name, strlen(name), TAG_CELLS);
        paint(c, y, x, tag_role(line->replica), 0, tag);
    }
}

/* Paints one line from row y on; returns the rows it takes. */
static int paint_line(const struct deploy *d, const struct canvas *c, int y, size_t at,
                      struct ncm_buf *scratch)
{
    const struct ncm_log_line *line = &d->logs.snap->items[at];
    int indent = indent_of(d, c->w), room = c->w - indent - 1, rows = 0;
    char text[2048];

    clean_line(line, scratch);
    if (indent > 1) {
        paint_front(d, c, y, line);
    }
    const char *p = scratch->p != NULL ? scratch->p : "";
    enum role role = line_role(p);
    if (!d->logs.wrap) {
        int used;
        p += ncm_text_fit(p, d->logs.left, &used);
        ncm_text_clip(text, sizeof text, p, strlen(p), room);
        paint(c, y, indent, role, 0, text);
        paint_hits(d, c, y, indent, text);
        rows = 1;
    }
    while (d->logs.wrap && y + rows < c->h) {
        size_t skip, n = wrap_row(p, room, &skip);
        snprintf(text, sizeof text, "%.*s", (int)(n < sizeof text ? n : sizeof text - 1), p);
        paint(c, y + rows, indent, role, 0, text);
        paint_hits(d, c, y + rows, indent, text);
        rows++;
        p += n + skip;
        if (*p == '\0' || n + skip == 0) {
            break;
        }
    }
    if (at == d->logs.hit) {
        paint_glyph(c, y, c->w - 1, ROLE_MATCH, 0, '<');
    }
    return rows < 1 ? 1 : rows;
}

/* The first line from which everything up to the newest fits. */
static size_t top_of_end(const struct deploy *d, const struct canvas *c, struct ncm_buf *scratch)
{
    size_t top = d->logs.snap->n;
    int rows = 0, room = c->w - indent_of(d, c->w) - 1;

    while (top > 0) {
        rows += rows_of(d, &d->logs.snap->items[top - 1], room, scratch);
        if (rows > c->h) {
            break;
        }
        top--;
    }
    return top < d->logs.snap->n || top == 0 ? top : top - 1;
}

static void draw_lines(struct deploy *d, const struct canvas *c)
{
    struct deploy_logs *l = &d->logs;
    struct ncm_buf scratch;
    int y = 0;

    ncm_buf_init(&scratch, 1 << 20);
    size_t end = top_of_end(d, c, &scratch);
    l->top = !l->away || l->top > end ? end : l->top;
    l->rows_shown = c->h;
    size_t i = l->top;
    for (; i < l->snap->n && y < c->h; i++) {
        y += paint_line(d, c, y, i, &scratch);
    }
    l->end_shown = i >= l->snap->n;
    ncm_buf_release(&scratch);
}

/* "all 3 replicas · server · before the restart · following". */
static void draw_state(const struct deploy *d, const struct canvas *c)
{
    const struct deploy_logs *l = &d->logs;
    const struct ncm_deployment *x = deploy_selected(d)->it;
    char text[400], whose[120];

    if (l->replica != NULL) {
        ncm_text_clip_middle(whose, sizeof whose, l->replica, strlen(l->replica), 40);
    } else {
        snprintf(whose, sizeof whose, _("all replicas (%zu)"), x->n_replicas);
    }
    snprintf(text, sizeof text, "%s%s%s%s", whose, l->container != NULL ? " · " : "",
             l->container != NULL
                 ? deploy_clean((struct ncm_str){l->container, strlen(l->container)}, 30)
                 : "",
             l->previous ? _(" · before the last restart") : "");
    int at = 1 + paint_cut(c, 0, 1, c->w - 2, 0, ROLE_HEAD, 0, text);
    at = 1 + ncm_text_width(text);
    if (l->needle != NULL) {
        snprintf(text, sizeof text, _(" · search: %s"),
                 deploy_clean((struct ncm_str){l->needle, strlen(l->needle)}, 20));
        at += paint(c, 0, at, ROLE_DIM, 0, text);
    }
    const char *state = l->away ? _("standing still; G follows") : _("following");
    int w = ncm_text_width(state) + 2;
    if (at + w + 2 < c->w && !l->previous) {
        paint(c, 0, c->w - w - 1, l->away ? ROLE_WARN : ROLE_RUN, 0,
              sign(l->away ? SIGN_DASH : SIGN_LIVE));
        paint(c, 0, c->w - w + 1, l->away ? ROLE_WARN : ROLE_DIM, 0, state);
    }
}

void deploy_draw_logs(struct deploy *d, const struct canvas *c)
{
    const struct deploy_logs *l = &d->logs;
    const struct ncm_err *err = l->want != NULL ? ncm_want_error(l->want) : NULL;
    int notes = l->snap != NULL && c->h >= 6 && l->snap->n_notes > 0 ? 1 : 0;
    struct canvas body = canvas_part(c, 1, 0, c->h - 1 - notes, -1);

    draw_state(d, c);
    if (err != NULL && l->snap == NULL) {
        char what[600];
        ncm_text_clip(what, sizeof what, err->what, strlen(err->what), 400);
        wrap_paint(&body, 1, 2, c->w - 4, 4, ROLE_FAIL, what);
        return;
    }
    if (l->snap == NULL || l->snap->n == 0) {
        paint_cut(&body, body.h > 2 ? 1 : 0, 2, c->w - 4, 0, ROLE_DIM, 0,
                  l->snap == NULL ? _("loading…")
                  : l->previous   ? _("Nothing is kept from before a restart.")
                                  : _("It has said nothing yet."));
    } else if (body.h > 0) {
        draw_lines(d, &body);
    }
    if (notes > 0) {
        paint(c, c->h - 1, 1, ROLE_WARN, 0, sign(SIGN_WARN));
        paint_cut(c, c->h - 1, 3, c->w - 4, 0, ROLE_WARN, 0, deploy_clean(l->snap->notes[0], 300));
    }
}
