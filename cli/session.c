/* The session of a headless command: opened when first needed, asked, waited for. */
#include <string.h>

#include "cli.h"

struct ncm_session *cli_session(struct cli *c, struct ncm_err *err)
{
    if (c->session != NULL) {
        return c->session;
    }
    struct ncm_session_options o = {
        .store = c->store,
        .context = c->context,
        .config = c->config,
        .read_only = c->read_only,
        .timeout_ms = c->timeout_ms,
    };
    if (!ncm_session_open(&o, &c->session, err)) {
        c->session = NULL;
        return NULL;
    }
    const struct ncm_config *config = ncm_session_config(c->session);
    for (size_t i = 0; config != NULL && i < config->n_warnings; i++) {
        cli_note(c, "ncmlops: %s", config->warnings[i]);
    }
    if (c->verbose) {
        cli_note(c, _("store %s (%s)"), ncm_session_location(c->session),
                 ncm_session_why(c->session));
        if (ncm_session_also(c->session)[0] != '\0') {
            cli_note(c, "%s", ncm_session_also(c->session));
        }
    }
    return c->session;
}

const void *cli_ask(struct cli *c, struct ncm_query *q, struct ncm_err *err)
{
    const void *snapshot = NULL;
    struct ncm_session *s = cli_session(c, err);
    if (s != NULL) {
        /* The want stays: closing the session releases it, and the answer lives as long. */
        struct ncm_want *w = ncm_session_want(s, q);
        if (!ncm_want_wait(w, &snapshot, err)) {
            snapshot = NULL;
        }
    }
    ncm_query_free(q);
    return snapshot;
}

bool cli_full_run_id(struct cli *c, const char **word, struct ncm_err *err)
{
    enum { WHOLE = 32 };
    if (strlen(*word) >= WHOLE) {
        return true;
    }
    const struct ncm_run_snapshot *s = cli_ask(c, ncm_query_run(*word), err);
    *word = s != NULL ? ncm_cstr(s->run.id) : *word;
    return s != NULL;
}
