#include "io/access.h"

#include <string.h>

#include "base/mem.h"

static void copy_secret(struct ncm_secret *to, const struct ncm_secret *from)
{
    to->kind = from->kind;
    to->from = ncm_strdup(from->from);
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
}

void ncm_secret_clear(struct ncm_secret *s)
{
    if (s->from != NULL) {
        explicit_bzero(s->from, strlen(s->from));
    }
    ncm_free(s->from);
    *s = (struct ncm_secret){NCM_SECRET_NONE, NULL};
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
    *a = (struct ncm_access){0};
}
