/* Series while they grow. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/num.h"
#include "provider/evidently/internal.h"

struct ev_growing {
    struct ncm_str column, method;
    double threshold;
    struct ncm_list points;
};

void ev_builder_init(struct ev_builder *b)
{
    *b = (struct ev_builder){.arena = ncm_arena_new(),
                             .series = {.size = sizeof(struct ev_growing)},
                             .known = ncm_map_new()};
}

void ev_builder_release(struct ev_builder *b)
{
    struct ev_growing *items = b->series.items;
    for (size_t i = 0; i < b->series.n; i++) {
        ncm_free(items[i].points.items);
    }
    ncm_free(b->series.items);
    ncm_map_free(b->known);
    ncm_arena_free(b->arena);
    *b = (struct ev_builder){0};
}

bool ncm_evidently_drifted(const char *method, double value, double threshold)
{
    return strstr(method, "p_value") != NULL ? value < threshold : value >= threshold;
}

double ev_number(const struct ncm_node *n)
{
    double v;
    if (n == NULL) {
        return NAN;
    }
    if (n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM) {
        return n->num;
    }
    return n->kind == NCM_NODE_STR && ncm_parse_double(n->str, &v) ? v : NAN;
}

static struct ev_growing *growing(struct ev_builder *b, const char *column, const char *method,
                                  double threshold)
{
    struct ncm_buf key;
    char number[40];
    size_t at = b->series.n;
    ncm_buf_init(&key, SIZE_MAX / 2);
    ncm_fmt_exact(number, sizeof number, threshold);
    ncm_buf_printf(&key, "%s%zu:%s%s\n%s", column != NULL ? "=" : "", strlen(method), method,
                   number, column != NULL ? column : "");
    if (!ncm_map_get(b->known, key.p, key.len, &at)) {
        ncm_map_set(b->known, key.p, key.len, at);
        *(struct ev_growing *)ncm_list_add(&b->series) = (struct ev_growing){
            .column = ncm_arena_cstr(b->arena, column),
            .method = ncm_arena_cstr(b->arena, method),
            .threshold = threshold,
            .points = {.size = sizeof(struct ncm_evidently_point)},
        };
    }
    ncm_buf_release(&key);
    return (struct ev_growing *)b->series.items + at;
}

void ev_add(struct ev_builder *b, const char *column, const char *method, double threshold,
            struct ncm_evidently_point point)
{
    if (b->points >= NCM_EVIDENTLY_POINTS_MOST) {
        b->full = true;
        return;
    }
    b->points++;
    *(struct ncm_evidently_point *)ncm_list_add(&growing(b, column, method, threshold)->points) =
        point;
}

static int by_time(const void *a, const void *b)
{
    const struct ncm_evidently_point *x = a, *y = b;
    return (x->time_ms > y->time_ms) - (x->time_ms < y->time_ms);
}

static int by_name(const void *a, const void *b)
{
    const struct ncm_evidently_series *x = a, *y = b;
    if ((x->column.p == NULL) != (y->column.p == NULL)) {
        return x->column.p == NULL ? -1 : 1;
    }
    int c = ncm_str_compare(x->column, y->column);
    c = c != 0 ? c : ncm_str_compare(x->method, y->method);
    /* NaN, an unknown threshold, comes last. */
    bool less = x->threshold < y->threshold || (isnan(y->threshold) && !isnan(x->threshold));
    bool more = x->threshold > y->threshold || (isnan(x->threshold) && !isnan(y->threshold));
    return c != 0 ? c : more - less;
}

bool ev_finish(struct ev_builder *b, struct ncm_evidently *out, struct ncm_err *err)
{
    struct ev_growing *items = b->series.items;
    if (b->full) {
        return ncm_fail(err, NCM_TOO_LARGE, _("Evidently's reports hold more than %d values"),
                        NCM_EVIDENTLY_POINTS_MOST);
    }
    out->n = b->series.n;
    out->series = ncm_arena_alloc(b->arena, out->n, sizeof *out->series);
    for (size_t i = 0; i < out->n; i++) {
        out->series[i].column = items[i].column;
        out->series[i].method = items[i].method;
        out->series[i].threshold = items[i].threshold;
        out->series[i].n = items[i].points.n;
        out->series[i].points = ncm_list_move(&items[i].points, b->arena);
        qsort(out->series[i].points, out->series[i].n, sizeof *out->series[i].points, by_time);
    }
    if (out->n > 1) {
        qsort(out->series, out->n, sizeof *out->series, by_name);
    }
    out->arena = b->arena;
    b->arena = NULL;
    return true;
}

void ncm_evidently_release(struct ncm_evidently *e)
{
    ncm_arena_free(e->arena);
    *e = (struct ncm_evidently){0};
}
