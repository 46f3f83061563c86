/* kubeconfig files: which cluster, as whom. Merged as kubectl does (the first file wins by name);
 * paths are relative to the file they stand in. Holds no secret but data that the file itself
 * embeds, which is wiped. */
#ifndef NCM_KUBERNETES_KUBECONFIG_H
#define NCM_KUBERNETES_KUBECONFIG_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"
#include "io/access.h"

/* A credential plugin. */
struct k8s_exec {
    char *command;      /* NULL: none */
    char **args, **env; /* env: "NAME=VALUE"; each ended by NULL */
    char *api_version, *install_hint;
    bool provide_cluster, interactive_always;
};

/* One context, resolved: everything that a connection needs. All strings owned, NULL absent. */
struct k8s_login {
    char *context, *cluster, *user; /* names in the file */
    char *ns;                       /* the context's namespace; "default" where it names none */
    char *server;                   /* without a final slash */
    char *tls_name;                 /* tls-server-name */
    char *proxy;
    bool insecure, no_compression;
    char *ca_file, *ca_data; /* data: PEM, decoded */
    char *cert_file, *cert_data, *key_file, *key_data;
    char *token, *token_file, *user_name, *password;
    struct k8s_exec exec;
    char *as, *as_uid, **as_groups;
    size_t n_as_groups;
    bool in_cluster;
    int64_t timeout_ms; /* patience with one call; 0: 30 s */
    char *where;        /* for sentences: "context prod of ~/.kube/config" */
};
void k8s_login_release(struct k8s_login *l); /* wipes what is secret */

/* paths: one path, or several with ':'; NULL: $KUBECONFIG, else ~/.kube/config, else the service
 * account of the pod we run in. context NULL: the current one. NCM_NOT_FOUND (no file, no such
 * context: hint lists those there are), NCM_INVALID_DATA "file:line: …", NCM_UNSUPPORTED
 * (auth-provider: hint says what took its place). Opens no connection, runs nothing. */
bool k8s_login_load(const char *paths, const char *context, struct k8s_login *out,
                    struct ncm_err *err);

/* Names of all contexts and the current one, for offers and completion. */
struct k8s_contexts {
    char **names;
    size_t n;
    char *current; /* NULL: none */
    char *where;   /* "~/.kube/config", "$KUBECONFIG", "in-cluster" */
};
bool k8s_contexts_list(const char *paths, struct k8s_contexts *out, struct ncm_err *err);
void k8s_contexts_release(struct k8s_contexts *c);

#endif
