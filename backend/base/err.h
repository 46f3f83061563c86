/* The one error value. Every fallible function returns bool (true = done) and takes
 * `struct ncm_err *err` last; err is never NULL and is written only on failure. */
#ifndef NCM_BASE_ERR_H
#define NCM_BASE_ERR_H

#include <stdbool.h>
#include <stdint.h>

/* What went wrong, as the headless contract names it (docs/cli: codes and exit statuses). */
enum ncm_code {
    NCM_OK = 0,
    NCM_USAGE,           /* the person's input is wrong                       exit 2 */
    NCM_REFUSED,         /* a rule of ours or of the store forbids it         exit 3 */
    NCM_FORBIDDEN,       /* the other system forbids it                       exit 3 */
    NCM_READ_ONLY,       /* --read-only, a locked context, a read-only store  exit 3 */
    NCM_UNREACHABLE,     /*                                                   exit 4 */
    NCM_TIMEOUT,         /*                                                   exit 4 */
    NCM_UNAUTHENTICATED, /*                                                   exit 4 */
    NCM_TLS,             /*                                                   exit 4 */
    NCM_BUSY,            /* locked by another program for too long            exit 4 */
    NCM_RATE_LIMITED,    /*                                                   exit 4 */
    NCM_NOT_FOUND,       /*                                                   exit 5 */
    NCM_CONFLICT,        /* it changed since it was read                      exit 6 */
    NCM_UNSUPPORTED,     /*                                                   exit 1 */
    NCM_INVALID_DATA,    /* outside bytes are not what they should be         exit 1 */
    NCM_TOO_LARGE,       /*                                                   exit 1 */
    NCM_IO,              /*                                                   exit 1 */
    NCM_INTERNAL,        /*                                                   exit 1 */
    NCM_CANCELLED,       /* the person or a left pane cancelled it            exit 130 */
};

/* what: one sentence for the person (already translated). detail: facts for the log and the
 * details view (may be ""). hint: what to do about it (may be ""). All are plain UTF-8 that may
 * hold outside text: it is cleaned when painted or printed, like any text. */
struct ncm_err {
    enum ncm_code code;
    char what[320];
    char detail[512];
    char hint[256];
    int64_t retry_ms; /* the other side asked to be left alone so long; 0: it did not */
};

/* Sets code and what (printf form), empties detail, hint and retry_ms. Always returns false, so
 * that `return ncm_fail(err, NCM_IO, _("…"))` is one line. Overlong text is cut at a whole
 * character. */
bool ncm_fail(struct ncm_err *err, enum ncm_code code, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/* Adds a hint / a detail to an error that is already set. Return false, as ncm_fail. */
bool ncm_hint(struct ncm_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));
bool ncm_detail(struct ncm_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Puts "CONTEXT: " before what. Returns false. */
bool ncm_wrap(struct ncm_err *err, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* "NOT_FOUND" etc.; "OK" for NCM_OK; static. */
const char *ncm_code_name(enum ncm_code code);

/* The exit status of the headless contract: 0, 1, 2, 3, 4, 5, 6 or 130. */
int ncm_code_exit(enum ncm_code code);

/* A programming error: logs the text and aborts (the terminal layer restores the screen). */
_Noreturn void ncm_bug(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

#endif
