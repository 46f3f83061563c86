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

enum { SKEW_MS = 60000 }; /* by which clocks may differ without harm */

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

enum { MINUTE = 60, HOUR = 3600, DAY = 86400 };

/* Translators: units of time as short as they can be: days, hours, minutes, seconds, years. */
static void put_span(char *out, size_t outsz, unsigned long long s)
{
    if (s >= 10 * DAY || (s >= DAY && s % DAY < HOUR))
        snprintf(out, outsz, _("%llu d"), s / DAY);
    else if (s >= DAY)
        snprintf(out, outsz, _("%llu d %llu h"), s / DAY, s % DAY / HOUR);
    else if (s >= HOUR && s % HOUR < MINUTE)
        snprintf(out, outsz, _("%llu h"), s / HOUR);
    else if (s >= HOUR)
        snprintf(out, outsz, _("%llu h %llu m"), s / HOUR, s % HOUR / MINUTE);
    else if (s >= MINUTE && s % MINUTE == 0)
        snprintf(out, outsz, _("%llu m"), s / MINUTE);
    else if (s >= MINUTE)
        snprintf(out, outsz, _("%llu m %llu s"), s / MINUTE, s % MINUTE);
    else
        snprintf(out, outsz, _("%llu s"), s);
}

char *ncm_fmt_duration(char *out, size_t outsz, int64_t ms)
{
    unsigned long long u = ms < 0 ? 0 - (unsigned long long)ms : (unsigned long long)ms;
    char *at = out;
    size_t room = outsz;
    if (ms < 0 && outsz > 1) {
        *at++ = '-';
        room--;
    }
    if (u < 1000)
        snprintf(at, room, _("%llu ms"), u);
    else if (u < 10000 && u % 1000 >= 100)
        snprintf(at, room, _("%llu.%llu s"), u / 1000, u % 1000 / 100);
    else
        put_span(at, room, u / 1000);
    return out;
}

char *ncm_fmt_span(char *out, size_t outsz, int64_t ms)
{
    static const struct {
        const char *unit;
        int64_t ms;
    } units[] = {{"d", 86400000}, {"h", 3600000}, {"m", 60000}, {"s", 1000}, {"ms", 1}};
    size_t u = 0;
    while (ms % units[u].ms != 0 || (ms == 0 && units[u].ms != 1000)) {
        u++;
    }
    snprintf(out, outsz, "%" PRId64 "%s", ms / units[u].ms, units[u].unit);
    return out;
}

char *ncm_fmt_age(char *out, size_t outsz, int64_t ms)
{
    if (ms < -SKEW_MS)
        return put(out, outsz, ncm_text_utf8() ? "\u2013" : "-");
    /* Translators: an age of less than a second. */
    if (ms < 1000)
        return put(out, outsz, _("now"));
    unsigned long long s = (unsigned long long)ms / 1000;
    if (s >= 2ULL * 365 * DAY)
        snprintf(out, outsz, _("%llu y"), s / (365 * DAY));
    else if (s >= DAY)
        snprintf(out, outsz, _("%llu d"), s / DAY);
    else if (s >= HOUR)
        snprintf(out, outsz, _("%llu h"), s / HOUR);
    else if (s >= MINUTE)
        snprintf(out, outsz, _("%llu m"), s / MINUTE);
    else
        snprintf(out, outsz, _("%llu s"), s);
    return out;
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
