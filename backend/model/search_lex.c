#include "model/search_lex.h"

#include <math.h>

#include "base/i18n.h"
#include "base/num.h"

void lex_skip_blanks(struct lex *lx)
{
    while (lx->pos < lx->len && strchr(" \t\r\n\f\v", lx->s[lx->pos]) != NULL)
        lx->pos++;
}

bool lex_same_word(const char *p, size_t len, const char *word)
{
    if (strlen(word) != len)
        return false;
    for (size_t i = 0; i < len; i++)
        if (lex_lower(p[i]) != word[i])
            return false;
    return true;
}

/* Remembers where; `return lex_fail_at(lx, pos, ncm_fail(...))`. */
bool lex_fail_at(struct lex *lx, size_t at, bool failed)
{
    lx->at = at;
    return failed;
}

/* Up to 40 bytes of the text at `at`, for messages: one word, or one character. */
int lex_snippet(const struct lex *lx, size_t at)
{
    size_t end = at;
    while (end < lx->len && end - at < 40 && lex_is_word(lx->s[end]))
        end++;
    if (end == at && at < lx->len)
        end++;
    while (end < lx->len && ((unsigned char)lx->s[end] & 0xC0) == 0x80)
        end++;
    return (int)(end - at);
}

bool lex_unexpected(struct lex *lx, size_t at, const char *wanted)
{
    if (at >= lx->len)
        ncm_fail(lx->err, NCM_USAGE, _("The text ends too early; expected: %s."), wanted);
    else
        ncm_fail(lx->err, NCM_USAGE, _("Found “%.*s”; expected: %s."), lex_snippet(lx, at),
                 lx->s + at, wanted);
    return lex_fail_at(lx, at, false);
}

/* A quoted text starting at pos; *out is what lies between the quotes, as it stands: MLflow
 * undoes neither doubled quotes nor backslashes. Both only keep the text from ending there, and
 * only where another quote ends it later. */
bool lex_quoted(struct lex *lx, struct ncm_str *out)
{
    char q = lx->s[lx->pos];
    size_t start = lx->pos + 1, i = start, fallback = 0;
    for (;;) {
        if (i >= lx->len) {
            if (fallback == 0)
                break;
            i = fallback;
            *out = ncm_arena_str(lx->arena, lx->s + start, i - start);
            lx->pos = i + 1;
            return true;
        }
        char c = lx->s[i];
        char next = i + 1 < lx->len ? lx->s[i + 1] : '\0';
        if (c == q && next == q) {
            fallback = i;
            i += 2;
        } else if (c == '\\' && next == q && q != '`') {
            fallback = i + 1;
            i += 2;
        } else if (c == q) {
            *out = ncm_arena_str(lx->arena, lx->s + start, i - start);
            lx->pos = i + 1;
            return true;
        } else {
            i++;
        }
    }
    ncm_fail(lx->err, NCM_USAGE, _("The quote %c is not closed."), q);
    return lex_fail_at(lx, lx->pos, false);
}

bool lex_word(struct lex *lx, struct ncm_str *out)
{
    size_t at = lx->pos;
    while (lex_is_word(lex_peek(lx)))
        lx->pos++;
    *out = (struct ncm_str){lx->s + at, lx->pos - at};
    return out->len > 0;
}

/* A following word, any case; false (nothing taken) for another. */
bool lex_take_word(struct lex *lx, const char *word)
{
    size_t back = lx->pos;
    struct ncm_str w;
    lex_skip_blanks(lx);
    if (lex_word(lx, &w) && lex_same_word(w.p, w.len, word))
        return true;
    lx->pos = back;
    return false;
}

static size_t digits(const struct lex *lx, size_t at)
{
    size_t n = 0;
    while (at + n < lx->len && lex_is_digit(lx->s[at + n]))
        n++;
    return n;
}

/* [-]123, [-]1.5, [-].5, [-]1., [-]1e-3; no plus sign, as in MLflow. */
bool lex_number(struct lex *lx, struct ncm_clause *c)
{
    size_t at = lx->pos, i = at;
    bool whole = true;
    if (i < lx->len && lx->s[i] == '-')
        i++;
    size_t before = digits(lx, i), after = 0;
    i += before;
    if (i < lx->len && lx->s[i] == '.') {
        after = digits(lx, i + 1);
        i += 1 + after;
        whole = false;
    }
    if (before + after == 0)
        return lex_unexpected(lx, at, _("a number"));
    if (i < lx->len && lex_lower(lx->s[i]) == 'e') {
        size_t sign = i + 1 < lx->len && lx->s[i + 1] == '-';
        size_t n = digits(lx, i + 1 + sign);
        if (n == 0 || before == 0 || (!whole && after == 0))
            return lex_unexpected(lx, i, _("a number such as 0.5 or 1e-3"));
        i += 1 + sign + n;
        whole = false;
    }
    if (i < lx->len && (lex_is_word(lx->s[i]) || lx->s[i] == '.'))
        return lex_unexpected(lx, i, _("the end of the number"));
    /* The number parser wants digits on both sides of the point. */
    bool minus = lx->s[at] == '-';
    char *text =
        ncm_sprintf("%s%s%.*s%s", minus ? "-" : "", before == 0 ? "0" : "", (int)(i - at - minus),
                    lx->s + at + minus, lx->s[i - 1] == '.' ? "0" : "");
    if (!ncm_parse_double(text, &c->number))
        c->number = minus ? -INFINITY : INFINITY; /* an exponent beyond doubles */
    if (!whole || !ncm_parse_i64(text, &c->integer))
        c->integer = fabs(c->number) < 9.2e18 ? (int64_t)c->number : minus ? INT64_MIN : INT64_MAX;
    ncm_free(text);
    lx->pos = i;
    return true;
}

/* One element of a list: MLflow reads lists as Python does, so neighbours join and a backslash
 * escapes. */
static bool read_element(struct lex *lx, struct ncm_str *out)
{
    char *joined = ncm_strdup("");
    size_t n = 0;
    for (;;) {
        struct ncm_str part;
        char q = lex_peek(lx);
        if (q != '\'' && q != '"')
            break;
        if (!lex_quoted(lx, &part)) {
            ncm_free(joined);
            return false;
        }
        joined = ncm_resize(joined, n + part.len + 1, 1);
        for (size_t i = 0; i < part.len; i++) {
            if (part.p[i] == q) /* doubled: two neighbouring texts */
                continue;
            if (part.p[i] == '\\' && i + 1 < part.len && strchr("\\'\"", part.p[i + 1]) != NULL)
                i++;
            joined[n++] = part.p[i];
        }
        lex_skip_blanks(lx);
    }
    *out = ncm_arena_str(lx->arena, joined, n);
    ncm_free(joined);
    return true;
}

bool lex_list(struct lex *lx, struct ncm_clause *c)
{
    if (lex_peek(lx) != '(') {
        lex_unexpected(lx, lx->pos, _("a list"));
        ncm_hint(lx->err, _("For example: run_id IN ('a', 'b')"));
        return false;
    }
    lx->pos++;
    struct ncm_str *list = NULL;
    size_t n = 0, cap = 0;
    bool ok;
    for (;;) {
        lex_skip_blanks(lx);
        ok = true;
        if (lex_peek(lx) == ')' && n > 0)
            break;
        ok = lex_peek(lx) == '\'' || lex_peek(lx) == '"';
        if (!ok) {
            lex_unexpected(lx, lx->pos, _("a quoted text"));
            break;
        }
        list = ncm_grow(list, n, &cap, sizeof(*list));
        ok = read_element(lx, &list[n++]);
        if (!ok || lex_peek(lx) == ')')
            break;
        ok = lex_peek(lx) == ',';
        if (!ok) {
            lex_unexpected(lx, lx->pos, _("a comma or a closing parenthesis"));
            break;
        }
        lx->pos++;
    }
    if (ok) {
        lx->pos++;
        c->list = ncm_arena_alloc(lx->arena, n, sizeof(*c->list));
        memcpy(c->list, list, n * sizeof(*list));
        c->n_list = n;
    }
    ncm_free(list);
    return ok;
}
