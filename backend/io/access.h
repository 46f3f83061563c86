/* How an address is entered: who asks, with which secret, whom to trust. Settings only: a secret is
 * named by where it is kept and read when it is needed (io/secret.h), so that nothing here can leak
 * one. */
#ifndef NCM_IO_ACCESS_H
#define NCM_IO_ACCESS_H

#include <stdbool.h>
#include <stdint.h>

enum ncm_secret_kind {
    NCM_SECRET_NONE,
    NCM_SECRET_ENV,     /* from: name of a variable */
    NCM_SECRET_FILE,    /* from: path of a file that only its owner may read (0600) */
    NCM_SECRET_COMMAND, /* from: a command for /bin/sh; its first line of output is the secret */
    NCM_SECRET_TEXT,    /* from: the secret itself (the configuration file, an address) */
};
struct ncm_secret {
    enum ncm_secret_kind kind;
    char *from; /* owned */
};

/* All strings owned; NULL = not given. */
struct ncm_access {
    char *user;
    struct ncm_secret password; /* with user: HTTP Basic; it wins over a token */
    struct ncm_secret token;    /* Authorization: Bearer */
    char *ca;           /* PEM file or folder of certificates to trust, beside nothing else */
    char *cert, *key;   /* client certificate and key (PEM); key NULL: in the same file */
    char *ca_pem, *cert_pem, *key_pem; /* the same as text; each wins over its file */
    char *tls_name;     /* sent to the server and looked for in its certificate, not the host */
    char **headers;     /* "Name: value" of every request; ended by NULL; NULL: none */
    bool insecure;      /* certificates are not checked; the header says so */
    bool no_compression; /* answers come as they are */
    bool netrc;         /* ~/.netrc may name user and password of the host */
    char *proxy;        /* NULL: HTTPS_PROXY, HTTP_PROXY, NO_PROXY as everywhere */
    char *workspace;    /* X-MLFLOW-WORKSPACE */
    int64_t timeout_ms; /* patience with one request; 0: 30 s */
};

/* Wipes and empties it. */
void ncm_secret_clear(struct ncm_secret *s);
void ncm_access_copy(struct ncm_access *to, const struct ncm_access *from);
/* Secrets are wiped before they are freed. */
void ncm_access_release(struct ncm_access *a);

#endif
