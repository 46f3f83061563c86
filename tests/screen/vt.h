/* A program in a pseudo-terminal, with libvterm as its terminal. Tests wait for what shall be on
 * the screen and never sleep. Every wait that is not met fails the test and prints the screen.
 * Times are in ms and multiplied by NCMLOPS_TEST_SLOW; 0 means the usual 3 s. */
#ifndef TESTS_SCREEN_VT_H
#define TESTS_SCREEN_VT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct vt;

/* argv[0] "ncmlops" stands for the program under test: $NCMLOPS_BIN, else build/ncmlops. env:
 * "NAME=value" sets, "NAME" unsets; NULL-terminated; may be NULL. Without it: the test's own
 * environment with TERM=xterm-256color, LC_ALL=C.UTF-8, TZ=UTC, and nothing that steers the program
 * (NO_COLOR, COLORTERM, LINES, COLUMNS, TMUX, NCMLOPS_*, MLFLOW_*, XDG_*). */
struct vt *vt_spawn(int rows, int cols, const char *const *env, const char *const *argv);
/* The program under test. */
const char *vt_program(void);
/* Waits for the program's end (killed after the usual time, which fails the test), frees, and
 * returns its wait status. */
#define vt_close(vt) vt_close_(vt, __FILE__, __LINE__)
int vt_close_(struct vt *vt, const char *file, int line);
/* Kills it if it still runs, and frees: for the end of a test that proves something else. */
void vt_kill(struct vt *vt);
pid_t vt_pid(const struct vt *vt);
/* The other end goes away, as when a terminal window is closed. vt_close then still works. */
void vt_hang_up(struct vt *vt);

void vt_send(struct vt *vt, const char *bytes);
void vt_send_n(struct vt *vt, const char *bytes, size_t len);
/* "Up" "Down" "Left" "Right" "Home" "End" "PgUp" "PgDn" "Enter" "Esc" "Tab" "S-Tab" "Backspace"
 * "Del" "Space" "F1"…"F12", "C-x", or the text itself. */
void vt_key(struct vt *vt, const char *name);
/* Text as a terminal pastes it. */
void vt_paste(struct vt *vt, const char *text);
/* New size, SIGWINCH included. */
void vt_resize(struct vt *vt, int rows, int cols);
/* From now on (or no longer) the terminal answers no question. */
void vt_silent(struct vt *vt, bool silent);
/* Nothing is read from the program: its writes fill the line. */
void vt_stall(struct vt *vt, bool stalled);

#define vt_wait(vt, text, ms)      vt_wait_(vt, text, ms, true, __FILE__, __LINE__)
#define vt_wait_gone(vt, text, ms) vt_wait_(vt, text, ms, false, __FILE__, __LINE__)
/* Until the text stands on the screen, within one row / no longer does. */
void vt_wait_(struct vt *vt, const char *text, int ms, bool there, const char *file, int line);
/* Until a predicate of the caller holds. */
#define vt_wait_for(vt, pred, ctx, ms) vt_wait_for_(vt, pred, ctx, ms, #pred, __FILE__, __LINE__)
void vt_wait_for_(struct vt *vt, bool (*pred)(struct vt *vt, void *ctx), void *ctx, int ms,
                  const char *what, const char *file, int line);
/* Until n frames in all have ended since the start. */
#define vt_wait_frame(vt, n, ms) vt_wait_frame_(vt, n, ms, __FILE__, __LINE__)
void vt_wait_frame_(struct vt *vt, size_t n, int ms, const char *file, int line);
/* Until the raw bytes have been seen since the start (or vt_forget). */
#define vt_wait_raw(vt, raw, ms) vt_wait_raw_(vt, raw, ms, __FILE__, __LINE__)
void vt_wait_raw_(struct vt *vt, const char *raw, int ms, const char *file, int line);
/* Until the program has written nothing for so long (not multiplied: it is no deadline). */
void vt_wait_quiet(struct vt *vt, int quiet_ms);

/* What is on the screen now. A row's text lives until eight more are asked for. */
int vt_rows(const struct vt *vt);
int vt_cols(const struct vt *vt);
const char *vt_row(struct vt *vt, int y);
/* Where the text stands; row and col (cells) may be NULL. */
bool vt_find(struct vt *vt, const char *text, int *row, int *col);
bool vt_has(struct vt *vt, const char *text);

enum { VT_DEFAULT = -1 };
struct vt_cell {
    uint32_t ch; /* 0: right half of a wide character */
    int width;
    bool bold, underline, reverse, italic;
    int fg, bg;             /* 0xRRGGBB, or VT_DEFAULT */
    int fg_index, bg_index; /* palette index, or -1 */
};
struct vt_cell vt_cell(struct vt *vt, int y, int x);
void vt_cursor(const struct vt *vt, int *y, int *x);
bool vt_cursor_visible(const struct vt *vt);
bool vt_alternate(const struct vt *vt); /* the alternate screen is on */
const char *vt_title(const struct vt *vt);

/* The raw stream so far: whether the bytes occur, how often, how many came; frames that ended. */
bool vt_saw(const struct vt *vt, const char *raw);
size_t vt_count(const struct vt *vt, const char *raw);
size_t vt_bytes(const struct vt *vt);
size_t vt_frames(const struct vt *vt);
/* Bytes of the longest frame. */
size_t vt_longest_frame(const struct vt *vt);
/* Forgets the raw stream and starts counting anew; the screen stays. */
void vt_forget(struct vt *vt);
void vt_dump(struct vt *vt, FILE *out);

#endif
