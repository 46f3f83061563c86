/* The one place that parses and formats numbers, durations, ages, sizes and times. Independent of
 * LC_NUMERIC. */
#ifndef NCM_BASE_NUM_H
#define NCM_BASE_NUM_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* An absent time. */
#define NCM_NO_TIME INT64_MIN

/* Whole text must be a number (surrounding blanks not allowed); false leaves *out untouched. */
bool ncm_parse_i64(const char *s, int64_t *out);
bool ncm_parse_double(const char *s, double *out); /* also NaN, Infinity, -Infinity, inf */
/* "30s" "5m" "2h" "3d" "250ms" → ms. */
bool ncm_parse_duration(const char *s, int64_t *ms);
/* "2026-11-21", "2026-11-21T14:03[:22][Z|+09:00]", integer ms, "-2h" (before now) → ms UTC. */
bool ncm_parse_time(const char *s, int64_t now_ms, int64_t *ms);

/* All write NUL-terminated text to out[outsz] and return out. */
/* Shortest text that reads back as exactly the same double; "NaN", "Infinity", "-Infinity". */
char *ncm_fmt_exact(char *out, size_t outsz, double v);
/* For people: at most `digits` significant digits (usually 5), no trailing zeros, exponents as
 * 1.2e-05, "NaN", "∞", "-∞" ("inf" in ASCII mode). */
char *ncm_fmt_num(char *out, size_t outsz, double v, int digits);
/* Signed difference with explicit + or -; digits as above. */
char *ncm_fmt_delta(char *out, size_t outsz, double v, int digits);
/* 1234567 → "1,234,567". */
char *ncm_fmt_count(char *out, size_t outsz, int64_t n);
/* 1536 → "1.5 kB" (powers of 1000). */
char *ncm_fmt_size(char *out, size_t outsz, int64_t bytes);
/* Length of time, two units at most, coarser as it grows: "850 ms", "12 s", "3 m 20 s", "4 h 5 m",
 * "41 d". Negative → "-…". */
char *ncm_fmt_duration(char *out, size_t outsz, int64_t ms);
/* A length of time as a setting says it and ncm_parse_duration reads back exactly: the greatest
 * unit that it is a whole number of, "90s", "2h", "7d", "250ms". */
char *ncm_fmt_span(char *out, size_t outsz, int64_t ms);
/* Age, one unit once it is old: "now", "42 s", "3 m", "4 h", "41 d", "3 y". "–" for what is more
 * than a minute in the future: another machine's clock is wrong, so its age is not known. */
char *ncm_fmt_age(char *out, size_t outsz, int64_t ms);
/* Local "2026-11-21 14:03" / with seconds; "–" for NCM_NO_TIME. */
char *ncm_fmt_time(char *out, size_t outsz, int64_t ms, bool seconds);
/* UTC "2026-11-21T14:03:22.123Z". */
char *ncm_fmt_iso(char *out, size_t outsz, int64_t ms);
/* Local "14:03". */
char *ncm_fmt_clock(char *out, size_t outsz, int64_t ms);

/* to - from of two times that may be anything; what does not fit is the nearest that does. */
int64_t ncm_ms_between(int64_t from, int64_t to);
/* Now, ms since 1970 UTC; NCMLOPS_NOW freezes it. */
int64_t ncm_now_ms(void);
/* Monotonic ms, never frozen: for deadlines and latencies. */
int64_t ncm_mono_ms(void);
/* Reads NCMLOPS_NOW; once at start. */
void ncm_clock_init(void);

#endif
