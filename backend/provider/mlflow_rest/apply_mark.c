/* The notes that stage and alias changes leave on versions for every other client. */
#include <string.h>

#include "base/num.h"
#include "provider/mark.h"
#include "provider/mlflow_rest/apply.h"

char *rest_mark_key(const struct ncm_mark *mark, size_t k)
{
    return k == 0 ? ncm_sprintf(NCM_MARK_PREFIX "%s", mark->audit_id)
                  : ncm_sprintf(NCM_MARK_PREFIX "%s.%zu", mark->audit_id, k);
}

/* Setting our own tag again harms nobody, so that it may be sent a second time. */
static bool put(struct rest_writer *w, const struct ncm_change *tag)
{
    struct ncm_err err;
    struct rest_step step = {0};
    for (int i = 0; i < 2; i++) {
        if (rest_write(w, tag, false, &step, &err)) {
            return true;
        }
        /* One that pointed at nothing, or a version that is gone by now: nothing can be noted. */
        if (err.code == NCM_NOT_FOUND) {
            return true;
        }
        if (step.fate != REST_AS_WAS || !rest_is_doubtful(&err)) {
            break;
        }
    }
    return false;
}

struct noted {
    const char **versions; /* borrowed from the changes: which have a note already */
    const char **models;
    size_t n;
};

static void leave(struct rest_writer *w, struct noted *seen, const struct ncm_change *ch,
                  const char *version, int64_t time_ms)
{
    struct ncm_buf text;
    size_t k = 0;
    for (size_t i = 0; i < seen->n; i++) {
        k += strcmp(seen->models[i], ch->object) == 0 && strcmp(seen->versions[i], version) == 0;
    }
    seen->models[seen->n] = ch->object;
    seen->versions[seen->n++] = version;
    char *key = rest_mark_key(w->mark, k);
    ncm_buf_init(&text, 1u << 20);
    ncm_mark_text(w->mark, time_ms, ch->kind == NCM_CH_ALIAS ? ch->key : NULL, ch->from, ch->to,
                  &text);
    struct ncm_change tag = {.kind = NCM_CH_VERSION_TAG,
                             .object = ch->object,
                             .version = (char *)(uintptr_t)version,
                             .key = key,
                             .to = text.p};
    if (!put(w, &tag)) {
        w->receipt->unnoted = true;
    }
    ncm_buf_release(&text);
    ncm_free(key);
}

void rest_leave_marks(struct rest_writer *w)
{
    const struct ncm_changes *c = w->changes;
    if (w->mark == NULL) {
        return;
    }
    struct noted seen = {.versions = ncm_alloc(2 * c->n + 1, sizeof *seen.versions),
                         .models = ncm_alloc(2 * c->n + 1, sizeof *seen.models)};
    for (size_t i = 0; i < c->n; i++) {
        const struct ncm_change *ch = &c->items[i];
        int64_t at = w->steps[i].time_ms != NCM_NO_TIME ? w->steps[i].time_ms : ncm_now_ms();
        if (ncm_change_same(ch->from, ch->to)) {
            continue;
        }
        if (ch->kind == NCM_CH_VERSION_STAGE) {
            leave(w, &seen, ch, ch->version, at);
        } else if (ch->kind == NCM_CH_ALIAS) {
            /* Both the version that gets the alias and the one that loses it. */
            if (ch->from != NULL) {
                leave(w, &seen, ch, ch->from, at);
            }
            if (ch->to != NULL) {
                leave(w, &seen, ch, ch->to, at);
            }
        }
    }
    ncm_free(seen.versions);
    ncm_free(seen.models);
}
