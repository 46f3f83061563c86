/* A request whose answer did not come: what became of it is found out by reading, never by sending
 * it again. */
#include <poll.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/mark.h"
#include "provider/mlflow_rest/apply.h"

enum {
    PATIENCE_MS = 10000, /* for a server that may still be at it */
    AT_LEAST_MS = 3000,  /* of it, however late it is */
    PAUSE_MS = 50,       /* between looks; doubles … */
    PAUSE_MOST_MS = 1000,
    TICK_MS = 25, /* a cancelled wait ends this soon */
};

static bool sent(const struct ncm_err *err)
{
    return strncmp(err->detail, "sent", 4) == 0;
}

bool rest_is_doubtful(const struct ncm_err *err)
{
    switch (err->code) {
    case NCM_INVALID_DATA:
    case NCM_TOO_LARGE:
        return true; /* something answered; whether it was the server is not known */
    case NCM_UNREACHABLE:
    case NCM_TIMEOUT:
    case NCM_TLS:
    case NCM_BUSY:
    case NCM_CANCELLED:
    case NCM_IO:
    case NCM_INTERNAL:
        return sent(err);
    default:
        return false;
    }
}

/* Whether it was MLflow itself that said no ("sent; INTERNAL_ERROR"): it is not at it any more. */
static bool is_over(const struct ncm_err *err)
{
    static const char begin[] = "sent; ";
    const char *word = err->detail + sizeof begin - 1;
    return strncmp(err->detail, begin, sizeof begin - 1) == 0 && word[0] != '\0' &&
           word[strspn(word, "ABCDEFGHIJKLMNOPQRSTUVWXYZ_")] == '\0';
}

size_t rest_other_marks(const struct ncm_node *version, const char *audit_id)
{
    const size_t prefix = strlen(NCM_MARK_PREFIX);
    const struct ncm_node *tags = ncm_node_get(version, "tags");
    size_t n = 0;
    for (size_t i = 0; tags != NULL && tags->kind == NCM_NODE_LIST && i < tags->n; i++) {
        const char *key = ncm_node_str(&tags->items[i], "key", "");
        n += strncmp(key, NCM_MARK_PREFIX, prefix) == 0 &&
             (audit_id == NULL || strncmp(key + prefix, audit_id, strlen(audit_id)) != 0);
    }
    return n;
}

enum look { BEFORE, AFTER, OTHER, AWAY };

static enum look look_stage(struct rest_writer *w, const struct ncm_change *ch,
                            struct rest_step *step, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_get_version(w, ch->object, ch->version, &doc, &n, err)) {
        return err->code == NCM_NOT_FOUND ? OTHER : AWAY;
    }
    const char *now = ncm_node_str(n, "current_stage", "None");
    enum look out = strcmp(now, ch->to) == 0                         ? AFTER
                    : ch->from != NULL && strcmp(now, ch->from) == 0 ? BEFORE
                                                                     : OTHER;
    /* Somebody else's note that was not there before: it may be their doing. */
    if (out == AFTER &&
        rest_other_marks(n, w->mark != NULL ? w->mark->audit_id : NULL) > step->others) {
        out = OTHER;
    }
    step->time_ms = rest_time(n, "last_updated_timestamp");
    ncm_doc_free(doc);
    return out;
}

struct made {
    const char *key;
    struct rest_step *step;
    bool found;
};

static bool is_made(void *to, const struct ncm_node *version)
{
    struct made *m = to;
    if (rest_tag(version, m->key) != NULL) {
        m->found = true;
        snprintf(m->step->created, sizeof m->step->created, "%s",
                 ncm_node_str(version, "version", ""));
    }
    return !m->found;
}

/* The new version carries our note since it was made. */
static enum look look_version(struct rest_writer *w, const struct ncm_change *ch,
                              struct rest_step *step, struct ncm_err *err)
{
    if (w->mark == NULL) {
        return OTHER;
    }
    char *key = rest_mark_key(w->mark, 0);
    struct made m = {.key = key, .step = step};
    bool ok = rest_each_version(w, ch->object, is_made, &m, err);
    ncm_free(key);
    return !ok ? AWAY : m.found ? AFTER : BEFORE;
}

/* A moment ago nothing had the name. */
static enum look look_experiment(struct rest_writer *w, const struct ncm_change *ch,
                                 struct rest_step *step, struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *n;
    if (!rest_find_experiment(w, ch->to, &doc, &n, err)) {
        return AWAY;
    }
    if (n == NULL) {
        return BEFORE;
    }
    snprintf(step->created, sizeof step->created, "%s", ncm_node_str(n, "experiment_id", ""));
    ncm_doc_free(doc);
    return AFTER;
}

static enum look look_new_run(struct rest_writer *w, const struct ncm_change *ch,
                              struct rest_step *step, struct ncm_err *err)
{
    if (!rest_find_new_run(w, ch, step->created, sizeof step->created, err)) {
        return AWAY;
    }
    return step->created[0] != '\0' ? AFTER : BEFORE;
}

static enum look look_renamed(struct rest_writer *w, const struct ncm_change *ch,
                              struct ncm_err *err)
{
    char *now;
    struct ncm_change ask = *ch;
    if (rest_now(w, &ask, &now, err)) {
        ncm_free(now);
        return BEFORE;
    }
    ask.object = ch->to;
    if (err->code != NCM_NOT_FOUND) {
        return AWAY;
    }
    if (rest_now(w, &ask, &now, err)) {
        ncm_free(now);
        return AFTER;
    }
    return err->code == NCM_NOT_FOUND ? OTHER : AWAY;
}

static bool is_note(enum ncm_change_kind kind)
{
    return kind == NCM_CH_VERSION_NOTE || kind == NCM_CH_MODEL_NOTE;
}

static enum look look(struct rest_writer *w, const struct ncm_change *ch, struct rest_step *step,
                      struct ncm_err *err)
{
    char *now;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return look_stage(w, ch, step, err);
    case NCM_CH_VERSION_CREATE:
        return look_version(w, ch, step, err);
    case NCM_CH_EXPERIMENT_CREATE:
        return look_experiment(w, ch, step, err);
    case NCM_CH_RUN_CREATE:
        return look_new_run(w, ch, step, err);
    case NCM_CH_MODEL_RENAME:
        return look_renamed(w, ch, err);
    default:
        break;
    }
    bool gone = ch->kind == NCM_CH_VERSION_DELETE || ch->kind == NCM_CH_MODEL_DELETE;
    if (!rest_now(w, ch, &now, err)) {
        return err->code != NCM_NOT_FOUND ? AWAY : gone ? AFTER : OTHER;
    }
    /* An empty description and none are one to the server. */
    const char *seen = now != NULL && now[0] == '\0' && is_note(ch->kind) ? NULL : now;
    const char *to = ch->to != NULL && ch->to[0] == '\0' && is_note(ch->kind) ? NULL : ch->to;
    enum look out = gone                              ? BEFORE
                    : ch->kind == NCM_CH_MODEL_CREATE ? (now != NULL ? AFTER : BEFORE)
                    : ncm_change_same(seen, to)       ? AFTER
                    : ncm_change_same(now, ch->from)  ? BEFORE
                                                      : OTHER;
    ncm_free(now);
    return out;
}

static bool cancelled(const struct ncm_control *control)
{
    return control != NULL && control->cancel != NULL && atomic_load(control->cancel);
}

static void nap(const struct ncm_control *control, int64_t ms)
{
    for (int64_t end = ncm_mono_ms() + ms; !cancelled(control) && ncm_mono_ms() < end;) {
        poll(NULL, 0, TICK_MS);
    }
}

/* Looks until it is decided, or patience is over. */
static enum look watch(struct rest_writer *w, const struct ncm_change *ch, struct rest_step *step,
                       bool over, int64_t until)
{
    struct ncm_err err;
    enum look seen;
    for (int64_t pause = PAUSE_MS;;) {
        seen = look(w, ch, step, &err);
        bool decided = seen == AFTER || seen == OTHER || (seen == BEFORE && over);
        bool ended = cancelled(w->control) || (seen == AWAY && err.code == NCM_CANCELLED);
        if (decided || ended || ncm_mono_ms() + pause > until) {
            return seen;
        }
        nap(w->control, pause);
        pause = pause * 2 > PAUSE_MOST_MS ? PAUSE_MOST_MS : pause * 2;
    }
}

/* A note of ours: sending it again is as good as waiting for it. */
static bool is_own_mark(const struct ncm_change *ch)
{
    return ch->kind == NCM_CH_VERSION_TAG && ch->to != NULL &&
           strncmp(ch->key, NCM_MARK_PREFIX, strlen(NCM_MARK_PREFIX)) == 0;
}

enum rest_fate rest_find_fate(struct rest_writer *w, const struct ncm_change *ch,
                              struct rest_step *step, struct ncm_err *err)
{
    const struct ncm_control *control = w->control;
    int64_t now = ncm_mono_ms();
    int64_t until = now + PATIENCE_MS;
    if (control != NULL && control->deadline_mono_ms != 0 && control->deadline_mono_ms < until) {
        until = control->deadline_mono_ms > now + AT_LEAST_MS ? control->deadline_mono_ms
                                                              : now + AT_LEAST_MS;
    }
    struct ncm_control patience = {.cancel = control != NULL ? control->cancel : NULL,
                                   .deadline_mono_ms = until};
    bool over = is_over(err) || is_own_mark(ch);
    w->control = &patience;
    enum look seen = watch(w, ch, step, over, until);
    w->control = control;
    if (seen == AFTER) {
        return REST_DONE;
    }
    return seen == BEFORE && over ? REST_AS_WAS : REST_UNKNOWN;
}
