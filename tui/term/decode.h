/* Bytes from a terminal → keys, pastes, mouse, focus, answers. Pure: no terminal, no clock of its
 * own. Every sequence that is not known is swallowed whole: its bytes never become commands. */
#ifndef TUI_TERM_DECODE_H
#define TUI_TERM_DECODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/text.h"

enum decoded_kind {
    DECODED_KEY,
    DECODED_PASTE,
    DECODED_MOUSE,
    DECODED_FOCUS,
    DECODED_ANSWER,
    DECODED_BACKGROUND
};

struct decoded {
    enum decoded_kind kind;
    int key; /* as in term.h */
    bool alt;
    const char *text; /* paste; valid during the call */
    int y, x, button; /* mouse press: cells from 0; 1-3, 4 wheel up, 5 wheel down */
    bool focused;
    bool light; /* the background's colour, as OSC 11 answers */
};

typedef void (*decode_fn)(void *ctx, const struct decoded *d);

enum decode_state { IN_GROUND, IN_ESC, IN_CSI, IN_SS3, IN_STRING, IN_X10, IN_PASTE };

struct decoder {
    enum decode_state state;
    int escdelay_ms;
    int64_t since_ms;    /* when the last byte came */
    int64_t lone_esc_ms; /* when an ESC was taken for the key */
    bool alt;            /* ESC ESC … */
    bool string_esc;     /* an ESC inside a string */
    bool string_osc;     /* it is an operating system command, an answer perhaps */
    char seq[64];        /* parameters and intermediates of the sequence; the start of a string */
    size_t n;
    char utf8[4];
    size_t utf8_n, utf8_need;
    bool utf8_alt;
    struct ncm_buf paste;
};

void decode_init(struct decoder *d, int escdelay_ms);
void decode_release(struct decoder *d);
void decode_feed(struct decoder *d, const char *p, size_t len, int64_t now_ms, decode_fn emit,
                 void *ctx);
/* ms until decode_expire has something to do; -1 = nothing is unfinished. */
int decode_due(const struct decoder *d, int64_t now_ms);
/* Ends what stayed unfinished too long: a lone ESC becomes the key, the rest is dropped. */
void decode_expire(struct decoder *d, int64_t now_ms, decode_fn emit, void *ctx);

#endif
