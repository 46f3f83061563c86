/* What `doctor` says of a Prometheus: each line a thing that can be wrong on its own. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/prometheus/internal.h"

struct exam {
    struct ncm_prom *prom;
    const struct ncm_control *control;
    ncm_check_fn say;
    void *to;
};

/* Takes what. */
static void say(const struct exam *x, enum ncm_check_state state, const char *name, char *what,
                const char *hint)
{
    x->say(x->to, state, name, what, hint);
    ncm_free(what);
}

static void say_error(const struct exam *x, const char *name, const struct ncm_err *err)
{
    x->say(x->to, NCM_CHECK_FAIL, name, err->what, err->hint[0] != '\0' ? err->hint : NULL);
}

static bool check_query(const struct exam *x)
{
    struct ncm_prom_answer answer;
    struct ncm_err err;
    char text[32];
    if (!ncm_prom_instant(x->prom, "vector(1)", NCM_NO_TIME, x->control, &answer, &err)) {
        bool login = err.code == NCM_UNAUTHENTICATED || err.code == NCM_FORBIDDEN;
        say_error(x, login ? "login" : err.code == NCM_TLS ? "tls" : "server", &err);
        return false;
    }
    ncm_prom_answer_release(&answer);
    ncm_fmt_duration(text, sizeof text, x->prom->took_ms > 0 ? x->prom->took_ms : 1);
    say(x, NCM_CHECK_OK, "server",
        ncm_sprintf(_("%s answers queries, in %s"), ncm_http_base(x->prom->ask.http), text), NULL);
    return true;
}

static void check_version(const struct exam *x)
{
    char version[64];
    struct ncm_err err;
    if (!ncm_prom_version(x->prom, x->control, version, &err)) {
        say(x, NCM_CHECK_OK, "version", ncm_strdup(_("it does not say which version it is")), NULL);
    } else {
        say(x, NCM_CHECK_OK, "version",
            version[0] != '\0' ? ncm_sprintf("Prometheus %s", version)
                               : ncm_strdup(_("built from source, without a version")),
            NULL);
    }
}

static void check_targets(const struct exam *x)
{
    struct ncm_prom_targets t;
    struct ncm_err err;
    size_t down = 0;
    if (!ncm_prom_targets(x->prom, x->control, &t, &err)) {
        say(x, NCM_CHECK_OK, "targets", ncm_strdup(_("it does not tell what it scrapes")), NULL);
        return;
    }
    while (down < t.n && ncm_str_is(t.items[down].health, "down")) {
        down++;
    }
    if (down > 0) {
        say(x, NCM_CHECK_WARN, "targets",
            ncm_sprintf(_("%zu of %zu cannot be scraped: %s %s: %.120s"), down, t.n,
                        ncm_cstr(t.items[0].job), ncm_cstr(t.items[0].instance),
                        ncm_cstr(t.items[0].last_error)),
            _("their lines stay flat for five minutes, then end"));
    } else {
        say(x, t.n > 0 ? NCM_CHECK_OK : NCM_CHECK_WARN, "targets",
            ncm_sprintf(_("%zu scraped, none is down"), t.n), NULL);
    }
    ncm_prom_targets_release(&t);
}

static void check_rules(const struct exam *x)
{
    struct ncm_prom_rules r;
    struct ncm_err err;
    size_t alerting = 0, broken = 0, first = 0;
    if (!ncm_prom_rules(x->prom, x->control, &r, &err)) {
        say(x, NCM_CHECK_WARN, "rules", ncm_strdup(err.what), NULL);
        return;
    }
    for (size_t i = 0; i < r.n; i++) {
        bool bad = ncm_str_is(r.items[i].health, "err") != 0;
        first = bad && broken == 0 ? i : first;
        broken += bad ? 1 : 0;
        alerting += r.items[i].alerting ? 1 : 0;
    }
    if (broken > 0) {
        say(x, NCM_CHECK_WARN, "rules",
            ncm_sprintf(_("%zu of %zu fail: %s: %.160s"), broken, r.n,
                        ncm_cstr(r.items[first].name), ncm_cstr(r.items[first].last_error)),
            NULL);
    } else {
        say(x, NCM_CHECK_OK, "rules", ncm_sprintf(_("%zu, %zu of them alert"), r.n, alerting),
            NULL);
    }
    ncm_prom_rules_release(&r);
}

void prom_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn fn,
                  void *to)
{
    struct exam x = {.control = control, .say = fn, .to = to};
    struct ncm_err err;
    if (!ncm_prom_open(place, &x.prom, &err)) {
        say_error(&x, "server", &err);
        return;
    }
    if (check_query(&x)) {
        check_version(&x);
        check_targets(&x);
        check_rules(&x);
    }
    ncm_prom_close(x.prom);
}
