#include "model/serving.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "base/num.h"
#include "model/serving_read.h"

enum { TEXT_MAX = 4096, WORD_MAX = 128 };

const char *ncm_claim_word(enum ncm_claim_rule rule)
{
    static const char *const words[] = {"none",  "label",  "uri",    "run",   "path",
                                        "image", "common", "config", "answer"};
    return (unsigned)rule < sizeof words / sizeof *words ? words[rule] : words[0];
}

/* ---- labels and variables that name a model or a version by their key ---- */

struct named {
    const char *key; /* compared without case, '_' and '-' alike */
    bool version;
    bool guess; /* of a program as well as of a model */
};

static const struct named own_keys[] = {
    {"ncmlops/model", false, false},
    {"ncmlops/model-version", true, false},
    {"ncmlops.model", false, false},
    {"ncmlops.model-version", true, false},
};

static const struct named common_labels[] = {
    {"app.kubernetes.io/version", true, true},
    {"app.kubernetes.io/name", false, true},
    {"org.opencontainers.image.version", true, true},
    {"version", true, true},
    {"model", false, false},
    {"model-name", false, false},
    {"modelname", false, false},
    {"model-version", true, false},
    {"modelversion", true, false},
    {"modelkit", false, true},
    {"mlflow/model-name", false, false},
    {"mlflow/model-version", true, false},
    {"mlflow.org/model-name", false, false},
    {"mlflow.org/model-version", true, false},
};

static const struct named common_variables[] = {
    {"model-name", false, false},         {"model-version", true, false},
    {"mlflow-model-name", false, false},  {"mlflow-model-version", true, false},
    {"mlserver-model-name", false, true}, {"registered-model-name", false, false},
    {"modelname", false, false},          {"modelversion", true, false},
};

static bool same_key(const char *a, const char *b)
{
    for (; *a != '\0' && *b != '\0'; a++, b++) {
        char x = *a == '_' ? '-' : *a, y = *b == '_' ? '-' : *b;
        if (tolower((unsigned char)x) != tolower((unsigned char)y)) {
            return false;
        }
    }
    return *a == *b;
}

static const struct named *find_key(const struct named *keys, size_t n, const char *key)
{
    for (size_t i = 0; key != NULL && i < n; i++) {
        if (same_key(keys[i].key, key)) {
            return &keys[i];
        }
    }
    return NULL;
}

/* A word that can stand for a version: "7", "v7", "1.4.2", "2024-05-01". */
static bool is_version_word(struct ncm_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        unsigned char c = (unsigned char)s.p[i];
        if (isalnum(c) == 0 && c != '.' && c != '-' && c != '_' && c != '+') {
            return false;
        }
    }
    return s.len > 0 && s.len <= WORD_MAX;
}

static bool read_named(const struct named *key, struct ncm_str text, struct serving_parts *out)
{
    if (key->version) {
        struct ncm_str number = serving_number(text.p, text.len);
        out->version = number.p ? number : text;
        out->guess = key->guess;
        return is_version_word(text);
    }
    out->name = text;
    out->guess = key->guess;
    return text.len > 0 && text.len <= 256;
}

#define FIND(keys, key) find_key(keys, sizeof(keys) / sizeof *(keys), key)

static bool read_key(enum ncm_claim_place place, const char *key, struct ncm_str text, bool own,
                     struct serving_parts *out)
{
    if (place != NCM_PLACE_LABEL && place != NCM_PLACE_ENV) {
        return false;
    }
    const struct named *named = own                        ? FIND(own_keys, key)
                                : place == NCM_PLACE_LABEL ? FIND(common_labels, key)
                                                           : FIND(common_variables, key);
    return named != NULL && read_named(named, text, out);
}

/* ---- one text ---- */

/* The value of "--model-uri=s3://…": what a path or an id would be. */
static struct ncm_str value_of_arg(struct ncm_str text, char *key, size_t keysz)
{
    const char *eq = text.len > 0 && text.p[0] == '-' ? memchr(text.p, '=', text.len) : NULL;
    size_t n = eq ? (size_t)(eq - text.p) : 0;
    if (eq == NULL || n >= keysz) {
        return text;
    }
    memcpy(key, text.p, n);
    key[n] = '\0';
    for (char *c = key; *c != '\0'; c++) {
        *c = *c == '-' ? '_' : *c;
    }
    return (struct ncm_str){eq + 1, text.len - n - 1};
}

/* The strongest statement that the text makes; NONE. */
static enum ncm_claim_rule read_text(enum ncm_claim_place place, const char *key,
                                     struct ncm_str text, struct serving_parts *out)
{
    static const struct serving_parts nothing;
    char option[64] = "";
    *out = nothing;
    if (place == NCM_PLACE_IMAGE) {
        return serving_read_image(text.p, text.len, out) ? NCM_CLAIM_IMAGE : NCM_CLAIM_NONE;
    }
    if (read_key(place, key, text, true, out)) {
        return NCM_CLAIM_LABEL;
    }
    *out = nothing;
    if (serving_read_uri(text.p, text.len, out)) {
        return NCM_CLAIM_URI;
    }
    *out = nothing;
    struct ncm_str value =
        place == NCM_PLACE_ARG ? value_of_arg(text, option, sizeof option) : text;
    const char *about = option[0] != '\0' ? option : key;
    if (serving_read_run(value.p, value.len, about, out)) {
        return NCM_CLAIM_RUN;
    }
    *out = nothing;
    if (serving_read_path(value.p, value.len, about, place == NCM_PLACE_URI, out)) {
        return NCM_CLAIM_PATH;
    }
    *out = nothing;
    return read_key(place, key, text, false, out) ? NCM_CLAIM_COMMON : NCM_CLAIM_NONE;
}

static int hex(char c)
{
    return c >= '0' && c <= '9' ? c - '0' : tolower((unsigned char)c) - 'a' + 10;
}

/* "fraud%20v2" → "fraud v2"; what is no code stays, and so does a code of NUL. */
static struct ncm_str decoded(struct ncm_arena *a, struct ncm_str s)
{
    if (s.p == NULL) {
        return s;
    }
    char *out = ncm_arena_alloc(a, s.len + 1, 1);
    size_t n = 0;
    for (size_t i = 0; i < s.len; i++) {
        bool code = s.p[i] == '%' && i + 2 < s.len && isxdigit((unsigned char)s.p[i + 1]) != 0 &&
                    isxdigit((unsigned char)s.p[i + 2]) != 0;
        char c = code ? (char)(hex(s.p[i + 1]) * 16 + hex(s.p[i + 2])) : s.p[i];
        if (code && c != '\0') {
            i += 2;
        }
        out[n++] = code && c == '\0' ? s.p[i] : c;
    }
    return (struct ncm_str){out, n};
}

bool ncm_claim_of(struct ncm_arena *a, enum ncm_claim_place place, const char *key,
                  const char *text, struct ncm_claim *out)
{
    struct serving_parts parts;
    struct ncm_str s = {text, text ? strlen(text) : 0};
    while (s.len > 0 && isspace((unsigned char)*s.p) != 0) {
        s.p++;
        s.len--;
    }
    while (s.len > 0 && isspace((unsigned char)s.p[s.len - 1]) != 0) {
        s.len--;
    }
    if (s.len == 0 || s.len > TEXT_MAX) {
        return false;
    }
    enum ncm_claim_rule rule = read_text(place, key, s, &parts);
    if (rule == NCM_CLAIM_NONE) {
        return false;
    }
    *out = (struct ncm_claim){
        .rule = rule,
        .text = ncm_arena_str(a, s.p, s.len),
        .model = parts.decode ? decoded(a, parts.name) : ncm_arena_copy(a, parts.name),
        .version = ncm_arena_copy(a, parts.version),
        .alias = ncm_arena_copy(a, parts.alias),
        .stage = ncm_arena_copy(a, parts.stage),
        .run_id = ncm_arena_copy(a, parts.run_id),
        .model_id = ncm_arena_copy(a, parts.model_id),
        .guess = parts.guess,
        .since_ms = NCM_NO_TIME,
    };
    return true;
}

/* ---- another version in the same place ---- */

/* Where the version stands in the claim's text. */
static struct ncm_str version_in(const struct ncm_claim *c)
{
    struct serving_parts p = {.guess = false};
    struct ncm_str t = c->text;
    char option[64] = "";
    bool found = false;
    switch (c->rule) {
    case NCM_CLAIM_LABEL:
    case NCM_CLAIM_COMMON:
        p.version = serving_number(t.p, t.len);
        return p.version.p ? p.version : t;
    case NCM_CLAIM_URI:
        found = serving_read_uri(t.p, t.len, &p);
        break;
    case NCM_CLAIM_PATH:
        t = value_of_arg(t, option, sizeof option);
        found = serving_read_path(t.p, t.len, "model", true, &p);
        break;
    case NCM_CLAIM_IMAGE:
        found = memchr(t.p, '@', t.len) == NULL && serving_read_image(t.p, t.len, &p);
        /* What follows is of that build alone. */
        found = found && p.version.p + p.version.len == t.p + t.len;
        break;
    case NCM_CLAIM_NONE:
    case NCM_CLAIM_RUN:
    case NCM_CLAIM_CONFIG:
    case NCM_CLAIM_ANSWER:
        break;
    }
    return found ? p.version : (struct ncm_str){NULL, 0};
}

/* Whether the number stands elsewhere in the path too: which of them is meant cannot be told. */
static bool stands_twice(struct ncm_str text, struct ncm_str at)
{
    for (size_t i = 0; i + at.len <= text.len; i++) {
        bool here = text.p + i == at.p;
        bool open = i == 0 || isdigit((unsigned char)text.p[i - 1]) == 0;
        bool shut = i + at.len == text.len || isdigit((unsigned char)text.p[i + at.len]) == 0;
        bool word = i > 0 && isalpha((unsigned char)text.p[i - 1]) != 0 && text.p[i - 1] != 'v';
        if (!here && open && shut && !word && memcmp(text.p + i, at.p, at.len) == 0) {
            return true;
        }
    }
    return false;
}

char *ncm_claim_respell(const struct ncm_claim *c, const char *version)
{
    struct ncm_str v = {version, strlen(version)};
    if (c->version.p == NULL || c->text.p == NULL || c->text.len == 0 || !is_version_word(v)) {
        return NULL;
    }
    struct ncm_str at = version_in(c);
    if (at.p == NULL || (c->rule == NCM_CLAIM_PATH && stands_twice(c->text, at))) {
        return NULL;
    }
    if (at.p > c->text.p && (at.p[-1] == 'v' || at.p[-1] == 'V')) {
        struct ncm_str number = serving_number(v.p, v.len); /* no "vv8" */
        v = number.p ? number : v;
    }
    size_t head = (size_t)(at.p - c->text.p);
    size_t tail = c->text.len - head - at.len;
    char *out = ncm_alloc(head + v.len + tail + 1, 1);
    memcpy(out, c->text.p, head);
    memcpy(out + head, v.p, v.len);
    memcpy(out + head + v.len, at.p + at.len, tail);
    return out;
}
