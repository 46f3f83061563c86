#include "pane/common_silence.h"

#include <string.h>

#include "api/action.h"
#include "api/text.h"

static const char *const spans[] = {"1h", "4h", "1d"};
#define N_SPANS (sizeof spans / sizeof *spans)

void common_silence_release(struct common_silence *s)
{
    ncm_free(s->source);
    ncm_free(s->matchers);
    ncm_free(s->how_long);
    ncm_free(s->id);
    memset(s, 0, sizeof *s);
}

static void change(struct common_silence *s)
{
    struct ncm_intent *i = ncm_intent_new(NCM_DO_SILENCE);

    ncm_intent_set(&i->model, s->source);
    ncm_intent_set(&i->key, s->matchers);
    ncm_intent_set(&i->to, s->how_long);
    if (s->id != NULL) {
        ncm_intent_add_object(i, s->id);
    }
    ui_change(s->ui, i);
}

static const char *matchers_done(void *ctx, const char *text, size_t *at)
{
    struct common_silence *s = ctx;
    static struct ncm_err err;
    struct ncm_matcher *items;
    size_t n;

    if (text == NULL) {
        return NULL;
    }
    struct ncm_arena *arena = ncm_arena_new();
    bool ok = ncm_matchers_parse(text, arena, &items, &n, &err);
    ncm_arena_free(arena);
    if (!ok) {
        *at = strlen(text);
        return err.what;
    }
    ncm_intent_set(&s->matchers, text);
    change(s);
    return NULL;
}

static void ask_matchers(struct common_silence *s)
{
    if (s->id != NULL) {
        change(s);
    } else {
        ui_prompt(s->ui, _("Silence what matches:"), s->matchers, matchers_done, NULL, s);
    }
}

static const char *span_done(void *ctx, const char *text, size_t *at)
{
    struct common_silence *s = ctx;
    int64_t ms;

    if (text == NULL) {
        return NULL;
    }
    if (!ncm_parse_duration(text, &ms) || ms <= 0) {
        *at = strlen(text);
        return _("a time like 30m, 2h or 3d");
    }
    ncm_intent_set(&s->how_long, text);
    ask_matchers(s);
    return NULL;
}

static void picked(void *ctx, const size_t *chosen, size_t n)
{
    struct common_silence *s = ctx;

    if (n == 0) {
        return;
    }
    if (chosen[0] >= N_SPANS) {
        ui_prompt(s->ui, _("For how long:"), "2h", span_done, NULL, s);
        return;
    }
    ncm_intent_set(&s->how_long, spans[chosen[0]]);
    ask_matchers(s);
}

static void ask_span(struct common_silence *s, const char *how_long)
{
    const struct ui_pick_item items[N_SPANS + 1] = {
        {.label = _("1 hour")},
        {.label = _("4 hours"), .on = true},
        {.label = _("1 day")},
        {.label = _("another time…")},
    };
    size_t at = 0;

    if (how_long != NULL && how_long[0] != '\0') {
        const char *wrong = span_done(s, how_long, &at);
        if (wrong != NULL) {
            ui_message(s->ui, UI_BAD, "%s", wrong);
        }
        return;
    }
    ui_pick(s->ui, s->id != NULL ? _("Silence from now on for") : _("Silence for how long"), items,
            N_SPANS + 1, false, picked, s);
}

static void begin(struct common_silence *s, struct ui *ui, const char *source)
{
    common_silence_release(s);
    s->ui = ui;
    s->source = ncm_strdup(source);
}

static void keep(struct common_silence *s, const struct ncm_matcher *m, size_t n)
{
    struct ncm_buf text;

    ncm_buf_init(&text, 1 << 16);
    ncm_matchers_format(m, n, &text);
    s->matchers = ncm_buf_take(&text);
    ncm_buf_release(&text);
}

void common_silence_labels(struct common_silence *s, struct ui *ui, const char *source,
                           const struct ncm_kv *labels, size_t n, const char *how_long)
{
    struct ncm_arena *arena = ncm_arena_new();
    size_t n_matchers = 0;

    begin(s, ui, source);
    const struct ncm_matcher *m = ncm_matchers_propose(labels, n, arena, &n_matchers);
    keep(s, m, n_matchers);
    ncm_arena_free(arena);
    ask_span(s, how_long);
}

void common_silence_extend(struct common_silence *s, struct ui *ui, const char *source,
                           const struct ncm_silence *silence, const char *how_long)
{
    begin(s, ui, source);
    s->id = ncm_strdup(ncm_cstr(silence->id));
    keep(s, silence->matchers, silence->n_matchers);
    ask_span(s, how_long);
}
