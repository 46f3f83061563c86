/* An outside world that a test holds by the hand, and the providers that stand for it. */
#ifndef TESTS_UNIT_FAKE_SOURCE_H
#define TESTS_UNIT_FAKE_SOURCE_H

#include <pthread.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "provider/provider.h"

enum { PATIENCE_MS = 20000, KEPT_AGE_MS = 3 * 3600 * 1000 };

/* What is in the store, what goes wrong, who waits. Under the lock. */
struct world {
    pthread_mutex_t lock;
    pthread_cond_t moved;
    int content; /* what a fetch finds */
    int kept;    /* what was kept of an earlier start; 0: nothing */
    int fetches, windows, opens, closes, running, interrupted, watches, replays;
    int fetches_of[NCM_N_TOPICS];
    bool hold;          /* fetches wait until let go or cancelled … */
    unsigned hold_only; /* … of these topics (bits) where it is not 0 */
    int fail;           /* this many fetches fail … */
    unsigned fail_only; /* … of these topics where it is not 0 */
    enum ncm_code code;
    int64_t retry_ms; /* asked for with the failure */
    int watch_fail;   /* this many watches fail, as unreachable … */
    int watch_retry;  /* … and ask to be left alone so many ms */
    unsigned events;  /* for the next watch */
    bool borrowed;    /* the last fetch was given a previous snapshot */
    size_t first, count;
    struct ncm_interest interest; /* of the last watch */
};
extern struct world world;

/* Local; and over a network, with a cache. Each answers every topic with an EXPERIMENTS-like
 * snapshot of `content` items. */
extern const struct ncm_provider fake_source, fake_server;

void fake_reset(void);
void fake_hold(bool hold);
/* One of the world's numbers. */
int fake_get(const int *field);
/* Failures ask for a pause; failures only of these topics (bits). */
void fake_retry(int64_t ms);
void fake_fail_only(unsigned topics);
void fake_set(int *field, int value);
void fake_happen(int content, unsigned events);
/* n fetches fail. */
void fake_fail(int n, enum ncm_code code);

#endif
