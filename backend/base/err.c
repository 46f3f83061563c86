#include "base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/i18n.h"
#include "base/log.h"

/* vsnprintf that never leaves half a UTF-8 character at the end. */
static void put(char *out, size_t size, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void put(char *out, size_t size, const char *fmt, va_list ap)
{
    int n = vsnprintf(out, size, fmt, ap);
    if (n < 0) {
        out[0] = '\0';
        return;
    }
    if ((size_t)n < size)
        return;
    size_t end = size - 1;
    size_t start = end;
    while (start > 0 && end - start < 4 && ((unsigned char)out[start - 1] & 0xC0) == 0x80)
        start--;
    if (start == 0)
        return;
    unsigned char lead = (unsigned char)out[start - 1];
    size_t need = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : lead >= 0xC0 ? 2 : 1;
    if (need > end - start + 1)
        out[start - 1] = '\0';
}

/* Arguments may point into the error itself, so text is built aside and then moved in. */
bool ncm_fail(struct ncm_err *err, enum ncm_code code, const char *fmt, ...)
{
    char text[sizeof err->what];
    va_list ap;
    va_start(ap, fmt);
    put(text, sizeof text, fmt, ap);
    va_end(ap);
    err->code = code;
    memcpy(err->what, text, sizeof text);
    err->detail[0] = '\0';
    err->hint[0] = '\0';
    err->retry_ms = 0;
    return false;
}

bool ncm_hint(struct ncm_err *err, const char *fmt, ...)
{
    char text[sizeof err->hint];
    va_list ap;
    va_start(ap, fmt);
    put(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(err->hint, text, sizeof text);
    return false;
}

bool ncm_detail(struct ncm_err *err, const char *fmt, ...)
{
    char text[sizeof err->detail];
    va_list ap;
    va_start(ap, fmt);
    put(text, sizeof text, fmt, ap);
    va_end(ap);
    memcpy(err->detail, text, sizeof text);
    return false;
}

static void join(char *out, size_t size, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
static void join(char *out, size_t size, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put(out, size, fmt, ap);
    va_end(ap);
}

bool ncm_wrap(struct ncm_err *err, const char *fmt, ...)
{
    char context[sizeof err->what];
    char text[sizeof err->what];
    va_list ap;
    va_start(ap, fmt);
    put(context, sizeof context, fmt, ap);
    va_end(ap);
    /* Translators: CONTEXT: WHAT HAPPENED */
    join(text, sizeof text, _("%s: %s"), context, err->what);
    memcpy(err->what, text, sizeof text);
    return false;
}

static const struct {
    enum ncm_code code;
    const char *name;
    int status;
} codes[] = {
    {NCM_OK, "OK", 0},
    {NCM_USAGE, "USAGE", 2},
    {NCM_REFUSED, "REFUSED", 3},
    {NCM_FORBIDDEN, "FORBIDDEN", 3},
    {NCM_READ_ONLY, "READ_ONLY", 3},
    {NCM_UNREACHABLE, "UNREACHABLE", 4},
    {NCM_TIMEOUT, "TIMEOUT", 4},
    {NCM_UNAUTHENTICATED, "UNAUTHENTICATED", 4},
    {NCM_TLS, "TLS", 4},
    {NCM_BUSY, "BUSY", 4},
    {NCM_RATE_LIMITED, "RATE_LIMITED", 4},
    {NCM_NOT_FOUND, "NOT_FOUND", 5},
    {NCM_CONFLICT, "CONFLICT", 6},
    {NCM_UNSUPPORTED, "UNSUPPORTED", 1},
    {NCM_INVALID_DATA, "INVALID_DATA", 1},
    {NCM_TOO_LARGE, "TOO_LARGE", 1},
    {NCM_IO, "IO", 1},
    {NCM_INTERNAL, "INTERNAL", 1},
    {NCM_CANCELLED, "CANCELLED", 130},
};

const char *ncm_code_name(enum ncm_code code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].name;
    return "INTERNAL";
}

int ncm_code_exit(enum ncm_code code)
{
    for (size_t i = 0; i < sizeof codes / sizeof codes[0]; i++)
        if (codes[i].code == code)
            return codes[i].status;
    return 1;
}

_Noreturn void ncm_bug(const char *fmt, ...)
{
    char text[512];
    va_list ap;
    va_start(ap, fmt);
    put(text, sizeof text, fmt, ap);
    va_end(ap);
    ncm_log("bug: %s", text);
    abort();
}
