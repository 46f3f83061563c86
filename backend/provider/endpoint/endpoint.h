/* Model servers over plain HTTP: topics STORE and DEPLOYMENTS, changes of version and traffic where
 * the server has them. place->with is a struct ncm_endpoint_setup; one source may hold several
 * endpoints. */
#ifndef NCM_ENDPOINT_H
#define NCM_ENDPOINT_H

#include "provider/probe.h"
#include "provider/provider.h"

struct ncm_endpoint_setup {
    const char *source; /* name that REFs begin with */
    const struct ncm_endpoint_of {
        const char *name; /* of the deployment */
        const char *url;
        const struct ncm_access *access; /* or NULL */
        struct ncm_probe_setup probe;    /* borrowed */
        const char *metrics;             /* path, URL, "none" or NULL */
        const char *management;          /* TorchServe: URL; NULL: the port after its own */
        const char *reload, *reload_body, *traffic; /* or NULL */
        const char *group;                          /* or NULL */
        int64_t every_ms;
    } * endpoints;
    size_t n;
};

extern const struct ncm_provider ncm_endpoint;

#endif
