#include "provider/ask.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "model/alert_labels.h"

enum {
    LINE_MOST = 4000, /* bytes of a server's line that are looked at */
    SAYS_MOST = 240,  /* … and passed on */
};

bool ncm_ask_go_on(const struct ncm_control *control, struct ncm_err *err)
{
    if (control == NULL) {
        return true;
    }
    if (control->cancel != NULL && atomic_load(control->cancel)) {
        return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
    }
    if (control->deadline_mono_ms != 0 && ncm_mono_ms() > control->deadline_mono_ms) {
        return ncm_fail(err, NCM_TIMEOUT, _("Asking the server took too long."));
    }
    return true;
}

struct ncm_http_request ncm_ask_request(enum ncm_http_method method, const char *path,
                                        const struct ncm_control *control)
{
    return (struct ncm_http_request){
        .method = method,
        .path = path,
        .cancel = control != NULL ? control->cancel : NULL,
        .deadline_mono_ms = control != NULL ? control->deadline_mono_ms : 0,
    };
}

bool ncm_ask_is_json(const struct ncm_http_answer *a)
{
    char first = a->body.p[strspn(a->body.p, " \t\r\n")];
    return first == '{' || first == '[' || first == '"';
}

void ncm_ask_line(const struct ncm_ask *k, const char *text, char *out, size_t outsz)
{
    text += strspn(text, " \t\r\n");
    size_t n = strcspn(text, "\r\n");
    char *line = ncm_strndup(text, n < LINE_MOST ? n : LINE_MOST);
    ncm_http_hide(k->http, line);
    n = strlen(line);
    if (n >= outsz) {
        n = outsz - 1;
        while (n > 0 && ((unsigned char)line[n] & 0xC0) == 0x80) {
            n--;
        }
    }
    memcpy(out, line, n);
    out[n] = '\0';
    ncm_free(line);
}

bool ncm_ask_refused(const struct ncm_ask *k, const struct ncm_http_answer *a, const char *says,
                     struct ncm_err *err)
{
    char line[SAYS_MOST] = "";
    bool plain = strcmp(a->type, "text/plain") == 0;
    ncm_ask_line(k, says != NULL ? says : plain ? a->body.p : "", line, sizeof line);
    ncm_http_refused(k->http, a, line[0] != '\0' ? line : NULL, err);
    if (a->status == 401) {
        ncm_hint(err, "%s",
                 _("check the user and password, or the token, that are set for it; a wrong and a "
                   "missing one look alike"));
    } else if (a->status == 404 && !ncm_ask_is_json(a)) {
        ncm_fail(err, NCM_NOT_FOUND, _("there is no %s at %s (404)"), k->product,
                 ncm_http_base(k->http));
        ncm_hint(err, "%s", _("is a path missing in its address (a route prefix)?"));
        ncm_detail(err, "HTTP 404: %s", line);
    }
    return false;
}

bool ncm_ask_no_json(const struct ncm_ask *k, const struct ncm_http_answer *a, struct ncm_err *err)
{
    char begins[24];
    ncm_ask_line(k, a->body.p, begins, sizeof begins);
    if (begins[0] == '\0') {
        ncm_fail(err, NCM_INVALID_DATA, _("%s answers with nothing at all"),
                 ncm_http_base(k->http));
    } else {
        ncm_fail(err, NCM_INVALID_DATA, _("%s answers with %s that is not what %s says: %s"),
                 ncm_http_base(k->http), a->type[0] != '\0' ? a->type : "text", k->product, begins);
    }
    return ncm_hint(err, "%s",
                    _("is a login page or a proxy's page in between, or something else at this "
                      "address?"));
}

int64_t ncm_ask_time(const char *text)
{
    char zoned[64];
    int64_t ms;
    size_t len = text != NULL ? strlen(text) : 0;
    if (len < 10 || len > sizeof zoned - 2 || strncmp(text, "0001-", 5) == 0) {
        return NCM_NO_TIME;
    }
    memcpy(zoned, text, len + 1);
    /* A date's own minus signs stand before its tenth byte. */
    if (len > 10 && strpbrk(text + 10, "Zz+-") == NULL) {
        memcpy(zoned + len, "Z", 2);
    }
    return zoned[4] == '-' && ncm_parse_time(zoned, 0, &ms) ? ms : NCM_NO_TIME;
}

struct ncm_kv *ncm_ask_labels(struct ncm_arena *a, const struct ncm_node *map, size_t *n)
{
    *n = 0;
    if (map == NULL || map->kind != NCM_NODE_MAP || map->n == 0) {
        return NULL;
    }
    struct ncm_kv *out = ncm_arena_alloc(a, map->n, sizeof *out);
    for (size_t i = 0; i < map->n; i++) {
        const struct ncm_node *item = &map->items[i];
        if (item->kind == NCM_NODE_STR) {
            out[*n].key = ncm_arena_cstr(a, item->key);
            out[(*n)++].value = ncm_arena_str(a, item->str, item->len);
        }
    }
    *n = ncm_labels_sort(out, *n);
    return out;
}

struct ncm_str *ncm_ask_texts(struct ncm_arena *a, const struct ncm_node *list, size_t *n)
{
    *n = 0;
    if (list == NULL || list->kind != NCM_NODE_LIST || list->n == 0) {
        return NULL;
    }
    struct ncm_str *out = ncm_arena_alloc(a, list->n, sizeof *out);
    for (size_t i = 0; i < list->n; i++) {
        const struct ncm_node *item = &list->items[i];
        item = item->kind == NCM_NODE_MAP ? ncm_node_get(item, "name") : item;
        if (item != NULL && item->kind == NCM_NODE_STR) {
            out[(*n)++] = ncm_arena_str(a, item->str, item->len);
        }
    }
    return out;
}

struct ncm_str ncm_ask_text(struct ncm_arena *a, const struct ncm_node *map, const char *key)
{
    const struct ncm_node *n = ncm_node_get(map, key);
    return n != NULL && n->kind == NCM_NODE_STR ? ncm_arena_str(a, n->str, n->len)
                                                : (struct ncm_str){0};
}
