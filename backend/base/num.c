#include "base/num.h"

#include <errno.h>
#include <locale.h>
#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

bool ncm_parse_i64(const char *s, int64_t *out)
{
    const char *digits = *s == '-' || *s == '+' ? s + 1 : s;
    if (!is_digit(*digits))
        return false;
    char *end;
    errno = 0;
    long long v = strtoll(s, &end, 10);
    if (errno != 0 || *end != '\0')
        return false;
    *out = v;
    return true;
}

static locale_t c_locale;
static pthread_once_t c_once = PTHREAD_ONCE_INIT;

static void make_c_locale(void)
{
    c_locale = newlocale(LC_ALL_MASK, "C", (locale_t)0);
}

bool ncm_parse_double(const char *s, double *out)
{
    const char *p = *s == '-' || *s == '+' ? s + 1 : s;
    if (strcasecmp(p, "inf") == 0 || strcasecmp(p, "infinity") == 0) {
        *out = *s == '-' ? -INFINITY : INFINITY;
        return true;
    }
    if (strcasecmp(p, "nan") == 0) {
        *out = NAN;
        return true;
    }
    /* Not the C library's hexadecimal numbers nor its own words. */
    if (!is_digit(p[0]) && !(p[0] == '.' && is_digit(p[1])))
        return false;
    if (strspn(p, "0123456789.eE+-") != strlen(p))
        return false;
    pthread_once(&c_once, make_c_locale);
    char *end;
    double v = strtod_l(s, &end, c_locale);
    if (*end != '\0')
        return false;
    *out = v;
    return true;
}

static bool unit_ms(const char *unit, int64_t *ms)
{
    static const struct {
        const char *name;
        int64_t ms;
    } units[] = {{"ms", 1},      {"s", 1000},     {"m", 60000},
                 {"h", 3600000}, {"d", 86400000}, {"w", 604800000}};
    for (size_t i = 0; i < sizeof units / sizeof units[0]; i++)
        if (strcmp(unit, units[i].name) == 0) {
            *ms = units[i].ms;
            return true;
        }
    return false;
}

bool ncm_parse_duration(const char *s, int64_t *ms)
{
    char number[32];
    size_t n = strspn(s, "0123456789.");
    int64_t unit;
    double v;
    if (n == 0 || n >= sizeof number || !unit_ms(s + n, &unit))
        return false;
    memcpy(number, s, n);
    number[n] = '\0';
    if (!ncm_parse_double(number, &v) || v * (double)unit > 9e15)
        return false;
    *ms = (int64_t)llround(v * (double)unit);
    return true;
}

/* Takes exactly `digits` digits; advances. */
static bool take(const char **p, int digits, int *out)
{
    int v = 0;
    for (int i = 0; i < digits; i++, (*p)++) {
        if (!is_digit(**p))
            return false;
        v = v * 10 + (**p - '0');
    }
    *out = v;
    return true;
}

static bool take_char(const char **p, char c)
{
    if (**p != c)
        return false;
    (*p)++;
    return true;
}

/* "[T ]HH:MM[:SS[.fff]]" */
static bool take_clock(const char **p, struct tm *tm, int *ms)
{
    if (!take_char(p, 'T') && !take_char(p, ' '))
        return false;
    if (!take(p, 2, &tm->tm_hour) || !take_char(p, ':') || !take(p, 2, &tm->tm_min))
        return false;
    if (take_char(p, ':') && !take(p, 2, &tm->tm_sec))
        return false;
    if (take_char(p, '.')) {
        int weight = 100;
        if (!is_digit(**p))
            return false;
        for (; is_digit(**p); (*p)++, weight /= 10)
            *ms += (**p - '0') * weight;
    }
    return tm->tm_hour <= 24 && tm->tm_min <= 59 && tm->tm_sec <= 60;
}

/* "Z" "+09:00" "+0900" → minutes east of UTC. */
static bool take_zone(const char **p, int *minutes)
{
    if (take_char(p, 'Z')) {
        *minutes = 0;
        return true;
    }
    int sign = **p == '-' ? -1 : 1;
    int h, m;
    if (!take_char(p, '+') && !take_char(p, '-'))
        return false;
    if (!take(p, 2, &h))
        return false;
    (void)take_char(p, ':');
    if (!take(p, 2, &m) || h > 14 || m > 59)
        return false;
    *minutes = sign * (h * 60 + m);
    return true;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

static bool parse_date(const char *s, int64_t *ms)
{
    struct tm tm = {.tm_isdst = -1};
    int year, month, fraction = 0, zone = 0;
    bool zoned = false;
    if (!take(&s, 4, &year) || !take_char(&s, '-') || !take(&s, 2, &month) || !take_char(&s, '-') ||
        !take(&s, 2, &tm.tm_mday))
        return false;
    if (month < 1 || month > 12 || tm.tm_mday < 1 || tm.tm_mday > days_in(year, month))
        return false;
    tm.tm_year = year - 1900;
    tm.tm_mon = month - 1;
    if (*s) {
        if (!take_clock(&s, &tm, &fraction))
            return false;
        if (*s) {
            if (!take_zone(&s, &zone) || *s)
                return false;
            zoned = true;
        }
    }
    time_t t = zoned ? timegm(&tm) - zone * 60 : mktime(&tm);
    *ms = (int64_t)t * 1000 + fraction;
    return true;
}

bool ncm_parse_time(const char *s, int64_t now_ms, int64_t *ms)
{
    int64_t v;
    if (*s == '-' && ncm_parse_duration(s + 1, &v)) {
        *ms = now_ms - v;
        return true;
    }
    if (ncm_parse_i64(s, &v)) {
        *ms = v;
        return true;
    }
    return parse_date(s, ms);
}

static int64_t frozen = NCM_NO_TIME;

void ncm_clock_init(void)
{
    const char *s = getenv("NCMLOPS_NOW");
    int64_t v;
    frozen = s && ncm_parse_i64(s, &v) ? v : NCM_NO_TIME;
}

int64_t ncm_ms_between(int64_t from, int64_t to)
{
    int64_t out;
    if (!__builtin_sub_overflow(to, from, &out)) {
        return out;
    }
    return to < from ? INT64_MIN + 1 : INT64_MAX;
}

int64_t ncm_now_ms(void)
{
    if (frozen != NCM_NO_TIME)
        return frozen;
    struct timespec ts;
    clock_gettime(CLOCK_REALTIME, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

int64_t ncm_mono_ms(void)
{
    struct timespec ts;
    clock_gettime(CLOCK_MONOTONIC, &ts);
    return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}
