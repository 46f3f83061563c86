/* JSON Lines: one object a line, as it is or as container runtimes wrap it. */
#include "base/i18n.h"
#include "io/rows_json.h"

static struct rows_json *json_of(struct ncm_rows *r)
{
    if (!r->json) {
        r->json = ncm_alloc(1, sizeof *r->json);
        r->json->keys = ncm_rows_keys_new();
        ncm_buf_init(&r->json->name, ROWS_MAX_ROW);
    }
    return r->json;
}

void ncm_rows_json_free(struct ncm_rows *r)
{
    if (!r->json)
        return;
    ncm_rows_keys_free(r->json->keys);
    ncm_buf_release(&r->json->name);
    ncm_free(r->json->values);
    ncm_free(r->json);
}

int64_t ncm_rows_json_left_out(const struct ncm_rows *r)
{
    return r->json ? r->json->left_out : 0;
}

void ncm_rows_json_waits(const struct ncm_rows *r, int64_t *offset, int64_t *line)
{
    if (!r->json || !r->json->has_pending)
        return;
    *offset = r->json->pending_offset;
    *line = r->json->pending_line;
}

/* Gives the values that have none yet a column; false where one is new but rows of the batch have
 * been made without it. */
static bool find_columns(struct ncm_rows *r, struct rows_json *j)
{
    size_t kept = 0;
    for (size_t i = 0; i < j->n; i++) {
        struct rows_key *k = &j->keys->all[j->values[i].key];
        if (k->column < 0) {
            size_t column, known = r->n_columns;
            char *path = ncm_rows_keys_path(j->keys, j->values[i].key);
            bool is_known = ncm_map_get(r->by_name, path, strlen(path), &column);
            bool wait = !is_known && r->n_rows > 0 && known < ROWS_MAX_COLUMNS;
            bool ok = !wait && ncm_rows_column(r, path, strlen(path), &column);
            ncm_free(path);
            if (wait)
                return false;
            if (ok)
                k->column = (int32_t)column;
        }
        if (k->column >= 0)
            j->values[kept++] = j->values[i];
        else
            j->left_out++;
    }
    j->n = kept;
    return true;
}

/* Makes a row of the values; false where it has to wait for the next batch. */
static bool commit(struct ncm_rows *r, struct rows_json *j)
{
    struct ncm_field *to;
    j->has_pending = !find_columns(r, j) || !(to = ncm_rows_room(r));
    if (j->has_pending)
        return false;
    for (size_t i = 0; i < r->n_columns; i++)
        to[i] = (struct ncm_field){.p = "", .kind = NCM_FIELD_ABSENT};
    for (size_t i = 0; i < j->n; i++) {
        struct rows_value *v = &j->values[i];
        if (v->escaped) {
            char *p = r->buf + (v->f.p - r->buf);
            v->f.len = (uint32_t)ncm_rows_json_unescape(p, p, v->f.len);
            v->escaped = false;
        }
        to[j->keys->all[v->key].column] = v->f;
    }
    r->lines[r->n_rows++] = j->pending_line;
    return true;
}

/* {"log":"{...}\n","stream":"stdout","time":"..."}, as Docker's json-file driver writes: the values
 * of the line inside take the place of "log" and win over the others. Any other text stays. */
static void unwrap_docker(struct ncm_rows *r, struct rows_json *j)
{
    struct rows_value log = j->values[0];
    size_t n = j->n, len;
    bool stream = false;
    for (size_t i = 1; i < n; i++)
        stream = stream || strcmp(j->keys->all[j->values[i].key].name, "stream") == 0;
    if (!stream || log.f.kind != NCM_FIELD_TEXT)
        return;
    /* It ends where its closing quote was, or before that. */
    char *p = r->buf + (log.f.p - r->buf);
    len = log.escaped ? ncm_rows_json_unescape(p, p, log.f.len) : log.f.len;
    while (len > 0 && (p[len - 1] == '\n' || p[len - 1] == '\r'))
        len--;
    p[len] = '\n';
    j->values[0].escaped = false;
    j->values[0].f.len = (uint32_t)len;
    if (len == 0 || *p != '{' || !ncm_rows_json_object(j, p)) {
        j->n = n;
        return;
    }
    memmove(j->values, j->values + 1, --j->n * sizeof *j->values);
}

/* "2016-10-06T00:17:09.669794202Z stdout F text", as container runtimes behind Kubernetes write. */
static bool is_cri(const char *p, size_t len, size_t *stream, size_t *text)
{
    const char *a = memchr(p, ' ', len < 64 ? len : 64);
    if (!a || p[0] < '0' || p[0] > '9' || a - p < 20 || p[10] != 'T')
        return false;
    *stream = (size_t)(a - p) + 1;
    const char *s = p + *stream;
    if (len - *stream < 9 || (strncmp(s, "stdout ", 7) != 0 && strncmp(s, "stderr ", 7) != 0))
        return false;
    *text = *stream + 9;
    return (s[7] == 'F' || s[7] == 'P') && s[8] == ' ';
}

bool ncm_rows_is_container_line(const char *p)
{
    size_t stream, text;
    return is_cri(p, strcspn(p, "\n"), &stream, &text);
}

static bool read_cri(struct rows_json *j, const char *p, size_t len, size_t stream, size_t text)
{
    if (p[text - 2] == 'P') {
        j->p = p;
        j->why = _("a part of a line that the container runtime has cut");
        return false;
    }
    ncm_rows_json_add(j, ncm_rows_keys_child(j->keys, 0, "time", 4, false), NCM_FIELD_TEXT, p,
                      stream - 1, false);
    ncm_rows_json_add(j, ncm_rows_keys_child(j->keys, 0, "stream", 6, false), NCM_FIELD_TEXT,
                      p + stream, 6, false);
    if (p[text] == '{' && ncm_rows_json_object(j, p + text))
        return true;
    j->n = 2;
    ncm_rows_json_add(j, ncm_rows_keys_child(j->keys, 0, "log", 3, false), NCM_FIELD_TEXT, p + text,
                      len - text, false);
    return true;
}

static bool is_too_long(const struct rows_json *j)
{
    for (size_t i = 0; i < j->n; i++)
        if (j->values[i].f.len > ROWS_MAX_FIELD)
            return true;
    return false;
}

/* One line of len bytes without its end. false: no more fits now, or too much is bad (*failed). */
static bool read_line(struct ncm_rows *r, struct rows_json *j, const char *p, size_t len,
                      bool *failed)
{
    static const char docker[] = "{\"log\":\"";
    int64_t line = ncm_rows_current(r)->line++;
    size_t stream, text, blanks = 0;
    while (blanks < len && (p[blanks] == ' ' || p[blanks] == '\t' || p[blanks] == '\r'))
        blanks++;
    if (blanks == len)
        return true;
    if (len > ROWS_MAX_ROW) {
        *failed = !ncm_rows_too_long(r, line);
        return !*failed;
    }
    j->n = 0;
    bool ok = is_cri(p, len, &stream, &text) ? read_cri(j, p, len, stream, text)
                                             : ncm_rows_json_object(j, p);
    if (!ok) {
        *failed =
            !ncm_rows_bad(r, line, _("not JSON at byte %zu: %s"), (size_t)(j->p - p) + 1, j->why);
        return !*failed;
    }
    if (j->n > 1 && len > sizeof docker && memcmp(p, docker, sizeof docker - 1) == 0)
        unwrap_docker(r, j);
    if (len > ROWS_MAX_FIELD && is_too_long(j)) {
        *failed =
            !ncm_rows_bad(r, line, _("a field is longer than %d KiB"), (int)(ROWS_MAX_FIELD >> 10));
        return !*failed;
    }
    j->pending_line = line;
    j->pending_offset = r->at + (p - r->buf);
    return commit(r, j);
}

enum rows_parsed ncm_rows_jsonl(struct ncm_rows *r, bool final)
{
    struct rows_json *j = json_of(r);
    bool failed = false;
    ncm_rows_current(r)->begun = true;
    if (r->header_only)
        return ROWS_FULL;
    if (j->has_pending && !commit(r, j))
        return ROWS_FULL;
    while (r->pos < r->len) {
        char *p = r->buf + r->pos;
        char *nl = memchr(p, '\n', r->len - r->pos);
        if (!nl && !final)
            return ROWS_MORE;
        size_t len = nl ? (size_t)(nl - p) : r->len - r->pos;
        r->pos += len + (nl != NULL);
        if (!read_line(r, j, p, len, &failed))
            return failed ? ROWS_FAILED : ROWS_FULL;
    }
    return ROWS_MORE;
}
