/* The only place that decides what text may reach a terminal and how many cells it takes.
 * Nobody else calls wcwidth. Works the same in every locale (UTF-8 is decoded here; widths come
 * from wcwidth under a UTF-8 locale, which ncm_text_init sets up once at start). */
#ifndef NCM_BASE_TEXT_H
#define NCM_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/mem.h"

/* Calls setlocale (falls back to C.UTF-8 where the name asks for UTF-8 but is not installed) and
 * decides between UTF-8 and ASCII mode. Once, before any thread. lang: "ko", "en" or NULL = from
 * the environment. */
void ncm_text_init(const char *lang, bool force_ascii);
/* Whether output may hold non-ASCII. */
bool ncm_text_utf8(void);

enum ncm_clean_flags {
    NCM_CLEAN_LINE = 0,  /* TAB LF CR become one space */
    NCM_CLEAN_LINES = 1, /* LF is kept (multi-line views); TAB expands to 8 */
    NCM_CLEAN_ASCII = 2, /* non-ASCII becomes '?' one per cell, whatever the locale */
};

/* Cleans len bytes of untrusted text by the table in docs/terminal.md: invalid UTF-8, controls,
 * bidi overrides and private use become U+FFFD ('?' in ASCII mode); zero-width and variation
 * selectors are dropped; at most 3 combining marks a base. Appends to out (a struct ncm_buf).
 * Returns true where something was altered beyond TAB/LF/CR (a name worth marking). */
struct ncm_buf;
bool ncm_text_clean(struct ncm_buf *out, const char *p, size_t len, unsigned flags);

/* Cells of already cleaned text. */
int ncm_text_width(const char *s);
/* As above, of at most len bytes. */
int ncm_text_width_n(const char *s, size_t len);
/* How many bytes of cleaned text fit into `cells`; *used gets the cells they take. Never splits a
 * character or separates a combining mark from its base. */
size_t ncm_text_fit(const char *s, int cells, int *used);

/* Cleans and cuts to `cells` with an ellipsis ("…", "..." in ASCII mode) at the end; writes to
 * out[outsz]. Returns the cells used. */
int ncm_text_clip(char *out, size_t outsz, const char *p, size_t len, int cells);
/* The same but cuts in the middle ("fraud-de…-v2"): for names whose tail matters. */
int ncm_text_clip_middle(char *out, size_t outsz, const char *p, size_t len, int cells);

/* Shows raw bytes with everything that cleaning would alter escaped (\u202e, \x1b): for
 * confirmations and details. */
void ncm_text_escape(struct ncm_buf *out, const char *p, size_t len);
/* Whether cleaning would alter it (beyond TAB/LF/CR). */
bool ncm_text_is_odd(const char *p, size_t len);

/* Bytes made valid UTF-8 (bad ones to U+FFFD), nothing else changed: for JSON output. */
void ncm_text_utf8_repair(struct ncm_buf *out, const char *p, size_t len);

/* Decodes one code point at p (len > 0 bytes left): returns bytes consumed (1 for a bad byte, *cp
 * then is 0xFFFD). */
size_t ncm_utf8_decode(const char *p, size_t len, uint32_t *cp);
/* Encodes; out has room for 5; returns bytes (0 for an invalid code point). */
size_t ncm_utf8_encode(uint32_t cp, char out[5]);

/* Case-insensitive search of ASCII letters and simple Unicode case; for filters and palette. */
bool ncm_text_has(const char *hay, const char *needle);
/* Fuzzy: characters of needle in order; score higher = better; -1 no match. */
int ncm_text_fuzzy(const char *hay, const char *needle);

#endif
