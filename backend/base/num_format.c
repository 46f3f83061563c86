#include <float.h>
#include <inttypes.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"

static locale_t c_locale;
static pthread_once_t c_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

/* %.*g with a decimal point in every locale. */
static void put_g(char *out, size_t outsz, int digits, double v)
{
    pthread_once(&c_once, make_c_locale);
    locale_t old = uselocale(c_locale);
    snprintf(out, outsz, "%.*g", digits, v);
    uselocale(old);
}

static char *put(char *out, size_t outsz, const char *s)
{
    snprintf(out, outsz, "%s", s);
    return out;
}

char *ncm_fmt_exact(char *out, size_t outsz, double v)
{
    if (isnan(v))
        return put(out, outsz, "NaN");
    if (isinf(v))
        return put(out, outsz, v > 0 ? "Infinity" : "-Infinity");
    char text[40] = "";
    /* 15 digits never say too much but for the denormals, which have fewer. */
    for (int digits = fabs(v) < DBL_MIN ? 1 : 15; digits <= 17; digits++) {
        double back;
        put_g(text, sizeof text, digits, v);
        if (ncm_parse_double(text, &back) && back == v)
            break;
    }
    return put(out, outsz, text);
}

static char *put_infinity(char *out, size_t outsz, const char *sign)
{
    snprintf(out, outsz, "%s%s", sign, ncm_text_utf8() ? "\u221e" : "inf");
    return out;
}

char *ncm_fmt_num(char *out, size_t outsz, double v, int digits)
{
    if (isnan(v))
        return put(out, outsz, "NaN");
    if (isinf(v))
        return put_infinity(out, outsz, v < 0 ? "-" : "");
    put_g(out, outsz, digits < 1 ? 1 : digits > 17 ? 17 : digits, v);
    return strcmp(out, "-0") == 0 ? put(out, outsz, "0") : out;
}

char *ncm_fmt_delta(char *out, size_t outsz, double v, int digits)
{
    char text[40];
    if (isinf(v))
        return put_infinity(out, outsz, v < 0 ? "-" : "+");
    ncm_fmt_num(text, sizeof text, v, digits);
    snprintf(out, outsz, "%s%s", v > 0 ? "+" : "", text);
    return out;
}

char *ncm_fmt_count(char *out, size_t outsz, int64_t n)
{
    char digits[24], text[36];
    snprintf(digits, sizeof digits, "%" PRIu64, n < 0 ? 0 - (uint64_t)n : (uint64_t)n);
    size_t len = strlen(digits);
    size_t at = 0;
    if (n < 0)
        text[at++] = '-';
    for (size_t i = 0; i < len; i++) {
        if (i > 0 && (len - i) % 3 == 0)
            text[at++] = ',';
        text[at++] = digits[i];
    }
    text[at] = '\0';
    return put(out, outsz, text);
}

char *ncm_fmt_size(char *out, size_t outsz, int64_t bytes)
{
    static const char *const units[] = {"B", "kB", "MB", "GB", "TB", "PB", "EB"};
    double v = fabs((double)bytes);
    size_t unit = 0;
    while (v >= 999.5 && unit < 6) {
        v /= 1000;
        unit++;
    }
    char text[40];
    /* One decimal while it says something: 1.5 kB, 12.3 MB, 123 MB. */
    put_g(text, sizeof text, unit == 0 ? 17 : v < 10 ? 2 : 3, v);
    snprintf(out, outsz, "%s%s %s", bytes < 0 ? "-" : "", text, units[unit]);
    return out;
}

char *ncm_fmt_duration(char *out, size_t outsz, int64_t ms)
{
    const char *sign = ms < 0 ? "-" : "";
    uint64_t u = ms < 0 ? 0 - (uint64_t)ms : (uint64_t)ms;
    uint64_t s = u / 1000;
    static const struct {
        uint64_t from; /* seconds */
        uint64_t unit, part;
        const char *name, *part_name;
    } forms[] = {
        {864000, 86400, 0, "d", ""},
        {86400, 86400, 3600, "d", "h"},
        {3600, 3600, 60, "h", "m"},
        {60, 60, 1, "m", "s"},
    };
    for (size_t i = 0; i < sizeof forms / sizeof forms[0]; i++) {
        if (s < forms[i].from)
            continue;
        uint64_t rest = forms[i].part ? s % forms[i].unit / forms[i].part : 0;
        if (rest)
            snprintf(out, outsz, "%s%" PRIu64 " %s %" PRIu64 " %s", sign, s / forms[i].unit,
                     forms[i].name, rest, forms[i].part_name);
        else
            snprintf(out, outsz, "%s%" PRIu64 " %s", sign, s / forms[i].unit, forms[i].name);
        return out;
    }
    if (u < 1000)
        snprintf(out, outsz, "%s%" PRIu64 " ms", sign, u);
    else if (s < 10 && u % 1000 >= 100)
        snprintf(out, outsz, "%s%" PRIu64 ".%" PRIu64 " s", sign, s, u % 1000 / 100);
    else
        snprintf(out, outsz, "%s%" PRIu64 " s", sign, s);
    return out;
}

char *ncm_fmt_age(char *out, size_t outsz, int64_t ms)
{
    static const struct {
        int64_t ms;
        const char *name;
    } units[] = {{86400000, "d"}, {3600000, "h"}, {60000, "m"}, {1000, "s"}};
    const int64_t year = INT64_C(365) * 86400000;
    if (ms >= 2 * year) {
        snprintf(out, outsz, "%" PRId64 " y", ms / year);
        return out;
    }
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (ms >= units[i].ms) {
            snprintf(out, outsz, "%" PRId64 " %s", ms / units[i].ms, units[i].name);
            return out;
        }
    /* Translators: an age of less than a second. */
    return put(out, outsz, _("now"));
}

/* false where the C library cannot express it as four-digit years. */
static bool split(int64_t ms, bool local, struct tm *tm, int *rest)
{
    int64_t s = ms / 1000;
    int r = (int)(ms % 1000);
    if (r < 0) {
        r += 1000;
        s--;
    }
    time_t t = (time_t)s;
    *rest = r;
    if (!(local ? localtime_r(&t, tm) : gmtime_r(&t, tm)))
        return false;
    return tm->tm_year >= -1900 && tm->tm_year <= 8099;
}

static char *no_time(char *out, size_t outsz)
{
    return put(out, outsz, ncm_text_utf8() ? "\u2013" : "-");
}

char *ncm_fmt_time(char *out, size_t outsz, int64_t ms, bool seconds)
{
    struct tm tm;
    int rest;
    if (ms == NCM_NO_TIME)
        return no_time(out, outsz);
    if (!split(ms, true, &tm, &rest))
        return put(out, outsz, "?");
    if (seconds)
        snprintf(out, outsz, "%04d-%02d-%02d %02d:%02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec);
    else
        snprintf(out, outsz, "%04d-%02d-%02d %02d:%02d", tm.tm_year + 1900, tm.tm_mon + 1,
                 tm.tm_mday, tm.tm_hour, tm.tm_min);
    return out;
}

char *ncm_fmt_iso(char *out, size_t outsz, int64_t ms)
{
    struct tm tm;
    int rest;
    if (ms == NCM_NO_TIME)
        return put(out, outsz, "");
    if (split(ms, false, &tm, &rest))
        snprintf(out, outsz, "%04d-%02d-%02dT%02d:%02d:%02d.%03dZ", tm.tm_year + 1900,
                 tm.tm_mon + 1, tm.tm_mday, tm.tm_hour, tm.tm_min, tm.tm_sec, rest);
    else
        snprintf(out, outsz, "%" PRId64, ms); /* beyond year 9999: the plain number is exact */
    return out;
}

char *ncm_fmt_clock(char *out, size_t outsz, int64_t ms)
{
    struct tm tm;
    int rest;
    if (ms == NCM_NO_TIME)
        return no_time(out, outsz);
    if (!split(ms, true, &tm, &rest))
        return put(out, outsz, "?");
    snprintf(out, outsz, "%02d:%02d", tm.tm_hour, tm.tm_min);
    return out;
}
