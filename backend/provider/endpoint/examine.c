/* What `doctor` says of model servers: each is asked once. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/endpoint/internal.h"

struct exam {
    struct ncm_conn *c;
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

static void say_server(const struct exam *x, const struct ep_endpoint *e)
{
    const struct ncm_probe *p = &e->seen.probe;
    char ms[40];
    const char *why = ncm_cstr(p->reason), *colon = why[0] != '\0' ? ": " : "";
    const char *protocol = ncm_cstr(p->protocol);
    switch (ep_health(e)) {
    case NCM_HEALTH_HEALTHY:
        say(x, NCM_CHECK_OK, "endpoint",
            ncm_sprintf(_("%s (%s) is ready, %s"), e->set.name, protocol,
                        ncm_fmt_duration(ms, sizeof ms, (int64_t)p->latency_ms)),
            NULL);
        break;
    case NCM_HEALTH_FAILED:
        say(x, NCM_CHECK_FAIL, "endpoint",
            ncm_sprintf(_("%s is down%s%s"), e->set.name, colon, why),
            e->seen.hung ? _("it takes connections and does not answer") : NULL);
        break;
    case NCM_HEALTH_UNKNOWN:
        say(x, NCM_CHECK_WARN, "endpoint",
            ncm_sprintf(_("whether %s is well is not known%s%s"), e->set.name, colon, why),
            _("check its address, its login and its protocol"));
        break;
    default:
        say(x, NCM_CHECK_WARN, "endpoint",
            ncm_sprintf(_("%s is alive, not ready%s%s"), e->set.name, colon, why), NULL);
        break;
    }
}

static void say_more(const struct exam *x, const struct ep_endpoint *e)
{
    const struct ncm_probe *p = &e->seen.probe;
    if (p->alive != 1) {
        return;
    }
    if (p->answered.p != NULL) {
        say(x, NCM_CHECK_OK, "version",
            ncm_sprintf(_("%s answers version %s"), e->set.name, p->answered.p), NULL);
    } else {
        say(x, NCM_CHECK_WARN, "version",
            ncm_sprintf(_("%s does not say which version it serves"), e->set.name),
            _("set info and version where it has a page that does"));
    }
    if (e->seen.metrics_why.p != NULL) {
        say(x, NCM_CHECK_WARN, "metrics",
            ncm_sprintf(_("%s: no metrics to be had: %s"), e->set.name, e->seen.metrics_why.p),
            _("without them its rate, errors and latency are not known; set metrics to its page or "
              "to none"));
    }
    if (e->seen.split_why.p != NULL) {
        say(x, NCM_CHECK_WARN, "traffic",
            ncm_sprintf(_("%s: its traffic split cannot be read: %s"), e->set.name,
                        e->seen.split_why.p),
            NULL);
    }
}

void ep_examine(const struct ncm_place *place, const struct ncm_control *control, ncm_check_fn fn,
                void *to)
{
    struct exam x = {.say = fn, .to = to};
    struct ncm_control open_control = *control;
    struct ncm_err err;
    if (!ncm_endpoint.open(place, &x.c, &open_control, &err)) {
        fn(to, NCM_CHECK_FAIL, "endpoint", err.what, err.hint[0] != '\0' ? err.hint : NULL);
        return;
    }
    if (!ep_look_all(x.c, true, control, NULL, NULL, &err)) {
        fn(to, NCM_CHECK_FAIL, "endpoint", err.what, NULL);
    }
    for (size_t i = 0; i < x.c->n; i++) {
        if (x.c->items[i].looked) {
            say_server(&x, &x.c->items[i]);
            say_more(&x, &x.c->items[i]);
        }
    }
    ncm_endpoint.close(x.c);
}
