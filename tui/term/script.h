/* --script: a file of keys, waits and save-screen that feeds the same queue as the keyboard: tests,
 * pictures and macros. One command a line; # comments:
 *   KEYS…                 characters and <Enter> <Esc> <Tab> <S-Tab> <Up> … <F1> <Space> <C-c>
 * <A-x> <lt>; blanks at either end do not count, a blank inside is one wait "TEXT" [SECONDS] until
 * the text is on the screen (default 10; else the program ends 1) gone "TEXT" [SECONDS] paste
 * "TEXT" resize COLSxROWS      (only where the size is the script's to choose) save-screen FILE
 * text rows, then a block of attribute letters pause MS              for demonstrations only quit
 * In "TEXT" stand \" \\ \n and \t. Keys come one at a time, each after the one before was handled;
 * a wait looks at what was painted last. Without any terminal the script has a screen of its own
 * (80x24, or what a `resize` in its first line says) and the program ends with the script.
 *
 * save-screen writes each row (trailing blanks dropped), a line "---- COLSxROWS", then each row
 * again with one letter a cell for its role, trailing '.' dropped:
 *   . text   d dim   h head   b bar   B active tab   - border   f focus   s selected   S selected
 * in another part   m mark   k key   t key's text   o OK   w warning   F failure   r running u
 * unknown   / match   + better   ~ worse   X danger   i input   l link   0 no stage   G Staging P
 * Production   A Archived   1-7 series   a axis   T threshold
 *   _ no figure   q calm   v raised   e beyond (heat maps)   H current   O reference   Q both */
#ifndef TUI_TERM_SCRIPT_H
#define TUI_TERM_SCRIPT_H

#include <stdbool.h>
#include <stddef.h>

#include "api/error.h"

/* Before term_start. Errors NCM_USAGE "FILE:LINE: …". */
bool script_load(const char *path, struct ncm_err *err);
/* The same from memory; name stands for the file in errors. */
bool script_parse(const char *name, const char *text, size_t len, struct ncm_err *err);
/* Whether a script is running. */
bool script_active(void);
/* After TERM_QUIT: false + err where the script failed (a wait that timed out, a file that could
 * not be written): the program then ends with 1. */
bool script_done(struct ncm_err *err);

#endif
