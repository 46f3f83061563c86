/* What the two targets of the row reader do: the first byte says how much a read brings; the rest
 * is read so and whole, and both have to give the same rows. (Of a damaged archive more or less
 * comes before its fault is met.) */
#ifndef TESTS_FUZZ_ROWS_H
#define TESTS_FUZZ_ROWS_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "io/rows_inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void fuzz_put(struct ncm_buf *b, const struct ncm_batch *batch)
{
    for (size_t i = 0; i < batch->n_rows; i++) {
        ncm_buf_printf(b, "%lld", (long long)batch->lines[i]);
        for (size_t k = 0; k < batch->n_columns; k++) {
            const struct ncm_field *f = &batch->fields[i * batch->n_columns + k];
            if (f->kind == NCM_FIELD_ABSENT) /* a column that came later is absent as well */
                continue;
            ncm_buf_printf(b, "|%zu:%d:%u:", k, f->kind, f->len);
            ncm_buf_add(b, f->p, f->len);
        }
        ncm_buf_putc(b, '\n');
    }
}

static void fuzz_read(const char *path, enum ncm_rows_format format, size_t chunk,
                      struct ncm_buf *b)
{
    struct ncm_rows_options o = {.format = format, .bad_share = 0.5};
    struct ncm_rows *r;
    struct ncm_batch batch;
    struct ncm_rows_facts facts;
    struct ncm_err err = {0};
    enum ncm_rows_got got;
    if (!ncm_rows_open(path, &o, &r, &err))
        abort();
    if (chunk)
        r->chunk = chunk;
    while ((got = ncm_rows_next(r, &batch, NULL, &err)) == NCM_ROWS_BATCH)
        fuzz_put(b, &batch);
    if (got == NCM_ROWS_WAIT || (got == NCM_ROWS_ERROR && err.what[0] == '\0'))
        abort();
    ncm_rows_facts(r, &facts);
    ncm_buf_printf(b, "%d %lld %lld\n", got, (long long)facts.rows, (long long)facts.bad);
    for (size_t i = 0; i < facts.n_kept; i++)
        ncm_buf_printf(b, "%lld %s\n", (long long)facts.kept[i].line, facts.kept[i].what);
    ncm_rows_close(r);
}

static void fuzz_rows(const uint8_t *data, size_t size, enum ncm_rows_format format)
{
    struct ncm_buf whole, parts;
    char path[64];
    if (size == 0)
        return;
    int fd = memfd_create("rows", MFD_CLOEXEC);
    if (fd < 0 || write(fd, data + 1, size - 1) != (ssize_t)(size - 1))
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    ncm_buf_init(&whole, (size_t)16 << 20);
    ncm_buf_init(&parts, (size_t)16 << 20);
    fuzz_read(path, format, 0, &whole);
    fuzz_read(path, format, 1 + data[0] % 100, &parts);
    bool packed = size > 4 && (memcmp(data + 1, "\x1f\x8b", 2) == 0 ||
                               memcmp(data + 1, "\x28\xb5\x2f\xfd", 4) == 0);
    if (!packed && (whole.len != parts.len || memcmp(whole.p, parts.p, whole.len) != 0)) {
        fprintf(stderr, "whole:\n%s\nin parts:\n%s\n", whole.p, parts.p);
        abort();
    }
    ncm_buf_release(&whole);
    ncm_buf_release(&parts);
    close(fd);
}

#endif
