/* What the files of this folder share. */
#ifndef TUI_TERM_INTERNAL_H
#define TUI_TERM_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <termios.h>

#include "term/term.h"

/* ---- term.c: what is open ---- */
struct term_state {
    bool on;
    bool offscreen; /* no terminal at all: a script, or a test of painting */
    bool gone;      /* the terminal hung up: nothing is written or read any more */
    int in_fd;      /* keys */
    int out_fd;     /* the terminal, blocking: curses outside of frames, last words */
    int async_fd;   /* our own open file description of it, non-blocking: frames */
    int colors;
    enum term_ladder ladder;
    struct term_options options;
};
extern struct term_state term_state;

/* The terminal's present size; false where it tells none. */
bool term_read_size(int *rows, int *cols);
/* The process was stopped and continued by others, who may have had the screen. */
void term_continued(void);
/* Takes over a new size: buffers, curses, TERM_RESIZE. Nothing where it is the same. */
void term_resized(int rows, int cols);

/* ---- display.c: curses ---- */
/* terminfo.c: whether this machine has the terminal's description. */
bool display_knows(const char *term, int fd);
/* fd: where curses writes; it is duplicated. truecolor: try a *-direct entry. color: use any. */
bool display_open(const char *term, int fd, bool color, bool truecolor);
void display_close(void);
/* The terminal takes nothing any more: what curses still writes goes nowhere. */
void display_cut_off(void);
/* To the shell's screen and modes and back. Curses' descriptor must be the terminal. */
void display_leave(void);
void display_enter(void);
void display_resize(int rows, int cols);
/* Curses' own descriptor, for frames. */
int display_fd(void);
int display_colors(void);
/* Hands the rows that changed to curses (all with force), then writes what differs. */
void display_update(bool force);
/* The styles changed: attributes are looked up anew. */
void display_restyle(void);

/* ---- frame.c ---- */
void frame_open(void);
void frame_close(void);
/* Bytes for the terminal that are no frame: in order, none lost. */
void frame_raw(const char *p, size_t len);
/* Writes what the terminal takes now. */
void frame_flush(void);
bool frame_pending(void);
/* The terminal answered "ESC [ 0 n". */
void frame_acknowledged(void);
/* ms until term_can_paint() turns true without an answer; -1: nothing to wait for. */
int frame_due(void);
/* Before the terminal is given up: the rest of a frame, then answers under way (200 ms). false
 * where the terminal takes nothing any more: a write that may wait would wait for ever. */
bool frame_drain(void);

/* ---- input.c ---- */
void input_open(void);
void input_close(void);
void input_push(const struct term_event *ev);
/* Reads what is there now. */
void input_read(void);
/* As if the text had been pasted. */
void input_paste(const char *text);
/* TERM_QUIT, once. signal 0: the script's end. */
void input_quit(int signal);

/* ---- signals.c ---- */
bool signals_on(struct ncm_err *err);
void signals_off(void);
int signals_fd(void);
/* Stops the process as the shell expects it; returns when it is continued. */
void signals_stop_self(void);
/* While a child has the terminal: it alone is interrupted, both stop. */
void signals_for_child(bool child_runs);
/* Arriving signals, 0 where none is left. */
int signals_take(void);
/* A fatal signal puts this terminal back first. */
void crash_arm(int fd, const struct termios *shell);
void crash_disarm(void);

/* Puts back what the program may have switched on; also sent by the crash handler. */
#define TERM_MODES_OFF  "\033[?2026l\033[?1006l\033[?1002l\033[?1000l\033[?2004l\033[?1004l"
#define TERM_SCREEN_OFF "\033[0m\033(B\033[?25h\033[?1l\033>\033[?1049l\r\n"

/* ---- script.c ---- */
/* The size the script asks for first; false where it does not. */
bool script_size(int *rows, int *cols);
/* Goes on as far as possible; pushes at most one key. Returns ms after which to look again, -1 =
 * nothing before an event, and 0 where something was pushed. */
int script_step(void);

#endif
