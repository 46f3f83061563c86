/* Bytes from a terminal: every event has sane values, the cuts of the network change nothing, and
 * after a pause the decoder is at rest. */
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "term/decode.h"
#include "term/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct sum {
    size_t events;
    uint64_t hash;
};

static void take(void *ctx, const struct decoded *d)
{
    struct sum *s = ctx;
    uint64_t value = (uint64_t)d->kind * 31 + (uint64_t)d->key * 7 + d->alt;
    if (d->kind == DECODED_KEY &&
        (d->key < 0 || d->key > TK_F12 || (d->key > 0x10FFFF && d->key <= KEY_BASE_) ||
         (d->key >= 0x7F && d->key < 0xA0)))
        abort();
    if (d->kind == DECODED_PASTE) {
        for (const char *p = d->text; *p; p++) {
            if (((unsigned char)*p < 32 && *p != '\n') || *p == 127)
                abort();
            value = value * 131 + (unsigned char)*p;
        }
    }
    if (d->kind == DECODED_MOUSE && (d->y < 0 || d->x < 0 || d->button < 1 || d->button > 5))
        abort();
    s->events++;
    s->hash = s->hash * 1099511628211u + value;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sum whole = {0}, pieces = {0};
    struct decoder d;
    decode_init(&d, 25);
    decode_feed(&d, (const char *)data, size, 0, take, &whole);
    decode_expire(&d, 100000, take, &whole);
    if (decode_due(&d, 100000) != -1)
        abort();
    decode_release(&d);

    decode_init(&d, 25);
    for (size_t i = 0; i < size; i++)
        decode_feed(&d, (const char *)data + i, 1, 0, take, &pieces);
    decode_expire(&d, 100000, take, &pieces);
    decode_release(&d);
    if (whole.events != pieces.events || whole.hash != pieces.hash)
        abort();

    for (size_t i = 0; i + 2 < size; i++) {
        char keys[6];
        uint32_t cp = (uint32_t)(data[i] << 16 | data[i + 1] << 8 | data[i + 2]);
        size_t n = term_hangul_keys(cp, keys);
        if (n > 5 || keys[n] != 0)
            abort();
    }
    return 0;
}
