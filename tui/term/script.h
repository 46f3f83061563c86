/* --script: a file of keys, waits and save-screen that feeds the same queue as the keyboard: tests,
 * pictures and macros. One command a line; # comments:
 *   KEYS…                 characters and <Enter> <Esc> <Tab> <S-Tab> <Up> … <F1> <Space> <C-c> <lt>
 *   wait "TEXT" [SECONDS] until the text is on the screen (default 10; else the program ends 1)
 *   gone "TEXT" [SECONDS]
 *   paste "TEXT"
 *   resize COLSxROWS      (only where the size is the script's to choose)
 *   save-screen FILE      text rows, then a block of attribute letters
 *   pause MS              for demonstrations only
 *   quit */
#ifndef TUI_TERM_SCRIPT_H
#define TUI_TERM_SCRIPT_H

#include <stdbool.h>

#include "api/error.h"

/* Before term_start. Errors NCM_USAGE "FILE:LINE: …". */
bool script_load(const char *path, struct ncm_err *err);
/* Whether a script is running; its failure (a wait that timed out) ends the program with 1. */
bool script_active(void);

#endif
