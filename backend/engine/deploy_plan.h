/* Where models are served and how that is asked, as one context's configuration says it. All
 * strings owned; NULL where absent. */
#ifndef NCM_ENGINE_DEPLOY_PLAN_H
#define NCM_ENGINE_DEPLOY_PLAN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/access.h"

enum ncm_deploy_type { NCM_DEPLOY_KUBERNETES, NCM_DEPLOY_HTTP };

struct ncm_deploy_source {
    enum ncm_deploy_type type;
    char *name; /* what REFs begin with; from the context, or the endpoint, where none is given */
    /* kubernetes */
    char *kubeconfig;      /* path or list of paths with ':'; NULL: $KUBECONFIG, ~/.kube/config, the
                              cluster we are in */
    char *kube_context;    /* NULL: its current context */
    char **namespaces;     /* none: the context's; "*": all */
    size_t n_namespaces;
    char *selector;        /* labels; NULL: everything */
    bool probe;            /* ask the model servers behind Services through the API server's proxy */
    bool offered;          /* not configured: only read, and only once the person says so */
    bool read_only;
    /* http */
    char *url;             /* without user and password, no final slash */
    char *protocol;        /* "auto" "mlflow" "oip" "kserve" "torchserve" "tfserving" "bentoml"
                              "generic"; NULL: auto */
    char *model;           /* registered model that it serves */
    char *served_name;     /* the server's own name for it; NULL: found out, else model */
    char *health, *ready;  /* generic: paths; NULL: usual ones are tried */
    char *info, *version;  /* path of the info page; ".a.b" into its JSON where the version stands */
    char *metrics;         /* path, or a whole URL (another port); NULL: usual ones, "none": never */
    char *management;      /* TorchServe: URL of its management API; NULL: the port after its own */
    char *reload;          /* path to POST to for another version; NULL: cannot */
    char *reload_body;     /* with {{version}}; NULL: {"version": "{{version}}"} */
    char *traffic;         /* path of {"TARGET": PERCENT, …}: GET reads, PUT sets; NULL: no split */
    char *test_path, *test_body; /* the saved test request; NULL: none */
    char *group;           /* endpoints of one group stand behind one split; NULL */
    struct ncm_access access;
    int64_t every_ms;      /* pause between probes; 0: 10 s */
    int line;              /* of the configuration */
};

struct ncm_deploy_plan {
    struct ncm_deploy_source *items;
    size_t n;
};

void ncm_deploy_source_release(struct ncm_deploy_source *s);
void ncm_deploy_plan_release(struct ncm_deploy_plan *p);

#endif
