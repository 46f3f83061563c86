/* A cluster's API for one thread: who we are by the kubeconfig, one call at a time. */
#ifndef NCM_KUBERNETES_CLIENT_H
#define NCM_KUBERNETES_CLIENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "io/http.h"
#include "io/node.h"
#include "provider/kubernetes/kubeconfig.h"
#include "provider/provider.h"

struct k8s_client;

/* What a credential plugin gave, shared by the clients of one login. Any thread. */
struct k8s_ticket;
struct k8s_ticket *k8s_ticket_new(void);
void k8s_ticket_free(struct k8s_ticket *t); /* NULL allowed; wipes */

/* Opens no connection and runs nothing yet. Both are borrowed; ticket may be NULL where the login
 * has no plugin. */
bool k8s_client_open(const struct k8s_login *login, struct k8s_ticket *ticket,
                     struct k8s_client **out, struct ncm_err *err);
void k8s_client_close(struct k8s_client *c);     /* NULL allowed */
void k8s_client_interrupt(struct k8s_client *c); /* any thread */
void k8s_client_ready(struct k8s_client *c);
struct ncm_http *k8s_client_http(struct k8s_client *c);

struct k8s_call {
    enum ncm_http_method method;
    const char *path;   /* "/apis/apps/v1/namespaces/ml/deployments/churn?dryRun=All" */
    const char *body;   /* JSON or NULL */
    const char *type;   /* NULL: application/json; of a patch one of the three below */
    const char *accept; /* NULL: application/json */
    size_t most;        /* bytes; 0: 64 MiB */
    int64_t timeout_ms; /* 0: the login's */
    const struct ncm_control *control; /* may be NULL */
};
#define K8S_MERGE     "application/merge-patch+json"
#define K8S_STRATEGIC "application/strategic-merge-patch+json"
#define K8S_JSONPATCH "application/json-patch+json"

/* A 2xx with a JSON body: *out is the document (ncm_doc_free), NULL where the body is empty. Else
 * by the Status object: 401 NCM_UNAUTHENTICATED (after the login was renewed once), 403
 * NCM_FORBIDDEN, 404 NCM_NOT_FOUND (a text/plain 404: NCM_UNSUPPORTED, the API is not installed),
 * 409 NCM_CONFLICT, 410 NCM_CONFLICT with detail "expired", 422 NCM_REFUSED (its causes in the
 * detail), 429 NCM_RATE_LIMITED, 5xx NCM_UNREACHABLE; what is the server's message, at most 200
 * characters. */
bool k8s_call(struct k8s_client *c, const struct k8s_call *call, struct ncm_doc **out,
              struct ncm_err *err);
/* The same for several at once; ok[i], out[i] and errs[i] for each. false where any failed. */
bool k8s_call_all(struct k8s_client *c, const struct k8s_call *calls, size_t n,
                  struct ncm_doc **out, bool *ok, struct ncm_err *errs);
/* For text (logs, proxied pages): the answer whatever its status; release it. After a 401 the login
 * is renewed once here too. */
bool k8s_call_raw(struct k8s_client *c, const struct k8s_call *call, struct ncm_http_answer *out,
                  struct ncm_err *err);
/* An answer that is no 2xx as an error, as k8s_call. false. */
bool k8s_refused(struct k8s_client *c, const struct ncm_http_answer *a, struct ncm_err *err);
/* Before what this client does not send itself (a stream): the login as it is now; `refused`: it
 * was not taken (401), and *changed tells whether there is another by now. */
bool k8s_client_login(struct k8s_client *c, bool refused, bool *changed,
                      const struct ncm_control *control, struct ncm_err *err);
/* Grows whenever the login is another one: what was sent with an earlier one tells nothing of it.
 */
unsigned k8s_client_logins(const struct k8s_client *c);
/* The server's clock minus ours, ms, by the newest Date header; 0 before the first answer. */
int64_t k8s_client_skew_ms(const struct k8s_client *c);
/* "Warning:" headers of the last call, joined by "; "; "" without. Valid until the next call. */
const char *k8s_client_warning(const struct k8s_client *c);

#endif
