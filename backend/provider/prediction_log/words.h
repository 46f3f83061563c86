/* The words of one category column: raw bytes to small numbers, by the hundred million. Of
 * prediction_log only. */
#ifndef NCM_PROVIDER_PREDICTION_LOG_WORDS_H
#define NCM_PROVIDER_PREDICTION_LOG_WORDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/frame.h"

#define NCM_MOST_WORD_BYTES 1024 /* a longer one counts as "(other)" */

struct word_slot;
/* Codes are given in the order of first use and never change. Equality is that of bytes; the tokens
 * that stand for a missing value have no code. Open addressing, at most half full; the first and
 * last eight bytes lie in the slot, so that words of up to 16 bytes cost one look. O(1) a word. */
struct words {
    struct word_slot *slots;
    size_t n_slots, n_used;
    uint64_t secret[2]; /* words come from outside: nobody shall be able to choose collisions */
    char **texts;
    uint32_t *counts; /* of each code; the caller counts */
    size_t n, cap;
    size_t most;    /* words that get a code of their own */
    uint32_t other; /* the code of all further ones, NCM_NO_CODE until there is one */
};

void ncm_words_init(struct words *w, size_t most);
void ncm_words_release(struct words *w);
/* The code of a word, a new one where it is new; NCM_NO_CODE for the tokens of a missing value. */
uint32_t ncm_words_code(struct words *w, const char *p, size_t len);
/* Makes "(other)" the next code, if there is none. */
uint32_t ncm_words_other(struct words *w);
/* The same without learning anything: false where the word has no code. */
bool ncm_words_find(const struct words *w, const char *p, size_t len, uint32_t *code);
/* Whether a text stands for a missing value: empty, NA, N/A, n/a, NaN, nan, null, NULL, None, #N/A,
 * <NA>, by their bytes. */
bool ncm_is_missing(const char *p, size_t len);

#endif
