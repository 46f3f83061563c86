/* The session of a headless command: opened when first needed, asked, waited for. */
#include <string.h>

#include "cli.h"

/* Whether a command has something to say without a tracking store. */
static enum ncm_need need_of(const struct cli *c)
{
    static const char *const without[] = {"deployments", "status"};
    static const char *const beside[] = {"alerts", "alert ", "audit", "undo", "doctor"};
    const char *name = c->command != NULL ? c->command->name : "";
    for (size_t i = 0; i < sizeof without / sizeof *without; i++) {
        if (strcmp(name, without[i]) == 0 || strncmp(name, "deployment ", 11) == 0) {
            return NCM_NEED_NOTHING;
        }
    }
    for (size_t i = 0; i < sizeof beside / sizeof *beside; i++) {
        if (strncmp(name, beside[i], strlen(beside[i])) == 0) {
            return NCM_NEED_SOURCE;
        }
    }
    return NCM_NEED_STORE;
}

/* -n and -A go before the namespaces of the configuration. Returns how many there are. */
static size_t take_namespaces(struct cli *c)
{
    size_t n = 0;
    ncm_free(c->namespaces);
    c->namespaces = ncm_alloc(c->n_values + 1, sizeof *c->namespaces);
    for (size_t i = 0; i < c->n_values; i++) {
        if (strcmp(c->values[i].name, "namespace") == 0) {
            c->namespaces[n++] = c->values[i].value;
        }
    }
    if (cli_flag(c, "all-namespaces")) {
        c->namespaces[0] = "*";
        n = 1;
    }
    return n;
}

struct ncm_session *cli_session(struct cli *c, struct ncm_err *err)
{
    if (c->session != NULL) {
        return c->session;
    }
    size_t n_namespaces = take_namespaces(c);
    struct ncm_session_options o = {
        .store = c->store,
        .context = c->context,
        .config = c->config,
        .read_only = c->read_only,
        .timeout_ms = c->timeout_ms,
        .need = need_of(c),
        .n_namespaces = n_namespaces,
        .namespaces = c->namespaces,
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
