/* Numbers, durations and times from people and files; and every double back from its text. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_double(double v)
{
    char text[64];
    double back;
    ncm_fmt_exact(text, sizeof text, v);
    if (!ncm_parse_double(text, &back))
        abort();
    if (isnan(v) ? !isnan(back) : memcmp(&v, &back, sizeof v) != 0)
        abort();
    for (int digits = 0; digits < 20; digits++) {
        ncm_fmt_num(text, sizeof text, v, digits);
        ncm_fmt_delta(text, sizeof text, v, digits);
    }
}

static void check_i64(int64_t v)
{
    char text[64];
    ncm_fmt_count(text, sizeof text, v);
    ncm_fmt_size(text, sizeof text, v);
    ncm_fmt_duration(text, sizeof text, v);
    ncm_fmt_age(text, sizeof text, v);
    ncm_fmt_time(text, sizeof text, v, true);
    ncm_fmt_clock(text, sizeof text, v);
    ncm_fmt_iso(text, sizeof text, v);
    int64_t back;
    if (v != NCM_NO_TIME && (!ncm_parse_time(text, 0, &back) || back != v))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char text[256];
    int64_t i;
    double d;
    size_t n = size < sizeof text ? size : sizeof text - 1;
    memcpy(text, data, n);
    text[n] = '\0';
    if (ncm_parse_i64(text, &i))
        check_i64(i);
    if (ncm_parse_double(text, &d))
        check_double(d);
    if (ncm_parse_duration(text, &i) && i < 0)
        abort();
    if (ncm_parse_time(text, 1795269802123, &i))
        check_i64(i);
    if (size >= 8) {
        memcpy(&i, data, 8);
        memcpy(&d, data, 8);
        check_i64(i);
        check_double(d);
    }
    return 0;
}
