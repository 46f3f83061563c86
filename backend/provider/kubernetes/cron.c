/* Schedules of CronJobs: five fields, lists, ranges, steps, names, @daily and its like; a day of
 * the month and a day of the week that are both given count either way (as in robfig/cron, which
 * Kubernetes uses). */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "provider/kubernetes/scene.h"

enum { DAYS_MOST = 366 * 8 + 1 }; /* the 29th of February across 2100 */

struct field {
    uint64_t bits;
    bool any;
};
struct range {
    int low, high;
    const char *const *names; /* from `low`; NULL none */
};

static const char *const months[] = {"jan", "feb", "mar", "apr", "may", "jun", "jul",
                                     "aug", "sep", "oct", "nov", "dec", NULL};
static const char *const weekdays[] = {"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL};
static const struct range ranges[] = {
    {0, 59, NULL}, {0, 23, NULL}, {1, 31, NULL}, {1, 12, months}, {0, 7, weekdays}};
static const struct {
    const char *word, *means;
} words[] = {{"@yearly", "0 0 1 1 *"}, {"@annually", "0 0 1 1 *"}, {"@monthly", "0 0 1 * *"},
             {"@weekly", "0 0 * * 0"}, {"@daily", "0 0 * * *"},    {"@midnight", "0 0 * * *"},
             {"@hourly", "0 * * * *"}};

static bool take_value(const char **p, const struct range *r, int *out)
{
    for (int i = 0; r->names != NULL && r->names[i] != NULL; i++) {
        if (strncasecmp(*p, r->names[i], 3) == 0) {
            *p += 3;
            *out = r->low + i;
            return true;
        }
    }
    int v = 0, n = 0;
    for (; isdigit((unsigned char)**p) && n < 3; n++, (*p)++) {
        v = v * 10 + (**p - '0');
    }
    *out = v;
    return n > 0 && v >= r->low && v <= r->high;
}

/* "*", "5", "1-5", and each with "/15". */
static bool take_part(const char **p, const struct range *r, struct field *f)
{
    int from = r->low, to = r->high, step = 1;
    bool star = **p == '*' || **p == '?';
    if (star) {
        (*p)++;
    } else if (!take_value(p, r, &from)) {
        return false;
    }
    to = star ? r->high : from;
    if (!star && **p == '-') {
        (*p)++;
        if (!take_value(p, r, &to)) {
            return false;
        }
    }
    if (**p == '/') {
        bool open = !star && to == from;
        (*p)++;
        if (!take_value(p, &(struct range){1, 999, NULL}, &step)) {
            return false;
        }
        to = open ? r->high : to;
    }
    f->any |= star && step == 1;
    for (int v = from; v <= to; v += step) {
        f->bits |= 1ull << v;
    }
    return to >= from;
}

static bool read_fields(const char *text, struct field f[5])
{
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        text = strcmp(text, words[i].word) == 0 ? words[i].means : text;
    }
    for (int i = 0; i < 5; i++) {
        f[i] = (struct field){0, false};
        text += strspn(text, " \t");
        do {
            text += *text == ',';
            if (!take_part(&text, &ranges[i], &f[i])) {
                return false;
            }
        } while (*text == ',');
        if (*text != '\0' && *text != ' ' && *text != '\t') {
            return false;
        }
    }
    f[4].bits |= f[4].bits >> 7; /* 7 is Sunday too */
    return text[strspn(text, " \t")] == '\0';
}

/* Month (1–12) and day (1–31) of days since 1970 (Howard Hinnant, "chrono-compatible low-level date
 * algorithms"). */
static void civil(int64_t days, int *month, int *day)
{
    days += 719468;
    int64_t era = (days >= 0 ? days : days - 146096) / 146097;
    int64_t of_era = days - era * 146097;
    int64_t year = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * year + year / 4 - year / 100);
    int64_t m = (5 * of_year + 2) / 153;
    *day = (int)(of_year - (153 * m + 2) / 5 + 1);
    *month = (int)(m < 10 ? m + 3 : m - 9);
}

static bool day_fits(const struct field f[5], int64_t days)
{
    int month, day;
    civil(days, &month, &day);
    int weekday = (int)(((days + 4) % 7 + 7) % 7);
    bool by_month = (f[2].bits >> day & 1) != 0, by_week = (f[4].bits >> weekday & 1) != 0;
    if ((f[3].bits >> month & 1) == 0) {
        return false;
    }
    return f[2].any || f[4].any ? by_month && by_week : by_month || by_week;
}

static bool is_utc(const char *zone)
{
    return zone == NULL || zone[0] == '\0' || strcmp(zone, "UTC") == 0 ||
           strcmp(zone, "Etc/UTC") == 0 || strcmp(zone, "GMT") == 0 || strcmp(zone, "Etc/GMT") == 0;
}

int64_t k8s_cron_next(const char *schedule, const char *zone, int64_t from_ms)
{
    struct field f[5];
    if (schedule == NULL || !is_utc(zone) || from_ms < 0 || from_ms > INT64_MAX / 2 ||
        !read_fields(schedule, f)) {
        return NCM_NO_TIME;
    }
    int64_t minute = from_ms / 60000 + 1, days = minute / 1440;
    int first = (int)(minute % 1440);
    for (int i = 0; i < DAYS_MOST; i++, days++, first = 0) {
        if (!day_fits(f, days)) {
            continue;
        }
        for (int m = first; m < 1440; m++) {
            if ((f[1].bits >> (m / 60) & 1) != 0 && (f[0].bits >> (m % 60) & 1) != 0) {
                return (days * 1440 + m) * 60000;
            }
        }
    }
    return NCM_NO_TIME;
}
