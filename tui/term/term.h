/* The terminal: the only folder that knows curses. Start, stop, suspend, crash restore, frames of
 * one acknowledged write, input decoding, painting. One thread only. */
#ifndef TUI_TERM_TERM_H
#define TUI_TERM_TERM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "api/error.h"
#include "api/text.h"
#include "term/style.h"

enum term_color { TERM_COLOR_AUTO, TERM_COLOR_NEVER };

struct term_options {
    enum term_color color;
    const char *plot; /* "braille" "quadrant" "ascii" or NULL: choose (docs/terminal.md) */
    bool mouse;
    bool ask_background; /* ask for it once; TERM_BACKGROUND may come, or nothing */
    int escdelay_ms;     /* 25 */
    bool plain_frames;   /* no memfd frames, no acknowledgements (for odd terminals) */
};

/* NCM_USAGE where standard input or output is no terminal, or TERM is unknown or "dumb"; hint
 * names the headless commands. */
bool term_start(const struct term_options *o, struct ncm_err *err);
/* No terminal at all: painting, term_dump and a script work; for tests. Cannot fail. */
void term_start_offscreen(int rows, int cols);
/* Whether COLORFGBG names a light background; also before the start. */
bool term_says_light(void);
/* Restores everything; safe to call twice. */
void term_stop(void);
int term_rows(void);
int term_cols(void);
/* Smallest useful size 40x8; below it the app paints one line. */
bool term_too_small(void);
/* Bits per cell of the plot ladder in force. */
enum term_ladder { LADDER_BRAILLE, LADDER_QUADRANT, LADDER_ASCII };
enum term_ladder term_ladder(void);
int term_colors(void); /* 0, 8, 16, 256, 1<<24 */

/* Key codes: Unicode code points, and above them: */
enum {
    KEY_BASE_ = 0x200000,
    TK_UP,
    TK_DOWN,
    TK_LEFT,
    TK_RIGHT,
    TK_HOME,
    TK_END,
    TK_PGUP,
    TK_PGDN,
    TK_INS,
    TK_DEL,
    TK_BACKSPACE,
    TK_ENTER,
    TK_TAB,
    TK_BTAB,
    TK_ESC,
    TK_F1,
    TK_F2,
    TK_F3,
    TK_F4,
    TK_F5,
    TK_F6,
    TK_F7,
    TK_F8,
    TK_F9,
    TK_F10,
    TK_F11,
    TK_F12,
};

enum term_event_kind {
    TERM_KEY,
    TERM_PASTE,      /* text: cleaned of controls but LF; never acts */
    TERM_MOUSE,      /* press at y,x; button 1-3, 4 wheel up, 5 wheel down */
    TERM_RESIZE,     /* size has been taken over */
    TERM_FOCUS,      /* focused = true/false */
    TERM_RESUMED,    /* after a suspend: repaint everything */
    TERM_QUIT,       /* SIGTERM, SIGHUP, SIGINT or the terminal is gone; signal holds the number */
    TERM_BACKGROUND, /* light = whether the terminal's background is */
};

struct term_event {
    enum term_event_kind kind;
    int key;          /* TERM_KEY */
    bool alt;         /* ESC and the key came in one read */
    const char *text; /* TERM_PASTE; valid until the next term_next */
    int y, x, button;
    bool focused, light;
    int signal;
};

/* Waits until input, a signal, one of fds readable, or timeout_ms (-1: for ever). A frame not yet
 * written or acknowledged is handled here too. Returns true where term_next may have something.
 * ready[i] tells which fds. */
bool term_wait(const int *fds, size_t n, bool *ready, int timeout_ms);
/* Takes one event; false where none is pending. Unknown escape sequences are swallowed. */
bool term_next(struct term_event *ev);

/* A frame: begin (erases the back buffer), paint, end. end returns at once; where the last frame is
 * not acknowledged yet term_can_paint() is false and the app paints later (term_wait wakes up). */
bool term_can_paint(void);
void term_frame_begin(void);
void term_frame_end(void);
void term_repaint(void);      /* the next frame writes every cell */
int term_round_trip_ms(void); /* of the last acknowledged frame; -1 unknown */
uint64_t term_bytes_written(void);

/* Ctrl-Z and the `:suspend` action. */
void term_suspend(void);
/* Runs a child (argv, NULL-terminated) on the normal screen (an editor, a pager) and waits for it.
 * Returns its exit status, -1 where it could not start. */
int term_run(const char *const *argv);
/* The terminal's bell. */
void term_ring(void);
void term_copy(const char *text); /* OSC 52, inside tmux too; at most 74,994 bytes base64 */
void term_bell(void);
void term_title(const char *text);

/* How roles look; N_ROLES of them, copied. */
void term_set_styles(const struct role_style *styles);

/* Hangul typed with a 2-set layout, turned back into keys: the keys of one code point in order, 0
 * where it is not Hangul. out has room for 6. Full-width ASCII is folded too. */
size_t term_hangul_keys(uint32_t cp, char out[6]);

/* The screen as text for save-screen and tests: each row, then one letter per cell for its role
 * group. */
void term_dump(struct ncm_buf *out);

#endif
