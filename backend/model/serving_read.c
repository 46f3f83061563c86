#include "model/serving_read.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

enum { NAME_MAX_LEN = 256, DIGITS_MAX = 6 };

static bool is_word(char c)
{
    return isalnum((unsigned char)c) != 0 || c == '_' || c == '-';
}

static bool is_hex(const char *p, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        if (isxdigit((unsigned char)p[i]) == 0) {
            return false;
        }
    }
    return len > 0;
}

static size_t digits(const char *p, size_t len)
{
    size_t n = 0;
    while (n < len && p[n] >= '0' && p[n] <= '9') {
        n++;
    }
    return n;
}

static const char *find(const char *p, size_t len, const char *what)
{
    size_t n = strlen(what);
    for (size_t i = 0; i + n <= len; i++) {
        if (memcmp(p + i, what, n) == 0) {
            return p + i;
        }
    }
    return NULL;
}

struct ncm_str serving_number(const char *p, size_t len)
{
    if (len > 1 && (*p == 'v' || *p == 'V')) {
        p++;
        len--;
    }
    if (len == 0 || len > DIGITS_MAX || digits(p, len) != len) {
        return (struct ncm_str){NULL, 0};
    }
    return (struct ncm_str){p, len};
}

bool serving_same_version(struct ncm_str a, struct ncm_str b)
{
    struct ncm_str x = a.p ? serving_number(a.p, a.len) : a;
    struct ncm_str y = b.p ? serving_number(b.p, b.len) : b;
    if (x.p == NULL || y.p == NULL) {
        return ncm_str_eq(a, b) != 0;
    }
    while (x.len > 1 && *x.p == '0') {
        x.p++;
        x.len--;
    }
    while (y.len > 1 && *y.p == '0') {
        y.p++;
        y.len--;
    }
    return ncm_str_eq(x, y) != 0;
}

static bool is_joint(char c)
{
    return c == '-' || c == '_' || c == '.' || c == ' ' || c == '/';
}

static bool same_sign(char a, char b)
{
    return (is_joint(a) && is_joint(b)) || tolower((unsigned char)a) == tolower((unsigned char)b);
}

bool serving_begins_name(struct ncm_str longer, struct ncm_str shorter)
{
    if (shorter.len == 0 || longer.len <= shorter.len || !is_joint(longer.p[shorter.len])) {
        return false;
    }
    return serving_same_name((struct ncm_str){longer.p, shorter.len}, shorter);
}

bool serving_same_name(struct ncm_str a, struct ncm_str b)
{
    if (a.p == NULL || b.p == NULL || a.len != b.len) {
        return false;
    }
    for (size_t i = 0; i < a.len; i++) {
        if (!same_sign(a.p[i], b.p[i])) {
            return false;
        }
    }
    return true;
}

/* ---- where in a text a URI ends ---- */

/* A URI's place in a text: to the quote that closes the one before it; else to the end, where it is
 * all of the text or of an option's value, as names may hold blanks; else to the next blank. */
static size_t uri_end(const char *p, size_t len, size_t at)
{
    char before = at > 0 ? p[at - 1] : '\0';
    if (before == '"' || before == '\'') {
        const char *end = memchr(p + at, before, len - at);
        return end ? (size_t)(end - p) : len;
    }
    const char *blank = memchr(p, ' ', at);
    bool whole = at == 0 || (before == '=' && blank == NULL);
    size_t i = at;
    for (; i < len; i++) {
        bool option = p[i] == ' ' && i + 1 < len && p[i + 1] == '-';
        if ((unsigned char)p[i] < ' ' || p[i] == '"' || p[i] == '\'' || option ||
            (p[i] == ' ' && !whole)) {
            break;
        }
    }
    while (i > at && (p[i - 1] == ' ' || p[i - 1] == ';' || p[i - 1] == ',')) {
        i--;
    }
    return i;
}

/* The scheme must begin a word: "models:/" in "mymodels:/x" does not. */
static const char *find_scheme(const char *p, size_t len, const char *scheme, size_t *rest)
{
    const char *from = p;
    for (;;) {
        const char *at = find(from, len - (size_t)(from - p), scheme);
        if (at == NULL) {
            return NULL;
        }
        if (at == p || !is_word(at[-1])) {
            size_t end = uri_end(p, len, (size_t)(at - p));
            const char *path = at + strlen(scheme);
            if (path < p + end && *path == '/') { /* models://who@where/name/7 */
                const char *next = memchr(path + 1, '/', (size_t)(p + end - path - 1));
                path = next ? next + 1 : path + 1;
            }
            *rest = path < p + end ? (size_t)(p + end - path) : 0;
            return path;
        }
        from = at + 1;
    }
}

/* ---- models:/ ---- */

static bool is_model_id(const char *p, size_t len)
{
    return len == 34 && p[0] == 'm' && p[1] == '-' && is_hex(p + 2, 32);
}

static bool good_name(struct ncm_str s)
{
    for (size_t i = 0; i < s.len; i++) {
        if ((unsigned char)s.p[i] < ' ' || s.p[i] == ':' || s.p[i] == 0x7F) {
            return false;
        }
    }
    return s.len > 0 && s.len <= NAME_MAX_LEN && s.p[0] != ' ';
}

static bool read_suffix(struct ncm_str word, struct serving_parts *out)
{
    if (word.len == 0) {
        return false;
    }
    if (digits(word.p, word.len) == word.len) {
        out->version = word;
    } else {
        out->stage = word;
    }
    return true;
}

bool serving_read_uri(const char *p, size_t len, struct serving_parts *out)
{
    size_t n;
    const char *path = find_scheme(p, len, "models:/", &n);
    if (path == NULL || n == 0) {
        return false;
    }
    const char *slash = memchr(path, '/', n);
    size_t first = slash ? (size_t)(slash - path) : n;
    if (is_model_id(path, first)) {
        out->model_id = (struct ncm_str){path, first};
        return true;
    }
    out->decode = true;
    size_t at = first;
    while (at > 0 && path[at - 1] != '@') {
        at--;
    }
    size_t word = 0;
    while (at > 0 && at + word < first && is_word(path[at + word])) {
        word++;
    }
    bool alias = at > 1 && word > 0 && at + word == first &&
                 !(slash != NULL && digits(slash + 1, n - first - 1) > 0); /* "a@b/4" */
    if (alias) {
        out->name = (struct ncm_str){path, at - 1};
        out->alias = (struct ncm_str){path + at, word};
        return good_name(out->name);
    }
    if (slash == NULL) {
        return false;
    }
    out->name = (struct ncm_str){path, first};
    size_t left = n - first - 1;
    size_t k = 0;
    while (k < left && is_word(slash[1 + k])) {
        k++;
    }
    return good_name(out->name) && read_suffix((struct ncm_str){slash + 1, k}, out);
}

/* ---- runs ---- */

static bool key_has(const char *key, const char *word)
{
    size_t n = strlen(word);
    for (; key != NULL && *key != '\0'; key++) {
        if (strncasecmp(key, word, n) == 0) {
            return true;
        }
    }
    return false;
}

/* A folder of the path that is a run id or a logged model id. */
static bool read_id_segment(const char *p, size_t len, struct serving_parts *out)
{
    size_t from = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && p[i] != '/') {
            continue;
        }
        size_t n = i - from;
        if (is_model_id(p + from, n)) {
            out->model_id = (struct ncm_str){p + from, n};
            return true;
        }
        if (n == 32 && is_hex(p + from, n) && out->run_id.p == NULL) {
            static const char next[] = "/artifacts";
            size_t rest = len - i;
            out->run_id = (struct ncm_str){p + from, n};
            out->guess = rest < sizeof next - 1 || memcmp(p + i, next, sizeof next - 1) != 0;
        }
        from = i + 1;
    }
    return out->run_id.p != NULL;
}

bool serving_read_run(const char *p, size_t len, const char *key, struct serving_parts *out)
{
    size_t n;
    const char *path = find_scheme(p, len, "runs:/", &n);
    if (path != NULL) {
        size_t k = 0;
        while (k < n && is_word(path[k])) {
            k++;
        }
        out->run_id = (struct ncm_str){path, k};
        return k >= 8 && k <= NAME_MAX_LEN;
    }
    if (memchr(p, '/', len) != NULL && memchr(p, ' ', len) == NULL) {
        return read_id_segment(p, len, out);
    }
    if (is_model_id(p, len) && key_has(key, "model")) {
        out->model_id = (struct ncm_str){p, len};
        return true;
    }
    if (len == 32 && is_hex(p, len) && key_has(key, "run_id")) {
        out->run_id = (struct ncm_str){p, len};
        return true;
    }
    return false;
}

/* ---- storage paths ---- */

/* Where the path proper begins: after scheme and bucket; 0 for no URI of a store. */
static size_t path_start(const char *p, size_t len, bool *http)
{
    static const char *const schemes[] = {"s3://",   "s3a://",   "gs://",   "pvc://",   "hdfs://",
                                          "abfs://", "abfss://", "wasb://", "wasbs://", "file://",
                                          "oss://",  "cos://",   "dbfs:/",  "http://",  "https://"};
    *http = false;
    for (size_t i = 0; i < sizeof schemes / sizeof *schemes; i++) {
        size_t n = strlen(schemes[i]);
        if (len > n && strncasecmp(p, schemes[i], n) == 0) {
            *http = i + 2 >= sizeof schemes / sizeof *schemes;
            const char *slash = memchr(p + n, '/', len - n);
            return schemes[i][n - 2] == ':' ? n : slash ? (size_t)(slash - p) + 1 : len;
        }
    }
    return len > 0 && p[0] == '/' ? 1 : 0;
}

static bool is_versions(const char *p, size_t len)
{
    return (len == 8 && strncasecmp(p, "versions", 8) == 0) ||
           (len == 7 && strncasecmp(p, "version", 7) == 0);
}

/* "7", "v7", "version=7", "version-7", "7.tar.gz": the digits. */
static struct ncm_str segment_number(const char *p, size_t len)
{
    if (len > 8 && strncasecmp(p, "version", 7) == 0 && (p[7] == '=' || p[7] == '-')) {
        return serving_number(p + 8, len - 8);
    }
    const char *dot = memchr(p, '.', len);
    size_t n = dot ? (size_t)(dot - p) : len;
    size_t tail = len - n;
    bool packed = (tail == 7 && strncmp(p + n, ".tar.gz", 7) == 0) ||
                  (tail == 4 && (strncmp(p + n, ".zip", 4) == 0 || strncmp(p + n, ".tgz", 4) == 0 ||
                                 strncmp(p + n, ".mar", 4) == 0));
    return dot == NULL || packed ? serving_number(p, n) : (struct ncm_str){NULL, 0};
}

/* The last folder that is a version with one before it that can be a name. */
static bool read_segments(const char *p, size_t len, struct serving_parts *out, bool *of_models)
{
    struct ncm_str name = {NULL, 0};
    size_t from = 0;
    for (size_t i = 0; i <= len; i++) {
        if (i < len && p[i] != '/') {
            continue;
        }
        struct ncm_str seg = {p + from, i - from};
        struct ncm_str number =
            seg.len ? segment_number(seg.p, seg.len) : (struct ncm_str){NULL, 0};
        if (number.p != NULL && name.p != NULL) {
            out->name = name;
            out->version = number;
        }
        *of_models |= seg.len >= 5 && seg.len <= 6 && strncasecmp(seg.p, "models", seg.len) == 0;
        if (number.p != NULL) {
            name = (struct ncm_str){NULL, 0};
        } else if (seg.len > 0 && !is_versions(seg.p, seg.len)) {
            name = seg;
        }
        from = i + 1;
    }
    return out->version.p != NULL;
}

bool serving_read_path(const char *p, size_t len, const char *key, bool sure,
                       struct serving_parts *out)
{
    bool http, of_models = false;
    size_t at = path_start(p, len, &http);
    bool ours =
        sure || key_has(key, "model") || key_has(key, "storage") || key_has(key, "artifact");
    if (at == 0 || memchr(p, ' ', len) != NULL) {
        return false;
    }
    size_t end = at;
    while (end < len && p[end] != '?' && p[end] != '#') {
        end++;
    }
    bool found = read_segments(p + at, end - at, out, &of_models);
    out->guess = true;
    out->decode = true;
    if (http && !sure && !key_has(key, "model")) {
        return false;
    }
    if (found) {
        return (ours || of_models) && good_name(out->name);
    }
    /* Without a version it may still be where a registered version lies. */
    return (sure || key_has(key, "model")) && p[0] != '/';
}

/* ---- images ---- */

/* "7", "v7", "7-abc123", "churn-v7". */
static bool read_tag(struct ncm_str tag, struct serving_parts *out)
{
    const char *dash = memchr(tag.p, '-', tag.len);
    size_t first = dash ? (size_t)(dash - tag.p) : tag.len;
    out->version = serving_number(tag.p, first);
    if (out->version.p != NULL) {
        return true;
    }
    size_t last = tag.len;
    while (last > 0 && tag.p[last - 1] != '-') {
        last--;
    }
    if (last > 1 && (tag.p[last] == 'v' || tag.p[last] == 'V')) {
        out->version = serving_number(tag.p + last, tag.len - last);
        out->name = (struct ncm_str){tag.p, last - 1};
    }
    return out->version.p != NULL;
}

bool serving_read_image(const char *p, size_t len, struct serving_parts *out)
{
    const char *digest = memchr(p, '@', len);
    size_t n = digest ? (size_t)(digest - p) : len;
    size_t name = n;
    while (name > 0 && p[name - 1] != '/') {
        name--;
    }
    const char *colon = memchr(p + name, ':', n - name);
    if (colon == NULL || colon == p + name || memchr(p, ' ', len) != NULL) {
        return false;
    }
    out->name = (struct ncm_str){p + name, (size_t)(colon - p) - name};
    out->guess = true;
    return read_tag((struct ncm_str){colon + 1, n - (size_t)(colon + 1 - p)}, out) &&
           good_name(out->name);
}
