/* What the files of the probe share: one probe while it runs. */
#ifndef NCM_PROVIDER_PROBE_INSIDE_H
#define NCM_PROVIDER_PROBE_INSIDE_H

#include "io/node.h"
#include "provider/probe.h"

enum {
    NCM_PROBE_PATIENCE_MS = 2000, /* with one question: what takes longer is no healthy server */
    NCM_PROBE_SIDE_OWN = 0,
    NCM_PROBE_SIDE_MANAGEMENT = 1,
};

struct ncm_probing {
    const struct ncm_probe_setup *setup;
    const struct ncm_probe_via *via;
    struct ncm_arena *arena;
    struct ncm_probe *out;
    struct ncm_claim *claims;
    size_t most, n;
    bool gone;  /* its health question was not known (404): it is something else by now */
    bool ended; /* no answer came: nothing more is asked */
};

/* Asks; false where no whole answer came: then it is not alive (own port), the reason says why, and
 * nothing more is asked. Release the answer either way. */
bool ncm_probing_ask(struct ncm_probing *p, int side, enum ncm_http_method method, const char *path,
                     const char *body, struct ncm_http_answer *out);
/* The same for what the verdict does not hang on: false changes nothing. */
bool ncm_probing_try(struct ncm_probing *p, int side, enum ncm_http_method method, const char *path,
                     const char *body, struct ncm_http_answer *out);
bool ncm_probing_good(const struct ncm_http_answer *a); /* 2xx */
/* The body as JSON or NULL; ncm_doc_free it. */
struct ncm_doc *ncm_probing_json(const struct ncm_http_answer *a);
/* What the server says of an error, one line in the arena; "" where nothing. */
const char *ncm_probing_says(struct ncm_probing *p, const struct ncm_http_answer *a);
/* Sets the reason unless there is one. */
void ncm_probing_reason(struct ncm_probing *p, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
/* "PATH answers 500: …" as the reason. */
void ncm_probing_answers(struct ncm_probing *p, const char *path, const struct ncm_http_answer *a);
/* A path with a name in it: printf with one %s, which is encoded. In the arena. */
const char *ncm_probing_path(struct ncm_probing *p, const char *before, const char *name,
                             const char *after);

/* The health question: GET path on the own port. Sets alive and the latency; *ready gets 1, 0, -1.
 * shared: the path answers for the model too, so that 5xx is a server that does not work. false: no
 * answer. */
bool ncm_probing_health(struct ncm_probing *p, const char *path, int *ready);
/* A question whose 2xx means yes, whose 401, 403 or redirect means unknown, and anything else no. A
 * JSON body's `member` (may be NULL), where it is there, decides over the status. */
int ncm_probing_yes(struct ncm_probing *p, const struct ncm_http_answer *a, const char *member);

/* A version that the server answered. where: how it was found, not translated. */
void ncm_probing_version(struct ncm_probing *p, const char *model, const char *version,
                         const char *where);

/* The text of the scalar at ".a.b[0].c" (a leading dot may be left out); false where there is none.
 * A whole number has no ".0". */
bool ncm_probe_at_path(const struct ncm_node *root, const char *path, struct ncm_arena *a,
                       struct ncm_str *out);

void ncm_probe_oip(struct ncm_probing *p, bool kserve);
void ncm_probe_torchserve(struct ncm_probing *p);
void ncm_probe_tfserving(struct ncm_probing *p);
void ncm_probe_mlflow(struct ncm_probing *p);
void ncm_probe_bentoml(struct ncm_probing *p);
void ncm_probe_generic(struct ncm_probing *p);
/* What answers there; AUTO where that cannot be told (the reason says why). */
enum ncm_protocol ncm_probe_detect(struct ncm_probing *p);

#endif
