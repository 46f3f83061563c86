/* Parser of the search and order grammar. A recursive-descent reader over bytes; every refusal
 * carries the offset of the character that it is about. */
#include "model/search.h"

#include <string.h>

#include "base/i18n.h"
#include "model/search_lex.h"

/* Longest text taken; MLflow's own limits are far below. */
#define MAX_TEXT 100000

static const struct {
    const char *word;
    enum ncm_entity entity;
} entities[] = {
    {"attribute", NCM_ENT_ATTRIBUTE},
    {"attributes", NCM_ENT_ATTRIBUTE},
    {"attr", NCM_ENT_ATTRIBUTE},
    {"run", NCM_ENT_ATTRIBUTE},
    {"metric", NCM_ENT_METRIC},
    {"metrics", NCM_ENT_METRIC},
    {"parameter", NCM_ENT_PARAM},
    {"parameters", NCM_ENT_PARAM},
    {"param", NCM_ENT_PARAM},
    {"params", NCM_ENT_PARAM},
    {"tag", NCM_ENT_TAG},
    {"tags", NCM_ENT_TAG},
    {"dataset", NCM_ENT_DATASET},
    {"datasets", NCM_ENT_DATASET},
};

static const struct {
    const char *spelling, *name;
    bool time;     /* compares as a number */
    bool in_order; /* allowed in an order */
} attributes[] = {
    {"run_id", "run_id", false, true},        {"run_name", "run_name", false, true},
    {"run name", "run_name", false, false},   {"Run name", "run_name", false, false},
    {"Run Name", "run_name", false, false},   {"status", "status", false, true},
    {"user_id", "user_id", false, true},      {"artifact_uri", "artifact_uri", false, true},
    {"start_time", "start_time", true, true}, {"created", "start_time", true, true},
    {"Created", "start_time", true, true},    {"end_time", "end_time", true, true},
};

static const struct {
    const char *spelling;
    enum ncm_op op;
} symbols[] = {
    {"=", NCM_OP_EQ},  {"!=", NCM_OP_NE}, {">", NCM_OP_GT},
    {">=", NCM_OP_GE}, {"<", NCM_OP_LT},  {"<=", NCM_OP_LE},
};

/* MLflow's tokenizer takes these for keywords even after a dot. */
static const char *const reserved[] = {"case", "in", "values", "using", "from", "as"};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static bool wants_backticks(struct lex *lx, size_t key_at, size_t at)
{
    size_t end = key_at;
    while (end < lx->len && end - key_at < 60 && strchr(" \t\r\n<>=!`'\"", lx->s[end]) == NULL)
        end++;
    ncm_fail(lx->err, NCM_USAGE, _("“%.*s” cannot stand in a key without quotes."),
             lex_snippet(lx, at), lx->s + at);
    ncm_hint(lx->err, _("Put the key in backticks: `%.*s`"), (int)(end - key_at), lx->s + key_at);
    return lex_fail_at(lx, at, false);
}

/* After the dot: bare words joined by dots. */
static bool read_bare_key(struct lex *lx, struct ncm_str *key)
{
    size_t start = lx->pos;
    for (;;) {
        size_t piece = lx->pos;
        while (lex_is_word(lex_peek(lx)))
            lx->pos++;
        size_t len = lx->pos - piece;
        const char *p = lx->s + piece;
        if (len == 0)
            return lx->pos >= lx->len || strchr(" \t\r\n<>=~!", lex_peek(lx)) != NULL
                       ? lex_unexpected(lx, piece, _("a key"))
                       : wants_backticks(lx, start, piece);
        if (lex_is_digit(p[0]) && (len == 1 || lex_is_digit(p[1]) || (unsigned char)p[1] >= 0x80 ||
                                   (lex_lower(p[1]) == 'e' && len > 2 && lex_is_digit(p[2]))))
            return wants_backticks(lx, start, piece);
        for (size_t i = 0; i < COUNT(reserved); i++)
            if (lex_same_word(p, len, reserved[i]))
                return wants_backticks(lx, start, piece);
        if (lex_peek(lx) != '.')
            break;
        lx->pos++;
    }
    char c = lex_peek(lx);
    if (c != '\0' && !lex_is_symbol(c) && strchr(" \t\r\n\f\v;,()'\"`", c) == NULL)
        return wants_backticks(lx, start, lx->pos);
    *key = ncm_arena_str(lx->arena, lx->s + start, lx->pos - start);
    return true;
}

static bool find_entity(struct lex *lx, size_t at, struct ncm_str word, enum ncm_entity *out)
{
    for (size_t i = 0; i < COUNT(entities); i++)
        if (lex_equals(word, entities[i].word)) {
            *out = entities[i].entity;
            return true;
        }
    ncm_fail(lx->err, NCM_USAGE,
             _("“%.40s” is none of metrics, params, tags, attributes, datasets."), ncm_cstr(word));
    ncm_hint(lx->err, _("For example: metrics.auc > 0.9 AND params.lr = '0.1'"));
    return lex_fail_at(lx, at, false);
}

/* The canonical spelling of an attribute, or a dataset's property. */
static bool check_key(struct lex *lx, size_t at, enum ncm_entity entity, bool order,
                      struct ncm_str *key)
{
    if (entity == NCM_ENT_DATASET) {
        if (lex_equals(*key, "name") || lex_equals(*key, "digest") || lex_equals(*key, "context"))
            return true;
        ncm_fail(lx->err, NCM_USAGE, _("Datasets have no “%.40s”: name, digest or context."),
                 ncm_cstr(*key));
        return lex_fail_at(lx, at, false);
    }
    if (entity != NCM_ENT_ATTRIBUTE)
        return key->len > 0 || lex_unexpected(lx, at, _("a key"));
    for (size_t i = 0; i < COUNT(attributes); i++)
        if (lex_equals(*key, attributes[i].spelling) && (!order || attributes[i].in_order)) {
            *key = ncm_arena_cstr(lx->arena, attributes[i].name);
            return true;
        }
    ncm_fail(lx->err, NCM_USAGE, _("Runs have no attribute “%.40s” to search by."), ncm_cstr(*key));
    ncm_hint(lx->err, _("Attributes: run_id run_name status user_id artifact_uri start_time "
                        "end_time; others as metrics.KEY, params.KEY or tags.KEY"));
    return lex_fail_at(lx, at, false);
}

/* A column name: [ENTITY.]KEY, each possibly quoted. */
static bool read_column(struct lex *lx, bool order, enum ncm_entity *entity, struct ncm_str *key)
{
    size_t at = lx->pos;
    char c = lex_peek(lx);
    struct ncm_str word;
    bool quoted = c == '`' || c == '"';
    if (c == '(') {
        ncm_fail(lx->err, NCM_USAGE, _("Parentheses are not part of the search language."));
        ncm_hint(lx->err, _("All conditions must hold: join them with AND."));
        return lex_fail_at(lx, at, false);
    }
    if (quoted) {
        if (!lex_quoted(lx, &word))
            return false;
    } else {
        if (!lex_is_letter(c))
            return lex_unexpected(lx, at, _("a name such as metrics.auc"));
        while (lex_is_word(lex_peek(lx)))
            lx->pos++;
        word = ncm_arena_str(lx->arena, lx->s + at, lx->pos - at);
        if (lex_same_word(word.p, word.len, "or") || lex_same_word(word.p, word.len, "not")) {
            ncm_fail(lx->err, NCM_USAGE, _("“%s” is not part of the search language."), word.p);
            ncm_hint(lx->err, _("All conditions must hold: join them with AND."));
            return lex_fail_at(lx, at, false);
        }
    }
    if (lex_peek(lx) != '.') {
        *entity = NCM_ENT_ATTRIBUTE;
        *key = word;
        if (quoted && memchr(word.p, '.', word.len) != NULL) {
            ncm_fail(lx->err, NCM_USAGE, _("The quotes go around the key only."));
            ncm_hint(lx->err, _("For example: metrics.`val/f1`"));
            return lex_fail_at(lx, at, false);
        }
        return check_key(lx, at, *entity, order, key);
    }
    if (c == '"')
        return lex_unexpected(lx, at, _("metrics, params, tags, attributes or datasets"));
    if (!find_entity(lx, at, word, entity))
        return false;
    size_t key_at = ++lx->pos;
    c = lex_peek(lx);
    if (c == '`' || c == '"' || c == '\'') {
        if (!lex_quoted(lx, key))
            return false;
        if (lex_peek(lx) == '.')
            return lex_unexpected(lx, lx->pos, _("the end of the key"));
    } else if (!read_bare_key(lx, key)) {
        return false;
    }
    return check_key(lx, key_at, *entity, order, key);
}

static bool read_symbol(struct lex *lx, enum ncm_op *op)
{
    size_t at = lx->pos;
    while (lex_is_symbol(lex_peek(lx)))
        lx->pos++;
    struct ncm_str w = {lx->s + at, lx->pos - at};
    for (size_t i = 0; i < COUNT(symbols); i++)
        if (lex_equals(w, symbols[i].spelling)) {
            *op = symbols[i].op;
            return true;
        }
    ncm_fail(lx->err, NCM_USAGE, _("“%.*s” is not a comparison."), (int)(w.len > 8 ? 8 : w.len),
             w.p);
    ncm_hint(lx->err, _("Comparisons: = != > >= < <= LIKE ILIKE IN NOT IN IS NULL IS NOT NULL"));
    return lex_fail_at(lx, at, false);
}

static bool read_op(struct lex *lx, enum ncm_op *op)
{
    size_t at = lx->pos;
    if (lex_is_symbol(lex_peek(lx)))
        return read_symbol(lx, op);
    struct ncm_str w;
    if (!lex_word(lx, &w))
        return lex_unexpected(lx, at, _("a comparison"));
    if (lex_same_word(w.p, w.len, "like")) {
        *op = NCM_OP_LIKE;
        return true;
    }
    if (lex_same_word(w.p, w.len, "ilike")) {
        *op = NCM_OP_ILIKE;
        return true;
    }
    if (lex_same_word(w.p, w.len, "in")) {
        *op = NCM_OP_IN;
        return true;
    }
    if (lex_same_word(w.p, w.len, "not") && lex_take_word(lx, "in")) {
        *op = NCM_OP_NOT_IN;
        return true;
    }
    if (lex_same_word(w.p, w.len, "is")) {
        *op = lex_take_word(lx, "not") ? NCM_OP_IS_NOT_NULL : NCM_OP_IS_NULL;
        if (lex_take_word(lx, "null"))
            return true;
        lex_skip_blanks(lx);
        return lex_unexpected(lx, lx->pos, "NULL");
    }
    lex_unexpected(lx, at, _("a comparison"));
    ncm_hint(lx->err, _("Comparisons: = != > >= < <= LIKE ILIKE IN NOT IN IS NULL IS NOT NULL"));
    return false;
}

static bool is_time(const struct ncm_clause *c)
{
    return c->entity == NCM_ENT_ATTRIBUTE &&
           (lex_equals(c->key, "start_time") || lex_equals(c->key, "end_time"));
}

/* Whether this comparison exists for that kind of column. */
static bool check_op(struct lex *lx, size_t at, const struct ncm_clause *c)
{
    const char *allowed;
    bool ok;
    bool text_op =
        c->op == NCM_OP_EQ || c->op == NCM_OP_NE || c->op == NCM_OP_LIKE || c->op == NCM_OP_ILIKE;
    if (c->entity == NCM_ENT_METRIC || is_time(c)) {
        ok = c->op <= NCM_OP_LE;
        allowed = "= != > >= < <=";
    } else if (c->entity == NCM_ENT_PARAM || c->entity == NCM_ENT_TAG) {
        ok = text_op || c->op == NCM_OP_IS_NULL || c->op == NCM_OP_IS_NOT_NULL;
        allowed = "= != LIKE ILIKE IS NULL IS NOT NULL";
    } else if (c->entity == NCM_ENT_DATASET || lex_equals(c->key, "run_id")) {
        ok = text_op || c->op == NCM_OP_IN || c->op == NCM_OP_NOT_IN;
        allowed = "= != LIKE ILIKE IN NOT IN";
    } else {
        ok = text_op;
        allowed = "= != LIKE ILIKE";
    }
    if (ok)
        return true;
    ncm_fail(lx->err, NCM_USAGE, _("“%.60s” cannot be compared this way."), ncm_cstr(c->key));
    ncm_hint(lx->err, _("It takes: %s"), allowed);
    return lex_fail_at(lx, at, false);
}

static bool read_value(struct lex *lx, struct ncm_clause *c)
{
    size_t at = lx->pos;
    char q = lex_peek(lx);
    if (c->op == NCM_OP_IS_NULL || c->op == NCM_OP_IS_NOT_NULL)
        return true;
    if (c->entity == NCM_ENT_METRIC || is_time(c)) {
        if (q != '\'' && q != '"')
            return lex_number(lx, c);
        ncm_fail(lx->err, NCM_USAGE, _("“%.60s” is a number: write the value without quotes."),
                 ncm_cstr(c->key));
        return lex_fail_at(lx, at, false);
    }
    if (c->op == NCM_OP_IN || c->op == NCM_OP_NOT_IN)
        return lex_list(lx, c);
    if (q == '\'' || q == '"')
        return lex_quoted(lx, &c->text);
    lex_unexpected(lx, at, _("a text in quotes"));
    ncm_hint(lx->err, _("Texts need quotes: %s = 'value'"), c->key.len < 60 ? c->key.p : "…");
    return false;
}

static bool read_clause(struct lex *lx, struct ncm_clause *c)
{
    if (!read_column(lx, false, &c->entity, &c->key))
        return false;
    lex_skip_blanks(lx);
    size_t at = lx->pos;
    if (!read_op(lx, &c->op) || !check_op(lx, at, c))
        return false;
    lex_skip_blanks(lx);
    return read_value(lx, c);
}

static bool is_null_op(enum ncm_op op)
{
    return op == NCM_OP_IS_NULL || op == NCM_OP_IS_NOT_NULL;
}

bool ncm_filter_parse(const char *text, struct ncm_filter *out, size_t *at, struct ncm_err *err)
{
    struct lex lx = {.s = text == NULL ? "" : text, .err = err};
    size_t cap = 0;
    bool ok = true;
    *out = (struct ncm_filter){0};
    lx.len = strlen(lx.s);
    lx.arena = ncm_arena_new();
    struct ncm_clause *clauses = NULL;
    if (lx.len > MAX_TEXT)
        ok = ncm_fail(err, NCM_USAGE, _("The filter is too long."));
    while (ok) {
        bool joined = out->n == 0 || is_null_op(clauses[out->n - 1].op);
        while (lex_take_word(&lx, "and"))
            joined = true;
        lex_skip_blanks(&lx);
        if (lx.pos >= lx.len)
            break;
        clauses = ncm_grow(clauses, out->n, &cap, sizeof(*clauses));
        clauses[out->n] = (struct ncm_clause){0};
        size_t begin = lx.pos;
        ok = read_clause(&lx, &clauses[out->n]);
        /* MLflow lets AND be left out between comparisons, but not before these. */
        if (ok && !joined && clauses[out->n].op >= NCM_OP_IN)
            ok = lex_unexpected(&lx, begin, "AND");
        out->n += ok;
    }
    if (ok && out->n > 0) {
        out->clauses = ncm_arena_alloc(lx.arena, out->n, sizeof(*clauses));
        memcpy(out->clauses, clauses, out->n * sizeof(*clauses));
    }
    ncm_free(clauses);
    out->arena = lx.arena;
    if (!ok) {
        ncm_filter_release(out);
        if (at != NULL)
            *at = lx.at;
    }
    return ok;
}

void ncm_filter_release(struct ncm_filter *f)
{
    ncm_arena_free(f->arena);
    *f = (struct ncm_filter){0};
}

static bool read_order(struct lex *lx, struct ncm_order *o)
{
    lex_skip_blanks(lx);
    size_t at = lx->pos;
    if (!read_column(lx, true, &o->entity, &o->key))
        return false;
    if (o->entity == NCM_ENT_DATASET) {
        ncm_fail(lx->err, NCM_USAGE, _("Runs cannot be ordered by their datasets."));
        return lex_fail_at(lx, at, false);
    }
    o->descending = lex_take_word(lx, "desc");
    if (!o->descending)
        lex_take_word(lx, "asc");
    lex_skip_blanks(lx);
    if (lx->pos >= lx->len)
        return true;
    lex_unexpected(lx, lx->pos, _("ASC, DESC or the end"));
    ncm_hint(lx->err, _("One column an order; give several orders for several columns."));
    return false;
}

bool ncm_orders_parse(const char *const *texts, size_t n, struct ncm_orders *out, size_t *at,
                      struct ncm_err *err)
{
    struct lex lx = {.arena = ncm_arena_new(), .err = err};
    bool ok = true;
    *out = (struct ncm_orders){.arena = lx.arena};
    out->items = ncm_arena_alloc(lx.arena, n + 1, sizeof(*out->items));
    for (size_t i = 0; ok && i < n; i++) {
        struct ncm_order *o = &out->items[i];
        lx.s = texts[i];
        lx.len = strlen(texts[i]);
        lx.pos = 0;
        ok = read_order(&lx, o);
        for (size_t j = 0; ok && j < i; j++)
            if (out->items[j].entity == o->entity && ncm_str_eq(out->items[j].key, o->key)) {
                ok =
                    ncm_fail(err, NCM_USAGE, _("The order names “%.60s” twice."), ncm_cstr(o->key));
                lx.at = 0;
            }
        out->n += ok;
    }
    if (!ok) {
        ncm_orders_release(out);
        if (at != NULL)
            *at = lx.at;
    }
    return ok;
}

void ncm_orders_release(struct ncm_orders *o)
{
    ncm_arena_free(o->arena);
    *o = (struct ncm_orders){0};
}
