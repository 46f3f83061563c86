#include "provider/kubernetes/places.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"

#define OWN       " of the workload"
#define CONTAINER " of container "
#define INIT      " of init container "

static const struct {
    enum k8s_place_kind kind;
    const char *word;  /* what it begins with */
    bool in_container; /* ends in the container's name */
} forms[] = {
    {K8S_PLACE_LABEL, "label ", false},
    {K8S_PLACE_ANNOTATION, "annotation ", false},
    {K8S_PLACE_IMAGE, "image", true},
    {K8S_PLACE_ENV, "env ", true},
    {K8S_PLACE_ARG, "arg ", true},
    {K8S_PLACE_COMMAND, "command ", true},
    {K8S_PLACE_STORAGE_URI, "storageUri", false},
};

char *k8s_place_where(const struct k8s_place *p)
{
    const char *of = p->init ? INIT : CONTAINER;
    switch (p->kind) {
    case K8S_PLACE_LABEL:
        return ncm_sprintf("label %s", p->key);
    case K8S_PLACE_ANNOTATION:
        return ncm_sprintf("annotation %s", p->key);
    case K8S_PLACE_OWN_LABEL:
        return ncm_sprintf("label %s" OWN, p->key);
    case K8S_PLACE_OWN_ANNOTATION:
        return ncm_sprintf("annotation %s" OWN, p->key);
    case K8S_PLACE_IMAGE:
        return ncm_sprintf("image%s%s", of, p->container);
    case K8S_PLACE_ENV:
        return ncm_sprintf("env %s%s%s", p->key, of, p->container);
    case K8S_PLACE_ARG:
        return ncm_sprintf("arg %zu%s%s", p->index + 1, of, p->container);
    case K8S_PLACE_COMMAND:
        return ncm_sprintf("command %zu%s%s", p->index + 1, of, p->container);
    case K8S_PLACE_STORAGE_URI:
        break;
    }
    return p->key[0] == '\0' ? ncm_strdup("storageUri") : ncm_sprintf("storageUri of %s", p->key);
}

static bool put(char out[K8S_PLACE_MOST], const char *p, size_t n)
{
    if (n == 0 || n >= K8S_PLACE_MOST) {
        return false;
    }
    memcpy(out, p, n);
    out[n] = '\0';
    return true;
}

/* The container's name at the end of the text: names hold no blanks, so that the last " of …
 * container " is the one. *n gets the length before it. */
static bool take_container(const char *text, size_t *n, struct k8s_place *out)
{
    const char *blank = strrchr(text, ' ');
    if (blank == NULL) {
        return false;
    }
    size_t end = (size_t)(blank + 1 - text);
    out->init = end >= sizeof INIT - 1 &&
                memcmp(text + end - (sizeof INIT - 1), INIT, sizeof INIT - 1) == 0;
    size_t of = out->init ? sizeof INIT - 1 : sizeof CONTAINER - 1;
    if (end < of || memcmp(text + end - of, out->init ? INIT : CONTAINER, of) != 0) {
        return false;
    }
    *n = end - of;
    return put(out->container, blank + 1, strlen(blank + 1));
}

/* "… of the workload": the object's own. Keys hold no blanks. */
static bool take_own(const char *text, size_t *n, struct k8s_place *out)
{
    size_t own = sizeof OWN - 1;
    if (*n > own && memcmp(text + *n - own, OWN, own) == 0) {
        *n -= own;
        out->kind = out->kind == K8S_PLACE_LABEL ? K8S_PLACE_OWN_LABEL : K8S_PLACE_OWN_ANNOTATION;
    }
    return put(out->key, text, *n);
}

static bool take_index(const char *text, size_t n, struct k8s_place *out)
{
    char digits[24];
    int64_t i;
    if (n == 0 || n >= sizeof digits) {
        return false;
    }
    memcpy(digits, text, n);
    digits[n] = '\0';
    if (!ncm_parse_i64(digits, &i) || i < 1) {
        return false;
    }
    out->index = (size_t)i - 1;
    return true;
}

bool k8s_place_of(const char *where, struct k8s_place *out)
{
    for (size_t i = 0; i < sizeof forms / sizeof *forms; i++) {
        size_t skip = strlen(forms[i].word),
               n = strlen(where) - (strlen(where) < skip ? strlen(where) : skip);
        const char *rest = where + skip;
        if (strncmp(where, forms[i].word, skip) != 0) {
            continue;
        }
        *out = (struct k8s_place){.kind = forms[i].kind};
        if (forms[i].in_container && !take_container(rest, &n, out)) {
            return false;
        }
        switch (forms[i].kind) {
        case K8S_PLACE_LABEL:
        case K8S_PLACE_ANNOTATION:
            return take_own(rest, &n, out);
        case K8S_PLACE_IMAGE:
            return n == 0;
        case K8S_PLACE_ENV:
            return put(out->key, rest, n);
        case K8S_PLACE_STORAGE_URI:
            return n == 0 || (strncmp(rest, " of ", 4) == 0 && put(out->key, rest + 4, n - 4));
        default:
            return take_index(rest, n, out);
        }
    }
    return false;
}
