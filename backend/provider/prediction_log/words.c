#include "provider/prediction_log/words.h"

#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

#define FREE_SLOT (UINT32_MAX - 1)

struct word_slot {
    uint64_t hash, head, tail;
    uint32_t len, code;
};

struct key {
    uint64_t hash, head, tail;
};

static const struct {
    const char *text;
    size_t len;
} missing[] = {{"", 0},     {"NA", 2},   {"N/A", 3},  {"n/a", 3},  {"NaN", 3}, {"nan", 3},
               {"null", 4}, {"NULL", 4}, {"None", 4}, {"#N/A", 4}, {"<NA>", 4}};
#define N_MISSING (sizeof missing / sizeof missing[0])

bool ncm_is_missing(const char *p, size_t len)
{
    if (len == 0) {
        return true;
    }
    for (size_t i = 1; i < N_MISSING && len <= 4; i++) {
        if (missing[i].len == len && memcmp(missing[i].text, p, len) == 0) {
            return true;
        }
    }
    return false;
}

static inline uint64_t load(const char *p, size_t len)
{
    uint64_t v = 0;
    memcpy(&v, p, len);
    return v;
}

__extension__ typedef unsigned __int128 wide;

static inline uint64_t mix(uint64_t a, uint64_t b)
{
    wide m = (wide)a * b;
    return (uint64_t)(m >> 64) ^ (uint64_t)m;
}

/* Together with the length, head and tail hold every byte of a word of up to 16. */
static inline struct key key_of(const struct words *w, const char *p, size_t len)
{
    struct key k = {0, 0, 0};
    uint64_t middle = 0;
    if (len >= 8) {
        k.head = load(p, 8);
        k.tail = load(p + len - 8, 8);
        for (size_t i = 8; i + 8 < len; i += 8) {
            middle = mix(middle ^ load(p + i, 8) ^ w->secret[0], w->secret[1]);
        }
    } else if (len >= 4) {
        k.head = load(p, 4);
        k.tail = load(p + len - 4, 4);
    } else if (len > 0) {
        k.head = (uint64_t)(unsigned char)p[0] | (uint64_t)(unsigned char)p[len / 2] << 8 |
                 (uint64_t)(unsigned char)p[len - 1] << 16;
    }
    k.hash = mix(k.head ^ w->secret[0], k.tail ^ w->secret[1] ^ len) ^ middle;
    return k;
}

/* The slot that holds the word, or the free one where it belongs. */
static inline struct word_slot *slot_of(const struct words *w, struct key k, const char *p,
                                        size_t len)
{
    size_t mask = w->n_slots - 1;
    for (size_t i = (size_t)k.hash & mask;; i = (i + 1) & mask) {
        struct word_slot *s = &w->slots[i];
        if (s->code == FREE_SLOT) {
            return s;
        }
        if (s->head == k.head && s->tail == k.tail && s->len == len &&
            (len <= 16 || memcmp(w->texts[s->code], p, len) == 0)) {
            return s;
        }
    }
}

static void enlarge(struct words *w)
{
    struct word_slot *old = w->slots;
    size_t n_old = w->n_slots;
    w->n_slots = n_old ? n_old * 2 : 64;
    w->slots = ncm_alloc(w->n_slots, sizeof *w->slots);
    for (size_t i = 0; i < w->n_slots; i++) {
        w->slots[i].code = FREE_SLOT;
    }
    for (size_t i = 0; i < n_old; i++) {
        if (old[i].code == FREE_SLOT) {
            continue;
        }
        size_t to = (size_t)old[i].hash & (w->n_slots - 1);
        while (w->slots[to].code != FREE_SLOT) {
            to = (to + 1) & (w->n_slots - 1);
        }
        w->slots[to] = old[i];
    }
    ncm_free(old);
}

static void fill(struct words *w, struct key k, const char *p, size_t len, uint32_t code)
{
    if (w->n_used * 2 >= w->n_slots) {
        enlarge(w);
    }
    *slot_of(w, k, p, len) = (struct word_slot){k.hash, k.head, k.tail, (uint32_t)len, code};
    w->n_used++;
}

void ncm_words_init(struct words *w, size_t most)
{
    *w = (struct words){.most = most, .other = NCM_NO_CODE};
    if (getrandom(w->secret, sizeof w->secret, GRND_NONBLOCK) != (ssize_t)sizeof w->secret) {
        w->secret[0] = (uint64_t)(uintptr_t)w;
        w->secret[1] = ~w->secret[0];
    }
    for (size_t i = 0; i < N_MISSING; i++) {
        fill(w, key_of(w, missing[i].text, missing[i].len), missing[i].text, missing[i].len,
             NCM_NO_CODE);
    }
}

void ncm_words_release(struct words *w)
{
    for (size_t i = 0; i < w->n; i++) {
        ncm_free(w->texts[i]);
    }
    ncm_free(w->texts);
    ncm_free(w->counts);
    ncm_free(w->slots);
    *w = (struct words){.other = NCM_NO_CODE};
}

static uint32_t append(struct words *w, const char *p, size_t len)
{
    if (w->n == w->cap) {
        w->cap = w->cap ? w->cap * 2 : 16;
        w->texts = ncm_resize(w->texts, w->cap, sizeof *w->texts);
        w->counts = ncm_resize(w->counts, w->cap, sizeof *w->counts);
    }
    char *text = ncm_alloc(len + 1, 1);
    memcpy(text, p, len);
    w->texts[w->n] = text;
    w->counts[w->n] = 0;
    return (uint32_t)w->n++;
}

uint32_t ncm_words_other(struct words *w)
{
    static const char text[] = "(other)"; /* a fixed word of the frames, never translated */
    if (w->other == NCM_NO_CODE) {
        w->other = append(w, text, sizeof text - 1);
    }
    return w->other;
}

static uint32_t learn(struct words *w, struct key k, const char *p, size_t len)
{
    size_t own = w->n - (w->other != NCM_NO_CODE);
    if (own >= w->most || len > NCM_MOST_WORD_BYTES) {
        return ncm_words_other(w);
    }
    uint32_t code = append(w, p, len);
    fill(w, k, p, len, code);
    return code;
}

uint32_t ncm_words_code(struct words *w, const char *p, size_t len)
{
    struct key k = key_of(w, p, len);
    const struct word_slot *s = slot_of(w, k, p, len);
    return s->code == FREE_SLOT ? learn(w, k, p, len) : s->code;
}

bool ncm_words_find(const struct words *w, const char *p, size_t len, uint32_t *code)
{
    const struct word_slot *s = slot_of(w, key_of(w, p, len), p, len);
    if (s->code == FREE_SLOT || s->code == NCM_NO_CODE) {
        return false;
    }
    *code = s->code;
    return true;
}
