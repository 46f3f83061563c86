/* Reading the search grammar's words, quoted texts, numbers and lists. For search.c only. */
#ifndef NCM_MODEL_SEARCH_LEX_H
#define NCM_MODEL_SEARCH_LEX_H

#include <string.h>

#include "model/search.h"

struct lex {
    const char *s;
    size_t len, pos;
    size_t at; /* of the error */
    struct ncm_arena *arena;
    struct ncm_err *err;
};

static inline bool lex_is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static inline bool lex_is_letter(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' || (unsigned char)c >= 0x80;
}

static inline bool lex_is_word(char c)
{
    return lex_is_digit(c) || lex_is_letter(c);
}

static inline bool lex_is_symbol(char c)
{
    return c != '\0' && strchr("<>=~!", c) != NULL;
}

static inline char lex_peek(const struct lex *lx)
{
    return lx->pos < lx->len ? lx->s[lx->pos] : '\0';
}

static inline char lex_lower(char c)
{
    return c >= 'A' && c <= 'Z' ? (char)(c + 32) : c;
}

static inline bool lex_equals(struct ncm_str a, const char *b)
{
    return a.len == strlen(b) && memcmp(a.p, b, a.len) == 0;
}

void lex_skip_blanks(struct lex *lx);
/* word in lower case; any case matches. */
bool lex_same_word(const char *p, size_t len, const char *word);
/* Remembers where; `return lex_fail_at(lx, pos, ncm_fail(...))`. */
bool lex_fail_at(struct lex *lx, size_t at, bool failed);
/* Bytes of the text at `at` worth quoting in a message: one word, or one character. */
int lex_snippet(const struct lex *lx, size_t at);
/* Fails: what is at `at` is not what was wanted (translated noun). */
bool lex_unexpected(struct lex *lx, size_t at, const char *wanted);
/* A quoted text at pos, without its quotes. */
bool lex_quoted(struct lex *lx, struct ncm_str *out);
/* A bare word at pos, borrowed; false where there is none. */
bool lex_word(struct lex *lx, struct ncm_str *out);
/* A following word, any case; false (nothing taken) for another. */
bool lex_take_word(struct lex *lx, const char *word);
/* Fills c->number and c->integer. */
bool lex_number(struct lex *lx, struct ncm_clause *c);
/* Fills c->list. */
bool lex_list(struct lex *lx, struct ncm_clause *c);

#endif
