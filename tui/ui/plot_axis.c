#include "ui/plot_axis.h"

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "api/text.h"

/* 1, 2 or 5 times a power of ten, at least v. */
static double nice(double v)
{
    double power = pow(10, floor(log10(v)));
    static const double steps[] = {1, 2, 5, 10};

    for (size_t i = 0; i < sizeof steps / sizeof *steps; i++) {
        if (steps[i] * power >= v * (1 - 1e-9)) {
            return steps[i] * power;
        }
    }
    return 10 * power;
}

/* Multiples of step from offset in [lo, hi]: how many there are, at most max + 1, of which the
 * first max are written. */
static size_t multiples(double lo, double hi, double step, double offset, size_t max, double *out)
{
    size_t n = 0;
    double first = ceil((lo - offset) / step - 1e-9);

    for (; n <= max; n++) {
        double v = offset + (first + (double)n) * step;
        if (v > hi + step * 1e-9) {
            break;
        }
        if (n < max) {
            out[n] = fabs(v) < step * 1e-9 ? 0 : v;
        }
    }
    return n;
}

size_t plot_ticks(double lo, double hi, size_t max, double *out, double *step)
{
    *step = 0;
    if (max == 0 || !isfinite(lo) || !isfinite(hi) || hi < lo) {
        return 0;
    }
    if (hi == lo) {
        out[0] = lo;
        return 1;
    }
    if (!isfinite(hi - lo)) { /* nearly the whole range of a double */
        const double all[] = {lo, 0, hi};
        size_t n = 0;
        *step = hi;
        for (size_t i = 0; i < 3 && n < max; i++) {
            out[n++] = all[i];
        }
        return n;
    }
    double s = nice((hi - lo) / (double)max);
    size_t n = 0;
    for (int i = 0; i < 4; i++, s = nice(s * 1.5)) {
        n = multiples(lo, hi, s, 0, max, out);
        if (n <= max) {
            break;
        }
    }
    *step = s;
    return n <= max ? n : max;
}

static const double time_steps[] = {
    1,       2,       5,       10,          20,          50,           100,    200,
    500,     1e3,     2e3,     5e3,         10e3,        15e3,         30e3,   60e3,
    120e3,   300e3,   600e3,   900e3,       1800e3,      3600e3,       7200e3, 10800e3,
    21600e3, 43200e3, 86400e3, 2 * 86400e3, 7 * 86400e3, 14 * 86400e3,
};

/* Seconds that local time is ahead of UTC at a moment. */
static double utc_offset_ms(double ms)
{
    time_t t = (time_t)(ms / 1000);
    struct tm tm;

    return fabs(ms) < 1e15 && localtime_r(&t, &tm) != NULL ? (double)tm.tm_gmtoff * 1000 : 0;
}

size_t plot_time_ticks(double lo, double hi, bool wall, size_t max, double *out, double *step)
{
    *step = 0;
    if (max == 0 || !isfinite(lo) || !isfinite(hi) || hi < lo) {
        return 0;
    }
    if (hi == lo) {
        out[0] = lo;
        return 1;
    }
    double want = (hi - lo) / (double)max;
    double offset = wall ? -utc_offset_ms(lo) : 0;
    size_t i = 0, n_steps = sizeof time_steps / sizeof *time_steps;
    while (i < n_steps && time_steps[i] < want) {
        i++;
    }
    for (; i < n_steps; i++) {
        size_t n = multiples(lo, hi, time_steps[i], offset, max, out);
        if (n <= max) {
            *step = time_steps[i];
            return n;
        }
    }
    double days[PLOT_MAX_TICKS];
    size_t n = plot_ticks(lo / 86400e3, hi / 86400e3, max < PLOT_MAX_TICKS ? max : PLOT_MAX_TICKS,
                          days, step);
    *step *= 86400e3;
    for (size_t k = 0; k < n; k++) {
        out[k] = days[k] * 86400e3;
    }
    return n;
}

size_t plot_log_ticks(double lo, double hi, size_t max, double *out, double *step)
{
    double a = log10(lo), b = log10(hi);

    if (b - a < 2) {
        return plot_ticks(lo, hi, max, out, step);
    }
    *step = 0;
    double each = ceil((b - a) / (double)(max > 0 ? max : 1));
    size_t n = 0;
    for (double e = ceil(a / each - 1e-9) * each; e <= b + 1e-9 && n < max; e += each) {
        out[n++] = pow(10, e);
    }
    return n;
}

static void wall_label(char *out, size_t outsz, double x, double step)
{
    char full[40];

    ncm_fmt_time(full, sizeof full, (int64_t)x, true); /* "2026-11-21 14:03:22" */
    if (strlen(full) < 19) {
        snprintf(out, outsz, "%s", full);
    } else if (step >= 86400e3 || (step >= 3600e3 && strncmp(full + 11, "00:00", 5) == 0)) {
        snprintf(out, outsz, "%.5s", full + 5);
    } else if (step > 0 && step < 60e3) {
        snprintf(out, outsz, "%.8s", full + 11);
    } else {
        snprintf(out, outsz, "%.5s", full + 11);
    }
}

void plot_x_label(char *out, size_t outsz, enum plot_x kind, double x, double step)
{
    if (kind == PLOT_WALL) {
        wall_label(out, outsz, x, step);
    } else if (kind == PLOT_RELATIVE) {
        if (x == 0) {
            snprintf(out, outsz, "0");
        } else {
            ncm_fmt_duration(out, outsz, (int64_t)x);
        }
    } else if (fabs(x) < 1e15 && x == floor(x)) {
        if (fabs(x) < 1e6) {
            snprintf(out, outsz, "%.0f", x);
        } else {
            ncm_fmt_num(out, outsz, x, 5);
        }
    } else {
        plot_y_label(out, outsz, x, step);
    }
}

void plot_y_label(char *out, size_t outsz, double y, double step)
{
    int digits = 4;

    if (step > 0 && y != 0 && isfinite(y)) {
        double more = floor(log10(fabs(y))) - floor(log10(step) + 1e-9) + 1;
        digits = more > 15 ? 15 : more > digits ? (int)more : digits;
    }
    ncm_fmt_num(out, outsz, y, digits);
}
