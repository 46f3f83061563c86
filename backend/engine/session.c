/* The session: opening, closing, facts, the bell. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "engine/internal.h"
#include "engine/no_store.h"
#include "io/file.h"

enum {
    TIMEOUT_MS = 30000,
    ACTION_MS = 5000,     /* how long closing waits for a running action */
    CANCEL_MS = 2000,     /* and then for everything that was told to end */
    ATTENTION_MS = 30000, /* who comes back after so long wants to see what is new at once */
};

void ncm_session_free(struct ncm_session *s)
{
    while (s->loads != NULL) {
        struct ncm_load *l = s->loads;
        s->loads = l->next;
        while (l->wants != NULL) {
            struct ncm_want *w = l->wants;
            l->wants = w->next;
            ncm_free(w);
        }
        ncm_load_free(l);
    }
    ncm_jobs_free(s->queue);
    ncm_jobs_free(s->results);
    ncm_grave_empty(s);
    ncm_free(s->grave);
    pthread_cond_destroy(&s->reads.wake);
    pthread_cond_destroy(&s->stream.wake);
    pthread_cond_destroy(&s->actions.wake);
    pthread_cond_destroy(&s->owner);
    pthread_mutex_destroy(&s->lock);
    if (s->parent == NULL) {
        ncm_bell_release(&s->bell);
    }
    for (size_t i = 0; i < s->n_kept; i++) {
        s->kept[i].release(s->kept[i].thing);
    }
    ncm_free(s->kept);
    ncm_free(s->sides);
    ncm_source_release(&s->source);
    ncm_choice_release(&s->choice);
    ncm_config_free(s->config);
    ncm_free(s->cache_path);
    ncm_free(s);
}

/* Where nothing is kept between starts, no answer is read from there either. */
static void give_cache(struct ncm_session *s)
{
    char *dir = ncm_dir_state();
    s->cache_path = ncm_path_join(dir, "cache.db");
    s->source.place.cache = s->cache_path;
    s->source.registry.cache = s->cache_path;
    ncm_free(dir);
}

bool ncm_session_make(const struct ncm_provider *provider, const struct ncm_session_options *o,
                      const struct ncm_topic_ops *topics, struct ncm_config *config,
                      struct ncm_choice *choice, struct ncm_session *parent,
                      struct ncm_session **out, struct ncm_err *err)
{
    struct ncm_session *s = ncm_alloc(1, sizeof *s);
    s->topics = topics;
    s->parent = parent;
    s->config = config;
    s->choice = *choice;
    s->attended_ms = ncm_mono_ms();
    s->read_only = o->read_only || choice->read_only;
    s->timeout_ms = o->timeout_ms > 0 ? o->timeout_ms : TIMEOUT_MS;
    s->jitter = (uint64_t)ncm_mono_ms() * 2654435761u + (uintptr_t)s;
    s->bell = (struct ncm_bell){-1, -1};
    atomic_init(&s->locked, choice->protect);
    pthread_mutex_init(&s->lock, NULL);
    pthread_condattr_t attr;
    pthread_condattr_init(&attr);
    pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
    pthread_cond_init(&s->owner, &attr);
    pthread_condattr_destroy(&attr);
    ncm_lane_init(&s->reads, s);
    ncm_lane_init(&s->stream, s);
    ncm_lane_init(&s->actions, s);
    if (provider != NULL) {
        ncm_source_make_with(&s->source, provider, &s->choice);
    } else if (!ncm_source_make(&s->source, &s->choice, err)) {
        ncm_session_free(s);
        return false;
    }
    s->provider = s->source.provider;
    if (o->cache && (s->provider->capabilities & NCM_CAP_CACHE) != 0) {
        give_cache(s);
    }
    if (parent != NULL) {
        s->bell = parent->bell;
    } else if (!ncm_bell_init(&s->bell, err)) {
        ncm_session_free(s);
        return false;
    }
    *out = s;
    return true;
}

bool ncm_engine_open_with(const struct ncm_provider *provider, const struct ncm_session_options *o,
                          const struct ncm_topic_ops *topics, struct ncm_session **out,
                          struct ncm_err *err)
{
    struct ncm_choice choice = {
        .location = ncm_strdup(o->store),
        .label = ncm_strdup(o->store),
        .why = ncm_strdup(""),
    };
    return ncm_session_make(provider, o, topics, NULL, &choice, NULL, out, err);
}

bool ncm_engine_open(const struct ncm_session_options *o, const struct ncm_topic_ops *topics,
                     struct ncm_session **out, struct ncm_err *err)
{
    struct ncm_config *config;
    struct ncm_choice choice = {0};
    if (!ncm_config_load(o->config, &config, err)) {
        return false;
    }
    if (!ncm_choose_store(o->store, o->context, config, &choice, err) &&
        !ncm_choose_none(o, config, &choice)) {
        ncm_config_free(config);
        return false;
    }
    if (o->why != NULL && o->store != NULL) {
        ncm_free(choice.why);
        choice.why = ncm_strdup(o->why);
    }
    return ncm_session_make(NULL, o, topics, config, &choice, NULL, out, err);
}

/* Tells every lane to end. */
static void tell_end(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    s->quit = true;
    if (s->running != NULL) {
        ncm_lane_interrupt(&s->reads, &s->running->cancel);
    }
    ncm_lane_interrupt(&s->stream, &s->stream.cancel);
    pthread_cond_broadcast(&s->reads.wake);
    ncm_actions_cut(s, true);
    pthread_cond_broadcast(&s->actions.wake);
    pthread_mutex_unlock(&s->lock);
}

/* Actions that were waited for in vain: what runs is cancelled, what waits is dropped. */
static void cancel_actions(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    ncm_jobs_free(s->queue);
    s->queue = NULL;
    ncm_lane_interrupt(&s->actions, &s->actions.cancel);
    pthread_mutex_unlock(&s->lock);
}

static void close_all(struct ncm_session *const *sessions, size_t n)
{
    bool *over = ncm_alloc(n + 1, sizeof *over);
    bool all = true;
    for (size_t i = 0; i < n; i++) {
        tell_end(sessions[i]);
    }
    int64_t until = ncm_mono_ms() + ACTION_MS;
    for (size_t i = 0; i < n; i++) {
        over[i] = ncm_lane_join(&sessions[i]->actions, until);
        all = all && over[i];
    }
    for (size_t i = 0; !all && i < n; i++) {
        if (!over[i]) {
            cancel_actions(sessions[i]);
        }
    }
    until = ncm_mono_ms() + CANCEL_MS;
    for (size_t i = 0; i < n; i++) {
        over[i] = over[i] || ncm_lane_join(&sessions[i]->actions, until);
    }
    until = ncm_mono_ms() + CANCEL_MS;
    for (size_t i = 0; i < n; i++) {
        over[i] = ncm_lane_join(&sessions[i]->reads, until) && over[i];
        over[i] = ncm_lane_join(&sessions[i]->stream, until) && over[i];
        sessions[i]->hangs = !over[i];
        if (!over[i] && sessions[i]->parent != NULL) {
            sessions[i]->parent->side_hangs = true;
        }
    }
    /* Sides first: the list begins with them. */
    for (size_t i = 0; i < n; i++) {
        const struct ncm_session *parent = sessions[i]->parent;
        if (over[i] && !sessions[i]->side_hangs && (parent == NULL || !parent->hangs)) {
            ncm_session_free(sessions[i]);
        }
        /* A thread that hangs in a dead disk keeps its memory, and that of what it may still reach:
         * the program ends all the same. */
    }
    ncm_free(over);
}

void ncm_sessions_close(struct ncm_session *const *sessions, size_t n)
{
    size_t all = n;
    for (size_t i = 0; i < n; i++) {
        all += sessions[i]->n_sides;
    }
    struct ncm_session **list = ncm_alloc(all + 1, sizeof *list);
    size_t k = 0;
    /* Sides first: they borrow from the session. */
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < sessions[i]->n_sides; j++) {
            list[k++] = sessions[i]->sides[j];
        }
    }
    for (size_t i = 0; i < n; i++) {
        list[k++] = sessions[i];
    }
    close_all(list, all);
    ncm_free(list);
}

void ncm_session_close(struct ncm_session *s)
{
    if (s != NULL) {
        ncm_sessions_close(&s, 1);
    }
}

const struct ncm_config *ncm_session_config(const struct ncm_session *s)
{
    return s->config;
}

const char *ncm_session_context(const struct ncm_session *s)
{
    return s->choice.context != NULL ? s->choice.context : "";
}

const char *ncm_session_location(const struct ncm_session *s)
{
    return s->choice.label;
}

const char *ncm_session_why(const struct ncm_session *s)
{
    return s->choice.why;
}

const char *ncm_session_also(const struct ncm_session *s)
{
    return s->choice.also != NULL ? s->choice.also : "";
}

const char *ncm_session_state_path(const struct ncm_session *s)
{
    return s->source.state_path;
}

int64_t ncm_session_timeout(const struct ncm_session *s)
{
    return s->timeout_ms;
}

bool ncm_session_storeless(const struct ncm_session *s)
{
    return s->provider == &ncm_no_store;
}

bool ncm_session_remote(const struct ncm_session *s)
{
    return (s->provider->capabilities & NCM_CAP_REMOTE) != 0;
}

bool ncm_session_protected(const struct ncm_session *s)
{
    return s->choice.protect;
}

bool ncm_session_insecure(const struct ncm_session *s)
{
    const struct ncm_choice *c = &s->choice;
    return (c->access.insecure && strncmp(c->location, "https:", 6) == 0) ||
           (c->registry != NULL && c->registry_access.insecure &&
            strncmp(c->registry, "https:", 6) == 0);
}

bool ncm_session_read_only(const struct ncm_session *s)
{
    return s->read_only;
}

bool ncm_session_has_monitors(const struct ncm_session *s)
{
    const struct ncm_config_context *x =
        s->config != NULL ? ncm_config_find(s->config, ncm_session_context(s)) : NULL;
    return x != NULL && x->watch.n_monitors > 0;
}

bool ncm_session_locked(const struct ncm_session *s)
{
    return s->read_only ||
           (s->parent != NULL ? ncm_session_locked(s->parent) : atomic_load(&s->locked));
}

bool ncm_session_set_locked(struct ncm_session *s, bool locked)
{
    if (!locked && s->read_only) {
        return false;
    }
    atomic_store(&s->locked, locked);
    return true;
}

int ncm_session_bell(const struct ncm_session *s)
{
    return s->bell.read_fd;
}

static bool pump(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    if (!s->watching) {
        s->watching = true;
        if (s->provider->watch != NULL && (s->provider->capabilities & NCM_CAP_WATCH) != 0) {
            ncm_lane_start(&s->stream, ncm_stream_main);
        }
    }
    bool changed = ncm_loads_take(s);
    pthread_mutex_unlock(&s->lock);
    /* What was handed out before was promised only until this pump. */
    ncm_grave_empty(s);
    return changed;
}

bool ncm_session_pump(struct ncm_session *s)
{
    ncm_bell_clear(&s->bell);
    bool changed = pump(s);
    for (size_t i = 0; i < s->n_sides; i++) {
        changed = pump(s->sides[i]) || changed;
    }
    return changed;
}

static bool has_ended(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    bool ended = s->results != NULL;
    pthread_mutex_unlock(&s->lock);
    return ended;
}

bool ncm_session_hear(struct ncm_session *s)
{
    ncm_bell_clear(&s->bell);
    bool ended = has_ended(s);
    for (size_t i = 0; i < s->n_sides; i++) {
        ended = has_ended(s->sides[i]) || ended;
    }
    return ended;
}

void ncm_session_pause(struct ncm_session *s, bool paused)
{
    pthread_mutex_lock(&s->lock);
    if (s->paused && !paused) {
        ncm_lane_interrupt(&s->stream, &s->stream.cancel); /* it looks around at once */
    }
    s->paused = paused;
    pthread_cond_broadcast(&s->reads.wake);
    ncm_bell_ring(&s->bell);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->n_sides; i++) {
        ncm_session_pause(s->sides[i], paused);
    }
}

void ncm_session_touch(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    ncm_loads_mark(s, ~0u, true, false);
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->n_sides; i++) {
        ncm_session_touch(s->sides[i]);
    }
}

void ncm_session_attend(struct ncm_session *s)
{
    pthread_mutex_lock(&s->lock);
    bool woken = ncm_mono_ms() - s->attended_ms > ATTENTION_MS;
    s->attended_ms = ncm_mono_ms();
    if (woken) {
        ncm_lane_interrupt(&s->stream, &s->stream.cancel);
    }
    pthread_mutex_unlock(&s->lock);
    for (size_t i = 0; i < s->n_sides; i++) {
        ncm_session_attend(s->sides[i]);
    }
}
