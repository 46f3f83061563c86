#include "stats/sketch_bytes.h"

#include <string.h>

#include "base/i18n.h"

static bool put(struct ncm_buf *out, uint64_t v, size_t bytes)
{
    unsigned char b[8];
    for (size_t i = 0; i < bytes; i++)
        b[i] = (unsigned char)(v >> (8 * i));
    return ncm_buf_add(out, b, bytes);
}

bool ncm_put_u32(struct ncm_buf *out, uint32_t v)
{
    return put(out, v, 4);
}

bool ncm_put_u64(struct ncm_buf *out, uint64_t v)
{
    return put(out, v, 8);
}

bool ncm_put_double(struct ncm_buf *out, double v)
{
    uint64_t bits;
    memcpy(&bits, &v, sizeof bits);
    return put(out, bits, 8);
}

const unsigned char *ncm_take_bytes(struct ncm_take *t, size_t len)
{
    if (t->bad || len > t->left) {
        t->bad = true;
        return NULL;
    }
    const unsigned char *p = t->p;
    t->p += len;
    t->left -= len;
    return p;
}

static uint64_t take(struct ncm_take *t, size_t bytes)
{
    uint64_t v = 0;
    const unsigned char *p = ncm_take_bytes(t, bytes);
    for (size_t i = 0; p != NULL && i < bytes; i++)
        v |= (uint64_t)p[i] << (8 * i);
    return v;
}

uint32_t ncm_take_u32(struct ncm_take *t)
{
    return (uint32_t)take(t, 4);
}

uint64_t ncm_take_u64(struct ncm_take *t)
{
    return take(t, 8);
}

double ncm_take_double(struct ncm_take *t)
{
    uint64_t bits = take(t, 8);
    double v;
    memcpy(&v, &bits, sizeof v);
    return v;
}

bool ncm_not_a_sketch(struct ncm_err *err, const char *name, const char *what)
{
    return ncm_fail(err, NCM_INVALID_DATA, _("These bytes are no %s sketch: %s."), name, what);
}
