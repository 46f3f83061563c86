/* One pod: kubectl's word for it, and whether it is in trouble. */
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "provider/kubernetes/scene.h"

enum {
    MAKING_MS = 5 * 60 * 1000, /* ContainerCreating for longer is trouble */
    CRASHED_MS =
        10 * 60 * 1000, /* a crash younger than this is a loop, whatever the state just now */
};

bool k8s_is_crash(const struct k8s_end *e)
{
    return e->there && (e->exit_code != 0 || e->signal != 0 || ncm_str_is(e->reason, "OOMKilled"));
}

/* ---- kubectl's word (printPod of kubectl 1.36) ----------------------------------------------- */

static void end_word(const char *before, const struct k8s_end *e, char *out, size_t outsz)
{
    if (e->reason.len > 0) {
        snprintf(out, outsz, "%s%s", before, e->reason.p);
    } else if (e->signal != 0) {
        snprintf(out, outsz, "%sSignal:%d", before, e->signal);
    } else {
        snprintf(out, outsz, "%sExitCode:%d", before, e->exit_code);
    }
}

static bool init_word(const struct k8s_pod *p, char *out, size_t outsz)
{
    size_t k = 0;
    for (size_t i = 0; i < p->n_statuses && p->statuses[i].init; i++, k++) {
        const struct k8s_status *s = &p->statuses[i];
        bool done = (s->ended.there && s->ended.exit_code == 0) || (s->sidecar && s->started);
        if (done) {
            continue;
        }
        if (s->ended.there) {
            end_word("Init:", &s->ended, out, outsz);
        } else if (s->waiting.len > 0 && !ncm_str_is(s->waiting, "PodInitializing")) {
            snprintf(out, outsz, "Init:%s", s->waiting.p);
        } else {
            snprintf(out, outsz, "Init:%zu/%zu", k, p->n_init);
        }
        return true;
    }
    return false;
}

static void container_word(const struct k8s_pod *p, char *out, size_t outsz)
{
    bool runs = false;
    for (size_t i = p->n_statuses; i-- > 0 && !p->statuses[i].init;) {
        const struct k8s_status *s = &p->statuses[i];
        if (s->waiting.len > 0) {
            snprintf(out, outsz, "%s", s->waiting.p);
        } else if (s->ended.there) {
            end_word("", &s->ended, out, outsz);
        }
        runs |= s->ready && s->running;
    }
    if (strcmp(out, "Completed") == 0 && runs) {
        snprintf(out, outsz, "%s", p->ready ? "Running" : "NotReady");
    }
}

static struct ncm_str word_of(struct ncm_arena *a, const struct k8s_pod *p)
{
    char word[256];
    snprintf(word, sizeof word, "%s", ncm_cstr(p->reason.len > 0 ? p->reason : p->phase));
    if (ncm_str_is(p->scheduled_reason, "SchedulingGated")) {
        snprintf(word, sizeof word, "SchedulingGated");
    }
    if (!init_word(p, word, sizeof word)) {
        container_word(p, word, sizeof word);
    }
    if (p->head.deleting) {
        snprintf(word, sizeof word, "%s",
                 ncm_str_is(p->reason, "NodeLost") ? "Unknown" : "Terminating");
    }
    return k8s_say(a, "%s", word[0] != '\0' ? word : "Unknown");
}

/* ---- trouble --------------------------------------------------------------------------------- */

static const struct {
    const char *reason;
    enum k8s_trouble trouble;
} waiting_reasons[] = {
    {"CrashLoopBackOff", K8S_CRASH},
    {"ErrImagePull", K8S_IMAGE},
    {"ImagePullBackOff", K8S_IMAGE},
    {"InvalidImageName", K8S_IMAGE},
    {"ErrImageNeverPull", K8S_IMAGE},
    {"ImageInspectError", K8S_IMAGE},
    {"RegistryUnavailable", K8S_IMAGE},
    {"SignatureValidationFailed", K8S_IMAGE},
    {"CreateContainerConfigError", K8S_CONFIG},
    {"CreateContainerError", K8S_CONFIG},
    {"RunContainerError", K8S_CONFIG},
    {"StartError", K8S_CONFIG},
    {"PreStartHookError", K8S_CONFIG},
    {"PostStartHookError", K8S_CONFIG},
};

static enum k8s_trouble crash_or_oom(const struct k8s_end *e)
{
    return ncm_str_is(e->reason, "OOMKilled") ? K8S_OOM : K8S_CRASH;
}

/* What is wrong with one container. */
static enum k8s_trouble look_container(struct k8s_clock *c, bool batch, const struct k8s_pod *p,
                                       const struct k8s_status *s, const struct k8s_end **end)
{
    *end = s->last.there ? &s->last : NULL;
    for (size_t i = 0; i < sizeof waiting_reasons / sizeof *waiting_reasons; i++) {
        if (ncm_str_is(s->waiting, waiting_reasons[i].reason)) {
            bool killed = waiting_reasons[i].trouble == K8S_CRASH && s->last.there;
            return killed ? crash_or_oom(&s->last) : waiting_reasons[i].trouble;
        }
    }
    if (s->ended.there && !(s->init && s->ended.exit_code == 0)) {
        *end = &s->ended;
        if (k8s_is_crash(&s->ended)) {
            return s->restarts > 0 || ncm_str_is(s->ended.reason, "OOMKilled")
                       ? crash_or_oom(&s->ended)
                       : K8S_EXITED;
        }
        return batch ? K8S_FINE : K8S_EXITED;
    }
    if (!s->ready && s->restarts > 0 && k8s_is_crash(&s->last) && !(s->init && s->started) &&
        !(s->init && s->ended.there) && s->last.finished_ms != NCM_NO_TIME &&
        !k8s_past(c, s->last.finished_ms, CRASHED_MS)) {
        return crash_or_oom(&s->last);
    }
    int64_t from = p->ready_since_ms > p->head.created_ms ? p->ready_since_ms : p->head.created_ms;
    if (s->waiting.len > 0 && !s->init && k8s_past(c, from, MAKING_MS)) {
        return K8S_STUCK;
    }
    return K8S_FINE;
}

static void look_containers(struct k8s_clock *c, bool batch, struct k8s_seen *s)
{
    for (size_t i = 0; i < s->pod->n_statuses; i++) {
        const struct k8s_status *one = &s->pod->statuses[i];
        const struct k8s_end *end;
        enum k8s_trouble t = look_container(c, batch, s->pod, one, &end);
        s->restarts = one->restarts < INT_MAX - s->restarts ? s->restarts + one->restarts : INT_MAX;
        if (k8s_is_crash(&one->last) && one->last.finished_ms > s->crashed_ms) {
            s->crashed_ms = one->last.finished_ms;
        }
        if (k8s_is_crash(&one->ended) && one->ended.finished_ms > s->crashed_ms) {
            s->crashed_ms = one->ended.finished_ms;
        }
        if (t > s->trouble) {
            s->trouble = t;
            s->at = one;
            s->end = end;
        }
    }
}

static void name_reason(struct k8s_seen *s)
{
    const struct k8s_pod *p = s->pod;
    switch (s->trouble) {
    case K8S_FINE:
        return;
    case K8S_UNSCHEDULABLE:
        s->reason = p->scheduled_reason;
        s->message = p->scheduled_message;
        return;
    case K8S_NOT_READY:
        s->reason = s->word;
        return;
    default:
        break;
    }
    if (s->at != NULL && s->at->waiting.len > 0) {
        s->reason = s->at->waiting;
        s->message = s->at->waiting_message;
    } else if (s->end != NULL && s->end->reason.len > 0) {
        s->reason = s->end->reason;
        s->message = s->end->message;
    } else {
        s->reason = s->word;
        s->message = p->message;
    }
}

void k8s_look(struct ncm_arena *a, struct k8s_clock *c, bool batch, struct k8s_seen *s)
{
    const struct k8s_pod *p = s->pod;
    bool over = ncm_str_is(p->phase, "Failed") || ncm_str_is(p->phase, "Succeeded");
    s->word = word_of(a, p);
    s->crashed_ms = NCM_NO_TIME;
    s->live = !p->head.deleting && !over;
    look_containers(c, batch, s);
    if (!s->live) {
        if (!(batch && over)) {
            s->trouble = K8S_FINE;
        }
        name_reason(s);
        return;
    }
    if (s->trouble == K8S_FINE && p->scheduled_false) {
        s->trouble = K8S_UNSCHEDULABLE;
    }
    if (s->trouble == K8S_FINE && p->n_statuses == 0 && ncm_str_is(p->phase, "Pending") &&
        k8s_past(c, p->head.created_ms, MAKING_MS)) {
        s->trouble = K8S_STUCK;
    }
    if (s->trouble == K8S_FINE && !p->ready && !batch) {
        s->trouble = K8S_NOT_READY;
    }
    name_reason(s);
}

/* ---- words ----------------------------------------------------------------------------------- */

struct ncm_str k8s_end_words(struct ncm_arena *a, const struct k8s_end *e)
{
    static const char *const signals[] = {
        [1] = "SIGHUP",   [2] = "SIGINT",   [3] = "SIGQUIT", [4] = "SIGILL",
        [6] = "SIGABRT",  [7] = "SIGBUS",   [8] = "SIGFPE",  [9] = "SIGKILL",
        [11] = "SIGSEGV", [13] = "SIGPIPE", [15] = "SIGTERM"};
    int number = e->signal != 0 ? e->signal : e->exit_code > 128 ? e->exit_code - 128 : 0;
    const char *name =
        number > 0 && number < (int)(sizeof signals / sizeof *signals) ? signals[number] : NULL;
    const char *reason = ncm_cstr(e->reason);
    struct ncm_str signal = name != NULL ? k8s_say(a, " (%s)", name) : k8s_say(a, "%s", "");
    return k8s_say(a, "exit %d%s%s%s", e->exit_code, signal.p, reason[0] != '\0' ? ", " : "",
                   reason);
}

struct ncm_str k8s_pod_reason(struct ncm_arena *a, const struct k8s_seen *s)
{
    const char *reason = ncm_cstr(s->reason);
    bool crash = s->trouble == K8S_CRASH || s->trouble == K8S_OOM || s->trouble == K8S_EXITED;
    if (crash && s->end != NULL) {
        struct ncm_str end = k8s_end_words(a, s->end);
        if (s->restarts > 0) {
            return k8s_say(a, "%s: %s, %d %s", reason, end.p, s->restarts,
                           s->restarts == 1 ? "restart" : "restarts");
        }
        return k8s_say(a, "%s: %s", reason, end.p);
    }
    return s->message.len > 0 ? k8s_say(a, "%s: %s", reason, s->message.p)
                              : k8s_say(a, "%s", reason);
}
