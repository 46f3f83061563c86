/* A login: what a context of a kubeconfig comes down to. */
#include <string.h>

#include "base/mem.h"
#include "io/secret.h"
#include "provider/kubernetes/kubeconfig.h"

static void free_list(char **list)
{
    for (size_t i = 0; list != NULL && list[i] != NULL; i++) {
        ncm_secret_wipe(list[i]); /* variables of a plugin may be secrets too */
    }
    ncm_free(list);
}

void k8s_login_release(struct k8s_login *l)
{
    char *plain[] = {l->context,      l->cluster,          l->user,
                     l->ns,           l->server,           l->tls_name,
                     l->ca_file,      l->ca_data,          l->cert_file,
                     l->key_file,     l->token_file,       l->user_name,
                     l->as,           l->as_uid,           l->where,
                     l->exec.command, l->exec.api_version, l->exec.install_hint};
    char *secret[] = {l->cert_data, l->key_data, l->token, l->password, l->proxy};
    for (size_t i = 0; i < sizeof plain / sizeof plain[0]; i++) {
        ncm_free(plain[i]);
    }
    for (size_t i = 0; i < sizeof secret / sizeof secret[0]; i++) {
        ncm_secret_wipe(secret[i]);
    }
    free_list(l->exec.args);
    free_list(l->exec.env);
    for (size_t i = 0; i < l->n_as_groups; i++) {
        ncm_free(l->as_groups[i]);
    }
    ncm_free(l->as_groups);
    *l = (struct k8s_login){0};
}

void k8s_contexts_release(struct k8s_contexts *c)
{
    for (size_t i = 0; i < c->n; i++) {
        ncm_free(c->names[i]);
    }
    ncm_free(c->names);
    ncm_free(c->current);
    ncm_free(c->where);
    *c = (struct k8s_contexts){0};
}
