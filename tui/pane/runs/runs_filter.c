/* The filter prompt: the tracking system's own search grammar, plain words made into one,
 * completion of keys and operators. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

/* ---- plain words ---- */

static bool has_word(const char *text, const char *word)
{
    size_t len = strlen(word);
    for (const char *p = text; *p != '\0'; p++) {
        bool starts = p == text || p[-1] == ' ';
        bool ends = strlen(p) >= len && (p[len] == ' ' || p[len] == '\0');
        if (starts && ends && strncasecmp(p, word, len) == 0)
            return true;
    }
    return false;
}

static bool is_expression(const char *text)
{
    static const char *const words[] = {"LIKE", "ILIKE", "IN", "IS", NULL};
    if (strpbrk(text, "=<>!`") != NULL)
        return true;
    for (size_t i = 0; words[i] != NULL; i++)
        if (has_word(text, words[i]))
            return true;
    return false;
}

char *filter_of_words(const char *text)
{
    while (*text == ' ')
        text++;
    size_t len = strlen(text);
    while (len > 0 && text[len - 1] == ' ')
        len--;
    if (len == 0 || is_expression(text))
        return NULL;
    char quote = memchr(text, '\'', len) != NULL ? '"' : '\'';
    return ncm_sprintf("attributes.run_name ILIKE %c%%%.*s%%%c", quote, (int)len, text, quote);
}

static bool blank(const char *s)
{
    return s[strspn(s, " \t")] == '\0';
}

static void use_filter(struct run_table *t, char *filter, const char *typed)
{
    ncm_free(t->filter);
    ncm_free(t->typed);
    t->filter = filter;
    t->typed = filter != NULL ? ncm_strdup(typed) : NULL;
    t->to_top = filter != NULL;
    run_table_ask(t);
    ui_dirty(t->pane->ui);
}

static bool among(const struct ncm_str *keys, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++)
        if (ncm_str_is(keys[i], word))
            return true;
    return false;
}

/* "metrics" where a metric has this key, and so on; NULL where nothing has it. */
static const char *entity_of(const struct run_table *t, const char *key)
{
    static const char *const entity[] = {
        [COL_METRIC] = "metrics", [COL_PARAM] = "params", [COL_TAG] = "tags"};
    const struct ncm_run_keys_snapshot *k = t->keys.snap;
    if (k != NULL && among(k->metrics, k->n_metrics, key))
        return entity[COL_METRIC];
    if (k != NULL && among(k->params, k->n_params, key))
        return entity[COL_PARAM];
    if (k != NULL && among(k->tags, k->n_tags, key))
        return entity[COL_TAG];
    for (size_t i = 0; i < t->columns.n; i++) {
        const struct run_column *c = &t->columns.items[i];
        if (c->kind != COL_ATTRIBUTE && strcmp(c->key, key) == 0)
            return entity[c->kind];
    }
    return NULL;
}

/* The complaint, and what a bare key before or at its place probably means. */
static const char *complaint(const struct run_table *t, const char *text, size_t at,
                             const struct ncm_err *err)
{
    static char out[800];
    size_t from = at < strlen(text) ? at : strlen(text);
    while (from > 0 && (text[from] == ' ' || text[from] == '\0'))
        from--;
    while (from > 0 && text[from - 1] != ' ')
        from--;
    size_t len = strcspn(text + from, " =<>!");
    char *word = ncm_strndup(text + from, len);
    const char *entity = entity_of(t, word);
    if (entity != NULL)
        snprintf(out, sizeof out, _("%s Did you mean %s.%s?"), err->what, entity, word);
    ncm_free(word);
    return entity != NULL ? out : err->what;
}

static const char *filter_done(void *ctx, const char *text, size_t *at)
{
    static struct ncm_err err;
    struct run_table *t = ctx;
    struct ncm_filter parsed;
    if (text == NULL)
        return NULL;
    if (blank(text)) {
        use_filter(t, NULL, NULL);
        return NULL;
    }
    char *words = filter_of_words(text);
    const char *expression = words != NULL ? words : text;
    if (!ncm_filter_parse(expression, &parsed, at, &err)) {
        if (words != NULL) /* the position is in our text, not in what was typed */
            *at = strlen(text);
        ncm_free(words);
        return complaint(t, text, *at, &err);
    }
    ncm_filter_release(&parsed);
    if (words != NULL)
        ui_message(t->pane->ui, UI_INFO, _("Plain words search the names: %s"), words);
    use_filter(t, words != NULL ? words : ncm_strdup(text), text);
    return NULL;
}

/* ---- completion ---- */

struct completion {
    const char *word; /* the unfinished word before the cursor */
    size_t len;
    void (*add)(void *to, const char *word, const char *help);
    void *to;
};

/* "metrics.auc" answers to its own beginning and to its key's. */
static void offer(const struct completion *c, const char *word, const char *help)
{
    const char *dot = strchr(word, '.');
    const char *key = dot == NULL ? word : dot[1] == '`' ? dot + 2 : dot + 1;
    if (c->len == 0 || strncasecmp(word, c->word, c->len) == 0 ||
        strncasecmp(key, c->word, c->len) == 0)
        c->add(c->to, word, help);
}

static bool plain_key(struct ncm_str key)
{
    for (size_t i = 0; i < key.len; i++) {
        char ch = key.p[i];
        if (!((ch >= 'a' && ch <= 'z') || (ch >= 'A' && ch <= 'Z') || (ch >= '0' && ch <= '9') ||
              ch == '_' || ch == '.' || ch == '/'))
            return false;
    }
    return key.len > 0;
}

static void offer_keys(const struct completion *c, const char *entity, const struct ncm_str *keys,
                       size_t n, const char *help)
{
    for (size_t i = 0; i < n; i++) {
        char word[300];
        if (keys[i].len > 250 || ncm_text_is_odd(keys[i].p, keys[i].len))
            continue;
        bool plain = plain_key(keys[i]);
        snprintf(word, sizeof word, "%s.%s%s%s", entity, plain ? "" : "`", keys[i].p,
                 plain ? "" : "`");
        offer(c, word, help);
    }
}

static void offer_entities(const struct run_table *t, const struct completion *c)
{
    const struct ncm_run_keys_snapshot *k = t->keys.snap;
    if (c->len == 0)
        c->add(c->to, "", _("a name, or a condition on:"));
    for (const struct attribute *a = run_attributes; a->id != NULL; a++)
        if (a->order != NULL && a != attribute_of("started")) /* "start time" is the same */
            offer(c, a->order, _(a->label));
    for (size_t i = 0; k == NULL && i < t->columns.n; i++) {
        const struct run_column *col = &t->columns.items[i];
        struct ncm_str key = {col->key, col->key != NULL ? strlen(col->key) : 0};
        if (col->kind == COL_METRIC)
            offer_keys(c, "metrics", &key, 1, _("metric"));
        else if (col->kind == COL_PARAM)
            offer_keys(c, "params", &key, 1, _("param"));
    }
    if (k == NULL)
        return;
    offer_keys(c, "metrics", k->metrics, k->n_metrics, _("metric"));
    offer_keys(c, "params", k->params, k->n_params, _("param"));
    offer_keys(c, "tags", k->tags, k->n_tags, _("tag"));
}

static bool ends_with_word(const char *text, size_t len, const char *word)
{
    size_t n = strlen(word);
    return len >= n && strncasecmp(text + len - n, word, n) == 0 &&
           (len == n || text[len - n - 1] == ' ');
}

static void offer_operators(const struct completion *c, bool number)
{
    static const struct {
        const char *op, *help;
        bool numbers, texts;
    } ops[] = {
        {"=", N_("is"), true, true},
        {"!=", N_("is not"), true, true},
        {">", N_("greater than"), true, false},
        {">=", N_("at least"), true, false},
        {"<", N_("less than"), true, false},
        {"<=", N_("at most"), true, false},
        {"LIKE", /* xgettext:no-c-format */ N_("matches, % stands for anything"), false, true},
        {"ILIKE", N_("matches, upper and lower case alike"), false, true},
    };
    for (size_t i = 0; i < sizeof ops / sizeof ops[0]; i++)
        if (number ? ops[i].numbers : ops[i].texts)
            offer(c, ops[i].op, _(ops[i].help));
}

/* What a word may be here: after a key an operator, after an operator a value, else a key. */
static void complete(void *ctx, const char *text, size_t cursor,
                     void (*add)(void *to, const char *word, const char *help), void *to)
{
    const struct run_table *t = ctx;
    size_t start = cursor;
    while (start > 0 && text[start - 1] != ' ')
        start--;
    struct completion c = {text + start, cursor - start, add, to};
    size_t before = start;
    while (before > 0 && text[before - 1] == ' ')
        before--;
    size_t word = before;
    while (word > 0 && text[word - 1] != ' ')
        word--;
    size_t len = before - word;
    bool key = len > 3 && memchr(text + word, '.', len) != NULL &&
               memchr(text + word, '\'', len) == NULL && (text[word] < '0' || text[word] > '9') &&
               text[word] != '-';
    bool operator=
        len> 0 &&(strchr("=<>!", text[before - 1]) != NULL ||
                  ends_with_word(text, before, "LIKE") || ends_with_word(text, before, "ILIKE"));
    if (key) {
        bool metric = strncmp(text + word, "metric", 6) == 0;
        bool time = len > 5 && memcmp(text + before - 5, "_time", 5) == 0;
        offer_operators(&c, metric || time);
    } else if (operator) {
        static const char *const statuses[] = {"'RUNNING'", "'FINISHED'", "'FAILED'", "'KILLED'",
                                               "'SCHEDULED'"};
        for (size_t i = 0; strstr(text, "status") != NULL && i < 5; i++)
            offer(&c, statuses[i], "");
    } else if (len == 0 || ends_with_word(text, before, "AND")) {
        offer_entities(t, &c);
    } else {
        offer(&c, "AND", _("another condition"));
    }
}

void filter_prompt(struct run_table *t)
{
    keys_ask(t);
    ui_prompt(t->pane->ui, _("filter"), t->typed != NULL ? t->typed : "", filter_done, complete, t);
}

void filter_set(struct run_table *t, const char *text)
{
    size_t at = 0;
    const char *wrong = filter_done(t, text, &at);
    if (wrong != NULL)
        ui_message(t->pane->ui, UI_BAD, "%s", wrong);
}
