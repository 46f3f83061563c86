#include <math.h>

#include "base/num_fast.h"

static inline bool digits2(const char *p, int *out)
{
    unsigned a = (unsigned char)(p[0] - '0'), b = (unsigned char)(p[1] - '0');
    *out = (int)(a * 10 + b);
    return a < 10 && b < 10;
}

/* Days since 1970 of a day of the Gregorian calendar (Howard Hinnant, "chrono-compatible low-level
 * date algorithms"): years begin in March, so that the leap day is a year's last. */
static int64_t days_of(int year, int month, int day)
{
    year -= month <= 2;
    int era = year / 400;
    int of_era = year - era * 400;
    int of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
    return (int64_t)era * 146097 + of_era * 365 + of_era / 4 - of_era / 100 + of_year - 719468;
}

static int days_in(int year, int month)
{
    static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && leap);
}

/* ".123456" → ms; advances behind the last digit. */
static bool take_fraction(const char **p, const char *end, int *ms)
{
    const char *q = *p;
    int weight = 100;
    if (q == end || (*q != '.' && *q != ',')) {
        return true;
    }
    const char *first = ++q;
    for (; q < end && *q >= '0' && *q <= '9'; q++, weight /= 10) {
        *ms += (*q - '0') * weight;
    }
    *p = q;
    return q > first;
}

/* "14:03", "14:03:22", "14:03:22.123" → ms of the day. 24:00 and leap seconds are of the next. */
static bool take_clock(const char **p, const char *end, int64_t *ms)
{
    const char *q = *p;
    int h, m, s = 0, fraction = 0;
    if (end - q < 5 || !digits2(q, &h) || q[2] != ':' || !digits2(q + 3, &m)) {
        return false;
    }
    q += 5;
    if (end - q >= 3 && *q == ':') {
        if (!digits2(q + 1, &s)) {
            return false;
        }
        q += 3;
        if (!take_fraction(&q, end, &fraction)) {
            return false;
        }
    }
    *p = q;
    *ms = ((int64_t)h * 3600 + m * 60 + s) * 1000 + fraction;
    return m <= 59 && s <= 60 && (h <= 23 || *ms == 86400000);
}

/* The rest of the text: nothing, or a zone → ms east of UTC. */
static bool take_zone(const char *p, const char *end, int64_t *east)
{
    int h, m = 0;
    *east = 0;
    if (p == end) {
        return true;
    }
    p += *p == ' ';
    ptrdiff_t n = end - p;
    if (n == 1) {
        return *p == 'Z' || *p == 'z';
    }
    if (n == 3 && ((p[0] == 'U' && p[1] == 'T' && p[2] == 'C') ||
                   (p[0] == 'G' && p[1] == 'M' && p[2] == 'T'))) {
        return true;
    }
    if ((n != 3 && n != 5 && n != 6) || (*p != '+' && *p != '-') || !digits2(p + 1, &h)) {
        return false;
    }
    if (n > 3 && (!digits2(end - 2, &m) || (n == 6 && p[3] != ':'))) {
        return false;
    }
    *east = (int64_t)(h * 60 + m) * 60000;
    if (*p == '-') {
        *east = -*east;
    }
    return h <= 18 && m <= 59;
}

static bool time_of_number(double v, int64_t *ms)
{
    double size = fabs(v);
    double scaled = size < 1e11 ? v * 1e3 : size < 1e14 ? v : size < 1e17 ? v / 1e3 : v / 1e6;
    if (!(fabs(scaled) < 2.5e14)) { /* the year 9999 */
        return false;
    }
    *ms = (int64_t)floor(scaled + (size < 1e11 ? 0.5 : 0));
    return true;
}

bool ncm_parse_time_fast(const char *p, size_t len, int64_t *ms)
{
    const char *end = p + len;
    int century, rest, month, day;
    if (len < 10 || p[4] != '-' || p[7] != '-') {
        double v;
        return ncm_parse_number_fast(p, len, &v) && time_of_number(v, ms);
    }
    if (!digits2(p, &century) || !digits2(p + 2, &rest) || !digits2(p + 5, &month) ||
        !digits2(p + 8, &day)) {
        return false;
    }
    int year = century * 100 + rest;
    if (year < 1 || month < 1 || month > 12 || day < 1 || day > days_in(year, month)) {
        return false;
    }
    int64_t clock = 0, east = 0;
    p += 10;
    if (p < end) {
        if (*p != 'T' && *p != 't' && *p != ' ') {
            return false;
        }
        p++;
        if (!take_clock(&p, end, &clock) || !take_zone(p, end, &east)) {
            return false;
        }
    }
    *ms = days_of(year, month, day) * 86400000 + clock - east;
    return true;
}
