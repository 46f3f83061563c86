#include <math.h>
#include <string.h>

#include "base/num.h"
#include "provider/kubernetes/objects.h"

static const struct {
    const char *suffix;
    double times;
} units[] = {
    {"n", 1e-9},       {"u", 1e-6},          {"m", 1e-3},    {"k", 1e3},     {"M", 1e6},
    {"G", 1e9},        {"T", 1e12},          {"P", 1e15},    {"E", 1e18},    {"Ki", 1024.0},
    {"Mi", 1048576.0}, {"Gi", 1073741824.0}, {"Ti", 0x1p40}, {"Pi", 0x1p50}, {"Ei", 0x1p60},
};

double k8s_quantity(const char *text)
{
    char digits[64];
    double v, times = 1.0;
    size_t n = strlen(text);
    if (n == 0 || n >= sizeof digits || text[strspn(text, "0123456789.+-eEkKMGTPinum")] != '\0') {
        return (double)NAN;
    }
    memcpy(digits, text, n + 1);
    for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
        size_t m = strlen(units[i].suffix);
        /* "1E" is a unit, "1e3" and "1E3" are exponents: they end in a digit. */
        if (n > m && strcmp(digits + n - m, units[i].suffix) == 0 && digits[n - m - 1] != 'i') {
            times = units[i].times;
            digits[n - m] = '\0';
            break;
        }
    }
    return ncm_parse_double(digits, &v) && isfinite(v) ? v * times : (double)NAN;
}
