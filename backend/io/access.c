#include "io/access.h"

#include <string.h>

#include "base/mem.h"

static void copy_secret(struct ncm_secret *to, const struct ncm_secret *from)
{
    to->kind = from->kind;
    to->from = ncm_strdup(from->from);
}

static char **copy_list(char **list)
{
    size_t n = 0;
    while (list != NULL && list[n] != NULL) {
        n++;
    }
    char **out = n > 0 ? ncm_alloc(n + 1, sizeof *out) : NULL;
    for (size_t i = 0; i < n; i++) {
        out[i] = ncm_strdup(list[i]);
    }
    return out;
}

void ncm_access_copy(struct ncm_access *to, const struct ncm_access *from)
{
    *to = *from;
    to->user = ncm_strdup(from->user);
    copy_secret(&to->password, &from->password);
    copy_secret(&to->token, &from->token);
    to->ca = ncm_strdup(from->ca);
    to->cert = ncm_strdup(from->cert);
    to->key = ncm_strdup(from->key);
    to->proxy = ncm_strdup(from->proxy);
    to->workspace = ncm_strdup(from->workspace);
    to->ca_pem = ncm_strdup(from->ca_pem);
    to->cert_pem = ncm_strdup(from->cert_pem);
    to->key_pem = ncm_strdup(from->key_pem);
    to->tls_name = ncm_strdup(from->tls_name);
    to->headers = copy_list(from->headers);
}

void ncm_secret_clear(struct ncm_secret *s)
{
    if (s->from != NULL) {
        explicit_bzero(s->from, strlen(s->from));
    }
    ncm_free(s->from);
    *s = (struct ncm_secret){NCM_SECRET_NONE, NULL};
}

static void wipe(char *text)
{
    if (text != NULL) {
        explicit_bzero(text, strlen(text));
    }
    ncm_free(text);
}

void ncm_access_release(struct ncm_access *a)
{
    ncm_secret_clear(&a->password);
    ncm_secret_clear(&a->token);
    ncm_free(a->user);
    ncm_free(a->ca);
    ncm_free(a->cert);
    ncm_free(a->key);
    ncm_free(a->proxy);
    ncm_free(a->workspace);
    ncm_free(a->ca_pem);
    wipe(a->cert_pem);
    wipe(a->key_pem);
    ncm_free(a->tls_name);
    for (size_t i = 0; a->headers != NULL && a->headers[i] != NULL; i++) {
        ncm_free(a->headers[i]);
    }
    ncm_free(a->headers);
    *a = (struct ncm_access){0};
}
