/* Recorded conversations with real model servers (tests/fixtures/serving), given again by a fake
 * `ask` of the probe; and answers of one's own. */
#ifndef TESTS_PROVIDER_RECORDED_H
#define TESTS_PROVIDER_RECORDED_H

#include "provider/probe.h"

/* Where questions go. A path that was not recorded is unknown (404). */
struct recorded {
    const char *own;        /* "http://127.0.0.1:28180" of the recorded addresses; "" plain paths */
    const char *management; /* … NULL: no such port */
    size_t upto;            /* entries before this one are there; the last that fits is given */
    size_t pick;            /* for a POST: this entry, where its path fits; SIZE_MAX: as above */
    int asked;
};
/* Reads a file of that folder ("bentoml.json"); forgets the one before. Returns its entries. */
size_t recorded_read(const char *file);
void recorded_forget(void);
struct ncm_probe_via recorded_via(struct recorded *r);
/* The member of an entry, or "". */
const char *recorded_text(size_t entry, const char *member);
/* Body of an entry's answer as text; the caller frees. */
char *recorded_body(size_t entry);

/* Answers made by hand: of "SIDE METHOD PATH". status 0: none comes in time; -1: refused. */
struct made {
    const char *on;
    int status;
    const char *body;
};
struct made_by_hand {
    const struct made *items;
    size_t n;
    int asked;
};
struct ncm_probe_via made_via(struct made_by_hand *m);

#endif
