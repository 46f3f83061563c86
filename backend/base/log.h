/* The log: off unless NCMLOPS_LOG names a file or -v is given; never the screen. Text is escaped,
 * secrets never get here. Thread-safe. */
#ifndef NCM_BASE_LOG_H
#define NCM_BASE_LOG_H

#include <stdbool.h>

/* path NULL = off. Opens for appending with mode 0600; false where it cannot be opened. */
bool ncm_log_open(const char *path);
void ncm_log(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void ncm_log_close(void);

#endif
