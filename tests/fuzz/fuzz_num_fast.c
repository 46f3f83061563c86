/* Numbers and times of logs: the fast reader and the careful one agree on every text; whole rows of
 * such texts become frames that are sound. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "base/num_fast.h"
#include "provider/prediction_log/builder.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_number(const char *text, size_t len)
{
    double fast = 7, careful = 7;
    bool is_fast =
        ncm_parse_number_fast(text, len, &fast) || ncm_parse_number_word(text, len, &fast);
    bool is_careful = memchr(text, '\0', len) == NULL && ncm_parse_double(text, &careful);
    if (is_fast != is_careful)
        abort();
    if (is_fast && !(isnan(fast) && isnan(careful)) && memcmp(&fast, &careful, sizeof fast) != 0)
        abort();
}

static void check_time(const char *text, size_t len)
{
    char iso[40];
    int64_t ms, back;
    if (!ncm_parse_time_fast(text, len, &ms) || ms < -INT64_C(62135596800000))
        return;
    ncm_fmt_iso(iso, sizeof iso, ms);
    if (strlen(iso) == 24 && (!ncm_parse_time_fast(iso, 24, &back) || back != ms))
        abort();
}

/* Fields between commas, two a row, as a batch of their own or all at once. */
static struct ncm_frame *frame_of(const struct ncm_field *fields, size_t n_rows, size_t step)
{
    static const char *const names[] = {"ts", "x"};
    static const int64_t lines[128];
    struct ncm_err err;
    struct ncm_frame_builder *b =
        ncm_frame_builder_new(&(struct ncm_frame_options){.most_words = 3});
    for (int pass = 0; pass < 2; pass++) {
        for (size_t i = 0; i < n_rows; i += step) {
            size_t n = n_rows - i < step ? n_rows - i : step;
            struct ncm_batch batch = {fields + i * 2, n, 2, names, "f", lines};
            if (!ncm_frame_builder_add(b, &batch, &err))
                abort();
        }
        if (!ncm_frame_builder_turned(b))
            break;
        ncm_frame_builder_restart(b);
    }
    struct ncm_frame *f = ncm_frame_builder_finish(b);
    ncm_frame_builder_free(b);
    return f;
}

static void check_frames(const char *text, size_t len)
{
    struct ncm_field fields[256];
    size_t n = 0;
    for (const char *p = text, *end = text + len; p <= end && n < 256; n++) {
        const char *comma = memchr(p, ',', (size_t)(end - p));
        size_t field = (size_t)((comma ? comma : end) - p);
        fields[n] = (struct ncm_field){p, (uint32_t)field, NCM_FIELD_TEXT};
        p += field + 1;
    }
    struct ncm_frame *a = frame_of(fields, n / 2, 1), *b = frame_of(fields, n / 2, 128);
    if (a->n_rows != b->n_rows || a->n_columns != b->n_columns || !a->times != !b->times)
        abort();
    for (size_t k = 0; k < a->n_columns; k++) {
        const struct ncm_column *c = &a->columns[k], *d = &b->columns[k];
        if (c->type != d->type || c->n_missing != d->n_missing || c->n_words != d->n_words)
            abort();
        for (size_t i = 0; c->codes && i < a->n_rows; i++)
            if (c->codes[i] != d->codes[i] ||
                (c->codes[i] != NCM_NO_CODE && c->codes[i] >= c->n_words))
                abort();
    }
    ncm_frame_free(a);
    ncm_frame_free(b);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = malloc(size + 1);
    if (size)
        memcpy(text, data, size);
    text[size] = '\0';
    check_number(text, size);
    check_time(text, size);
    free(text);
    /* Not one byte more than there is. */
    text = malloc(size ? size : 1);
    if (size)
        memcpy(text, data, size);
    check_frames(text, size);
    free(text);
    return 0;
}
