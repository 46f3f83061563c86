/* The bytes of one file, decompressed where they begin like gzip or zstd. A compressed file may
 * have several members or frames; one that ends in the middle of one is cut short, or still grows.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>
#include <zlib.h>
#include <zstd.h>

#include "base/i18n.h"
#include "io/rows_inside.h"

enum packing { PACK_UNKNOWN, PACK_NONE, PACK_GZIP, PACK_ZSTD };

enum {
    IN_SIZE = 1 << 17,
    WINDOW_LOG_MOST = 27, /* 128 MiB: what the zstd tool itself takes without being asked */
};

struct rows_source {
    int fd;
    char *name;
    enum packing packing;
    int64_t raw;
    unsigned char *in; /* bytes that are read but not given: in[at..len) */
    size_t at, len;
    z_stream z;
    ZSTD_DStream *zstd;
    bool inside;          /* of a member or frame */
    struct ncm_err fault; /* code set: bytes came before it, and it is given next */
};

struct rows_source *ncm_rows_source_new(int fd, const char *name)
{
    struct rows_source *s = ncm_alloc(1, sizeof *s);
    s->fd = fd;
    s->name = ncm_strdup(name);
    s->in = ncm_alloc(1, IN_SIZE);
    return s;
}

void ncm_rows_source_free(struct rows_source *s)
{
    if (!s)
        return;
    if (s->packing == PACK_GZIP)
        inflateEnd(&s->z);
    ZSTD_freeDStream(s->zstd);
    close(s->fd);
    ncm_free(s->in);
    ncm_free(s->name);
    ncm_free(s);
}

int ncm_rows_source_fd(const struct rows_source *s)
{
    return s->fd;
}

int64_t ncm_rows_source_raw(const struct rows_source *s)
{
    return s->raw;
}

bool ncm_rows_source_packed(const struct rows_source *s)
{
    return s->packing == PACK_GZIP || s->packing == PACK_ZSTD;
}

void ncm_rows_source_forget(struct rows_source *s)
{
    s->at = s->len = 0;
}

bool ncm_rows_source_inside(const struct rows_source *s)
{
    return s->inside;
}

static bool read_raw(struct rows_source *s, void *out, size_t cap, size_t *got, struct ncm_err *err)
{
    ssize_t n;
    do
        n = read(s->fd, out, cap);
    while (n < 0 && errno == EINTR);
    if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
        return ncm_fail(err, NCM_IO, _("%s cannot be read: %s"), s->name, strerror(errno));
    *got = n < 0 ? 0 : (size_t)n;
    s->raw += (int64_t)*got;
    return true;
}

/* Fills in[] up; *more: something came. */
static bool fill(struct rows_source *s, bool *more, struct ncm_err *err)
{
    size_t got;
    memmove(s->in, s->in + s->at, s->len - s->at);
    s->len -= s->at;
    s->at = 0;
    if (!read_raw(s, s->in + s->len, IN_SIZE - s->len, &got, err))
        return false;
    s->len += got;
    *more = got > 0;
    return true;
}

static bool begins(const struct rows_source *s, const char *magic, size_t n)
{
    return s->len >= n && memcmp(s->in, magic, n) == 0;
}

/* Decides by the first four bytes; with fewer and whole unset it stays undecided. */
static bool look(struct rows_source *s, bool whole, struct ncm_err *err)
{
    bool more = true;
    while (s->len < 4 && more)
        if (!fill(s, &more, err))
            return false;
    if (begins(s, "\xff\xfe", 2) || begins(s, "\xfe\xff", 2)) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s is UTF-16 text; UTF-8 is expected"), s->name);
        return ncm_hint(err, _("iconv -f UTF-16 -t UTF-8 FILE makes it so"));
    }
    if (begins(s, "\x1f\x8b", 2)) {
        s->packing = PACK_GZIP;
        if (inflateInit2(&s->z, 15 + 16) != Z_OK)
            return ncm_fail(err, NCM_INTERNAL, _("%s: zlib does not start"), s->name);
    } else if (begins(s, "\x28\xb5\x2f\xfd", 4)) {
        s->packing = PACK_ZSTD;
        s->zstd = ZSTD_createDStream();
        if (!s->zstd || ZSTD_isError(ZSTD_initDStream(s->zstd)))
            return ncm_fail(err, NCM_INTERNAL, _("%s: zstd does not start"), s->name);
        ZSTD_DCtx_setParameter(s->zstd, ZSTD_d_windowLogMax, WINDOW_LOG_MOST);
    } else if (s->len >= 4 || whole) {
        s->packing = PACK_NONE;
    }
    return true;
}

static bool damaged(const struct rows_source *s, const char *why, struct ncm_err *err)
{
    return ncm_fail(err, NCM_INVALID_DATA, _("%s is damaged: byte %lld of the compressed file: %s"),
                    s->name, (long long)(s->raw - (int64_t)(s->len - s->at)), why);
}

static bool step_gzip(struct rows_source *s, char *out, size_t cap, size_t *got,
                      struct ncm_err *err)
{
    s->z.next_in = s->in + s->at;
    s->z.avail_in = (unsigned)(s->len - s->at);
    s->z.next_out = (unsigned char *)out;
    s->z.avail_out = (unsigned)cap;
    s->inside = true;
    int rc = inflate(&s->z, Z_NO_FLUSH);
    s->at = s->len - s->z.avail_in;
    *got = cap - s->z.avail_out;
    if (rc == Z_STREAM_END) {
        s->inside = false;
        inflateReset(&s->z);
        return true;
    }
    return rc == Z_OK || rc == Z_BUF_ERROR || damaged(s, s->z.msg ? s->z.msg : zError(rc), err);
}

static bool step_zstd(struct rows_source *s, char *out, size_t cap, size_t *got,
                      struct ncm_err *err)
{
    ZSTD_inBuffer in = {s->in, s->len, s->at};
    ZSTD_outBuffer to = {out, cap, 0};
    size_t rc = ZSTD_decompressStream(s->zstd, &to, &in);
    s->at = in.pos;
    *got = to.pos;
    if (ZSTD_isError(rc))
        return damaged(s, ZSTD_getErrorName(rc), err);
    s->inside = rc != 0;
    return true;
}

static bool is_padding(struct rows_source *s)
{
    while (s->at < s->len && s->in[s->at] == 0)
        s->at++;
    return s->at == s->len;
}

static bool read_packed(struct rows_source *s, char *out, size_t cap, bool whole, size_t *got,
                        struct ncm_err *err)
{
    for (;;) {
        bool more = true;
        if (s->at == s->len && !fill(s, &more, err))
            return false;
        /* What a full output held back is given without further input. */
        if (!s->inside && (s->at == s->len || is_padding(s))) {
            if (more)
                continue;
            return true;
        }
        size_t before = s->at;
        bool ok = s->packing == PACK_GZIP ? step_gzip(s, out, cap, got, err)
                                          : step_zstd(s, out, cap, got, err);
        if (!ok && *got > 0)
            s->fault = *err;
        if (!ok || *got > 0)
            return *got > 0;
        if (s->at == before && !more)
            return !whole || ncm_fail(err, NCM_INVALID_DATA,
                                      _("%s is cut short after byte %lld of the compressed file"),
                                      s->name, (long long)s->raw);
    }
}

bool ncm_rows_source_read(struct rows_source *s, char *out, size_t cap, bool whole, size_t *got,
                          struct ncm_err *err)
{
    *got = 0;
    if (s->fault.code != NCM_OK) {
        *err = s->fault;
        return false;
    }
    if (s->packing == PACK_UNKNOWN && !look(s, whole, err))
        return false;
    if (s->packing == PACK_UNKNOWN)
        return true;
    if (s->packing != PACK_NONE)
        return read_packed(s, out, cap, whole, got, err);
    if (s->at < s->len) {
        *got = s->len - s->at < cap ? s->len - s->at : cap;
        memcpy(out, s->in + s->at, *got);
        s->at += *got;
        return true;
    }
    return read_raw(s, out, cap, got, err);
}
