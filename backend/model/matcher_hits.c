/* Which labels a set of matchers hits. */
#include <ctype.h>
#include <regex.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/matcher.h"

enum { EXPRESSION_MOST = 1000, MATCHERS_MOST = 100, REPEAT_MOST = 255 };

struct ncm_matching {
    size_t n;
    struct ready {
        char *name, *value;
        bool is_equal, is_regex;
        regex_t regex;
    } items[];
};

/* The first construct that RE2 knows and POSIX does not, or NULL; a group's meaning or that of \d
 * would silently be another one. */
static const char *foreign(const char *p)
{
    bool set = false, open = false;
    for (const char *at = p; *at != '\0'; at++) {
        if (*at == '\\') {
            if (set || isalnum((unsigned char)at[1])) {
                return at;
            }
            at += at[1] != '\0' ? 1 : 0;
        } else if (set) {
            set = *at != ']' || open;
            open = false;
        } else if (*at == '[') {
            set = true;
            open = true; /* a ] right after it stands for itself */
            at += at[1] == '^' ? 1 : 0;
        } else if ((*at == '(' && at[1] == '?') || (*at == '{' && !isdigit((unsigned char)at[1]))) {
            return at;
        } else if (strchr("*+?}", *at) != NULL && at[1] != '\0' && strchr("*+?", at[1]) != NULL) {
            return at;
        }
    }
    return NULL;
}

/* Repetitions cost POSIX matchers memory by their number, nested ones by the product. */
static bool is_dear(const char *p)
{
    long product = 1;
    for (; *p != '\0'; p++) {
        if (*p == '{') {
            long most = 0, v = 0;
            for (p++; *p != '\0' && *p != '}'; p++) {
                v = *p >= '0' && *p <= '9' && v < 100000 ? v * 10 + (*p - '0') : 0;
                most = v > most ? v : most;
            }
            product *= most > 0 ? most : 1;
            if (product > REPEAT_MOST || *p == '\0') {
                return product > REPEAT_MOST;
            }
        }
    }
    return false;
}

static bool compile(const struct ncm_matcher *m, struct ready *out, struct ncm_err *err)
{
    const char *odd = foreign(out->value);
    if (odd != NULL) {
        ncm_fail(err, NCM_UNSUPPORTED,
                 _("what %s=~\"%.80s\" hits cannot be told here: '%.4s' is not understood"),
                 out->name, out->value, odd);
        return ncm_hint(err, "%s", _("the server itself understands it (RE2)"));
    }
    if (m->value.len > EXPRESSION_MOST || is_dear(out->value)) {
        return ncm_fail(err, NCM_UNSUPPORTED,
                        _("what %s=~\"%.80s…\" hits cannot be told here: it is too large"),
                        out->name, out->value);
    }
    char *anchored = ncm_sprintf("^(%s)$", out->value);
    /* An empty group is not everybody's regular expression. */
    int e = regcomp(&out->regex, out->value[0] == '\0' ? "^$" : anchored, REG_EXTENDED | REG_NOSUB);
    ncm_free(anchored);
    if (e != 0) {
        char why[100];
        regerror(e, &out->regex, why, sizeof why);
        return ncm_fail(err, NCM_USAGE, _("%s: '%.80s' is no regular expression: %s"), out->name,
                        out->value, why);
    }
    out->is_regex = true;
    return true;
}

bool ncm_matching_new(const struct ncm_matcher *m, size_t n, struct ncm_matching **out,
                      struct ncm_err *err)
{
    if (n > MATCHERS_MOST) {
        return ncm_fail(err, NCM_TOO_LARGE, _("more than %d matchers"), (int)MATCHERS_MOST);
    }
    struct ncm_matching *made = ncm_alloc(1, sizeof *made + n * sizeof made->items[0]);
    bool ok = true;
    for (size_t i = 0; ok && i < n; i++) {
        struct ready *r = &made->items[made->n++];
        r->name = ncm_strdup(ncm_cstr(m[i].name));
        r->value = ncm_strdup(ncm_cstr(m[i].value));
        r->is_equal = m[i].is_equal;
        ok = !m[i].is_regex || compile(&m[i], r, err);
    }
    if (ok) {
        *out = made;
    } else {
        ncm_matching_free(made);
    }
    return ok;
}

void ncm_matching_free(struct ncm_matching *m)
{
    for (size_t i = 0; m != NULL && i < m->n; i++) {
        ncm_free(m->items[i].name);
        ncm_free(m->items[i].value);
        if (m->items[i].is_regex) {
            regfree(&m->items[i].regex);
        }
    }
    ncm_free(m);
}

bool ncm_matching_hits(const struct ncm_matching *m, const struct ncm_kv *labels, size_t n)
{
    for (size_t i = 0; i < m->n; i++) {
        const struct ready *r = &m->items[i];
        const struct ncm_kv *label = ncm_kv_find(labels, n, r->name);
        const char *value = label != NULL ? ncm_cstr(label->value) : "";
        bool equal =
            r->is_regex ? regexec(&r->regex, value, 0, NULL, 0) == 0 : strcmp(r->value, value) == 0;
        if (equal != r->is_equal) {
            return false;
        }
    }
    return m->n > 0;
}
