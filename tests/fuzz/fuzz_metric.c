/* Any bytes as a metric's file: however it is cut into pieces, the same points and the same latest
 * one, and what is taken never goes beyond what was given. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "provider/mlflow_files/metric.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct seen {
    struct files_latest latest;
    int64_t n, steps;
};

static void take(void *to, const struct ncm_sample *s)
{
    struct seen *seen = to;
    files_latest_take(&seen->latest, s);
    seen->n++;
    seen->steps = (int64_t)((uint64_t)seen->steps * 31 + (uint64_t)s->step);
}

/* The whole file in pieces of at most `piece` bytes, each begun where the last one ended. */
static struct files_lines read_in(const uint8_t *data, size_t size, size_t piece, struct seen *seen)
{
    struct files_lines l = {0};
    bool more = true;
    while (more) {
        size_t left = size - (size_t)l.offset, n = left < piece ? left : piece;
        char *copy = ncm_strndup((const char *)data + l.offset, n);
        int64_t before = l.offset;
        more = n < left;
        files_lines_take(&l, copy, n, more, take, seen);
        ncm_free(copy);
        if (l.offset < before || l.offset > before + (int64_t)n || (more && l.offset == before))
            abort();
    }
    return l;
}

static bool same(double a, double b)
{
    return a == b || (a != a && b != b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct seen whole = {0}, parts = {0};
    if (size == 0)
        data = (const uint8_t *)"";
    size_t longest = 1, line = 0;
    for (size_t i = 0; i < size; i++) {
        line = data[i] == '\n' ? 0 : line + 1;
        longest = line + 1 > longest ? line + 1 : longest;
    }
    struct files_lines a = read_in(data, size, size + 1, &whole);
    struct files_lines b = read_in(data, size, longest, &parts);
    if (a.offset != b.offset || a.n != b.n || a.bad != b.bad || whole.n != parts.n ||
        whole.steps != parts.steps || whole.latest.any != parts.latest.any ||
        !same(whole.latest.at.value, parts.latest.at.value) || whole.n != a.n)
        abort();
    struct seen short_pieces = {0};
    (void)read_in(data, size, 3, &short_pieces);
    return 0;
}
