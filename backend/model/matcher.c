/* Matchers as text, and proposals. */
#include "model/matcher.h"

#include <string.h>

#include "base/i18n.h"
#include "base/list.h"
#include "model/alert_labels.h"

struct reading {
    const char *text, *p;
    struct ncm_arena *arena;
    struct ncm_err *err;
};

static bool broken(struct reading *r, const char *expected)
{
    ncm_fail(r->err, NCM_USAGE, _("a matcher is wrong at character %zu: expected %s"),
             (size_t)(r->p - r->text) + 1, expected);
    return ncm_hint(r->err, "%s", _("write name=\"value\"; !=, =~ and !~ are possible, too"));
}

static void blanks(struct reading *r)
{
    r->p += strspn(r->p, " \t\n");
}

/* After the opening quote. */
static bool quoted(struct reading *r, struct ncm_str *out)
{
    const char *end = r->p;
    while (*end != '\0' && *end != '"') {
        end += *end == '\\' && end[1] != '\0' ? 2 : 1;
    }
    if (*end != '"') {
        return broken(r, _("a closing quote"));
    }
    char *s = ncm_arena_alloc(r->arena, (size_t)(end - r->p) + 1, 1);
    size_t n = 0;
    for (const char *p = r->p; p < end; p++) {
        bool escape = *p == '\\' && (p[1] == '\\' || p[1] == '"' || p[1] == 'n');
        p += escape ? 1 : 0;
        s[n++] = escape && *p == 'n' ? '\n' : *p;
        /* Any other backslash belongs to the value: regular expressions are full of them. */
        if (!escape && *p == '\\' && p + 1 < end) {
            s[n++] = *++p;
        }
    }
    r->p = end + 1;
    *out = (struct ncm_str){s, n};
    return true;
}

static bool operator_of(struct reading *r, struct ncm_matcher *m)
{
    m->is_equal = r->p[0] == '=';
    m->is_regex = r->p[0] != '\0' && r->p[1] == '~';
    if (r->p[0] != '=' && !(r->p[0] == '!' && (r->p[1] == '=' || r->p[1] == '~'))) {
        return broken(r, _("one of = != =~ !~"));
    }
    r->p += m->is_equal && !m->is_regex ? 1 : 2;
    return true;
}

static bool one(struct reading *r, struct ncm_matcher *m)
{
    blanks(r);
    if (*r->p == '"') {
        r->p++;
        if (!quoted(r, &m->name)) {
            return false;
        }
    } else {
        size_t n = strcspn(r->p, "=!~\" \t\n,{}");
        m->name = ncm_arena_str(r->arena, r->p, n);
        r->p += n;
    }
    if (m->name.len == 0) {
        return broken(r, _("a label's name"));
    }
    blanks(r);
    if (!operator_of(r, m)) {
        return false;
    }
    blanks(r);
    if (*r->p == '"') {
        r->p++;
        return quoted(r, &m->value);
    }
    size_t n = strcspn(r->p, "\" \t\n,{}");
    m->value = ncm_arena_str(r->arena, r->p, n);
    r->p += n;
    return true;
}

bool ncm_matcher_parse(const char *text, struct ncm_arena *arena, struct ncm_matcher *out,
                       struct ncm_err *err)
{
    struct reading r = {text, text, arena, err};
    *out = (struct ncm_matcher){0};
    if (!one(&r, out)) {
        return false;
    }
    blanks(&r);
    return *r.p == '\0' || broken(&r, _("the end"));
}

bool ncm_matchers_parse(const char *text, struct ncm_arena *arena, struct ncm_matcher **items,
                        size_t *n, struct ncm_err *err)
{
    struct reading r = {text, text, arena, err};
    struct ncm_list list = {.size = sizeof(struct ncm_matcher)};
    blanks(&r);
    bool brace = *r.p == '{', ok = true, more = true;
    r.p += brace ? 1 : 0;
    while (ok && more) {
        ok = one(&r, ncm_list_add(&list));
        blanks(&r);
        more = ok && *r.p == ',';
        r.p += more ? 1 : 0;
        blanks(&r);
        more = more && *r.p != '}' && *r.p != '\0'; /* a comma may end the list */
    }
    if (ok && brace) {
        ok = *r.p == '}' || broken(&r, "}");
        r.p += ok ? 1 : 0;
        blanks(&r);
    }
    ok = ok && (*r.p == '\0' || broken(&r, _("the end")));
    *n = ok ? list.n : 0;
    *items = ncm_list_move(&list, arena);
    return ok;
}

void ncm_matcher_format(const struct ncm_matcher *m, struct ncm_buf *out)
{
    bool plain = m->name.len > 0 && strcspn(m->name.p, "=!~\" \t\n,{}\\") == m->name.len;
    if (plain) {
        ncm_buf_add(out, m->name.p, m->name.len);
    } else {
        ncm_labels_quote(ncm_cstr(m->name), m->name.len, out);
    }
    ncm_buf_puts(out, m->is_regex ? (m->is_equal ? "=~" : "!~") : m->is_equal ? "=" : "!=");
    ncm_labels_quote(ncm_cstr(m->value), m->value.len, out);
}

void ncm_matchers_format(const struct ncm_matcher *m, size_t n, struct ncm_buf *out)
{
    for (size_t i = 0; i < n; i++) {
        ncm_buf_puts(out, i > 0 ? ", " : "");
        ncm_matcher_format(&m[i], out);
    }
}

/* ---- proposals ------------------------------------------------------------------------------- */

static bool is_volatile(struct ncm_str name)
{
    static const char *const names[] = {
        "instance",
        "pod",
        "pod_name",
        "pod_ip",
        "container",
        "container_id",
        "replica",
        "endpoint",
        "node",
        "nodename",
        "host",
        "hostname",
        "host_ip",
        "uid",
        "ip",
        "pid",
        "worker",
        "exported_instance",
        "exported_pod",
        "prometheus",
        "prometheus_replica",
        "__replica__",
        "pod_template_hash",
        "revision",
        "id",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        if (ncm_str_is(name, names[i])) {
            return true;
        }
    }
    return false;
}

struct ncm_matcher *ncm_matchers_propose(const struct ncm_kv *labels, size_t n_labels,
                                         struct ncm_arena *arena, size_t *n)
{
    struct ncm_matcher *out = ncm_arena_alloc(arena, n_labels, sizeof *out);
    *n = 0;
    for (int all = 0; all < 2 && *n == 0; all++) {
        for (size_t i = 0; i < n_labels; i++) {
            if (labels[i].value.len > 0 && (all == 1 || !is_volatile(labels[i].key))) {
                out[(*n)++] = (struct ncm_matcher){
                    .name = labels[i].key, .value = labels[i].value, .is_equal = true};
            }
        }
    }
    return out;
}
