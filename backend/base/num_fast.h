/* Numbers and times as logs hold them, by the hundred million: texts with a length, no NUL, nothing
 * allocated. What base/num.h reads for people, this reads for files; both agree on every number. */
#ifndef NCM_BASE_NUM_FAST_H
#define NCM_BASE_NUM_FAST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The whole text as a decimal number: [+-] digits [. digits] [e [+-] digits], at least one digit
 * before the exponent; no blanks, no hexadecimals, no words. The nearest double, ties to even, for
 * every length: what is too great becomes an infinity, what is too small a zero of its sign. false
 * leaves *out untouched. O(len). Up to 15 digits one division or multiplication of exact doubles
 * (Clinger 1990), up to 19 digits one or two 128-bit products (Mushtaq and Lemire, "Fast number
 * parsing without fallback", 2023), beyond them the same for both neighbours; where these differ
 * the C library decides. Any thread. */
bool ncm_parse_number_fast(const char *p, size_t len, double *out);

/* The words that stand for a double that is no number: "inf" "infinity" "nan" in any case, with or
 * without a sign. false leaves *out untouched. */
bool ncm_parse_number_word(const char *p, size_t len, double *out);

/* A time as logs write it → ms since 1970 UTC. Texts: ISO 8601 "2026-11-21", with "T" or a blank
 * "14:03[:22[.123456]]" (a comma for the point too), then nothing (UTC is assumed), "Z", "UTC",
 * "GMT", "+09", "+09:00" or "+0900", with or without a blank before; parts of a ms are cut off.
 * Numbers: seconds, ms, us or ns since 1970, told apart by size: below 1e11, 1e14, 1e17 and from
 * there. Years 0001 to 9999. false leaves *ms untouched. */
bool ncm_parse_time_fast(const char *p, size_t len, int64_t *ms);

#endif
