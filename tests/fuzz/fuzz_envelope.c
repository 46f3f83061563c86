/* What a captured request holds, as any bytes: CSV, JSON or neither. */
#include <stdlib.h>
#include <string.h>

#include "provider/prediction_log/envelope.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_batch(const struct ncm_batch *b)
{
    unsigned sum = 0;
    for (size_t i = 0; i < b->n_rows * b->n_columns; i++)
        for (size_t k = 0; k < b->fields[i].len; k++)
            sum += (unsigned char)b->fields[i].p[k];
    for (size_t j = 0; j < b->n_columns; j++)
        sum += (unsigned)strlen(b->columns[j]);
    for (size_t i = 0; i < b->n_rows; i++)
        if (b->lines[i] < 1 || b->lines[i] > 2)
            abort();
    if (b->n_columns > 1024 || sum == 1)
        abort();
}

/* The first byte says how the rest is encoded; it is both what came in and what went out. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const names[] = {
        "captureData.endpointInput.data", "captureData.endpointInput.encoding",
        "captureData.endpointOutput.data", "captureData.endpointOutput.encoding",
        "eventMetadata.inferenceTime"};
    static const char *const encodings[] = {"CSV", "JSON", "BASE64", ""};
    static const int64_t lines[] = {1, 2};
    if (size == 0)
        return 0;
    const char *encoding = encodings[data[0] % 4];
    char *text = malloc(size);
    memcpy(text, data + 1, size - 1);
    struct ncm_field d = {text, (uint32_t)(size - 1), NCM_FIELD_TEXT};
    struct ncm_field e = {encoding, (uint32_t)strlen(encoding), NCM_FIELD_TEXT};
    struct ncm_field half = {text, d.len / 2, NCM_FIELD_TEXT};
    struct ncm_field none = {.kind = NCM_FIELD_ABSENT};
    struct ncm_field fields[] = {d, e, half, e, d, d, e, none, none, none};
    struct ncm_batch in = {fields, 2, 5, names, "f", lines}, out;
    struct log_envelope *v = ncm_envelope_new();
    if (!ncm_envelope_is(&in))
        abort();
    ncm_envelope_begin(v, &in);
    while (ncm_envelope_pending(v) && ncm_envelope_next(v, &out))
        check_batch(&out);
    ncm_envelope_free(v);
    free(text);
    return 0;
}
