/* A list that failed on its way: what was done of it is taken back, as far as that can be. */
#include <string.h>

#include "base/i18n.h"
#include "provider/mlflow_rest/apply.h"

/* The change that takes this one back, with what must be there for it; false: there is none. */
static bool inverse(const struct ncm_change *ch, const struct rest_step *step,
                    struct ncm_changes *out)
{
    struct ncm_change made = *ch;
    if (ch->kind == NCM_CH_VERSION_CREATE) {
        made.version = (char *)(uintptr_t)step->created;
    } else if (ch->kind == NCM_CH_EXPERIMENT_CREATE) {
        made.object = (char *)(uintptr_t)step->created;
    } else if (ch->kind == NCM_CH_RUN_CREATE) {
        made.key = (char *)(uintptr_t)step->created;
    }
    const struct ncm_changes one = {.items = &made, .n = 1};
    if (!ncm_changes_invert(&one, out)) {
        return false;
    }
    if (out->n == 0) { /* of the new run: it goes with that */
        return true;
    }
    struct ncm_change *back = &out->items[0];
    if (back->kind == NCM_CH_VERSION_DELETE || back->kind == NCM_CH_MODEL_DELETE) {
        back->from = ncm_strdup(back->kind == NCM_CH_VERSION_DELETE ? "None" : "0");
    }
    return true;
}

static void take_one_back(struct rest_writer *w, size_t i)
{
    struct ncm_changes back;
    struct ncm_err ignored;
    struct rest_step step = {.others = SIZE_MAX};
    if (!inverse(&w->changes->items[i], &w->steps[i], &back)) {
        return;
    }
    if (back.n == 0) {
        w->steps[i].fate = REST_AS_WAS;
    } else if (rest_compare(w, &back.items[0], &ignored)) {
        if (rest_write(w, &back.items[0], false, &step, &ignored)) {
            w->steps[i].fate = REST_AS_WAS;
        } else if (step.fate == REST_UNKNOWN) {
            w->steps[i].fate = REST_UNKNOWN;
        }
    }
    ncm_changes_release(&back);
}

/* Whether a stage would stand empty while this waits to be taken back. */
static bool first_back(const struct ncm_change *ch)
{
    return ch->kind == NCM_CH_VERSION_STAGE && ch->from != NULL &&
           (strcmp(ch->from, "Production") == 0 || strcmp(ch->from, "Staging") == 0) &&
           ch->to != NULL && strcmp(ch->to, "Archived") == 0;
}

static void list(struct rest_writer *w, enum rest_fate fate, struct ncm_buf *out)
{
    for (size_t i = 0; i < w->changes->n; i++) {
        if (w->steps[i].fate == fate) {
            char *what = ncm_change_about(&w->changes->items[i]);
            ncm_buf_printf(out, "%s%s", out->len > 0 ? ", " : "", what);
            ncm_free(what);
        }
    }
}

static bool any(const struct rest_writer *w, enum rest_fate fate)
{
    for (size_t i = 0; i < w->changes->n; i++) {
        if (w->steps[i].fate == fate) {
            return true;
        }
    }
    return false;
}

/* A conflict says that nothing was written: not where something of it stays. */
static void stands(struct rest_writer *w, struct ncm_err *err)
{
    w->receipt->partial = true;
    if (err->code == NCM_CONFLICT) {
        const struct ncm_err was = *err;
        ncm_fail(err, NCM_CONFLICT, _("it changed meanwhile, and part of the change is written"));
        ncm_detail(err, "%s", was.what);
    }
}

void rest_take_back(struct rest_writer *w, struct ncm_err *err)
{
    struct ncm_buf names;
    if (!any(w, REST_DONE) && !any(w, REST_UNKNOWN)) {
        return;
    }
    bool had = any(w, REST_DONE);
    /* Where one is in doubt, what belongs to it stays too: half of a change is worse. */
    if (!any(w, REST_UNKNOWN)) {
        for (int pass = 0; pass < 2; pass++) {
            for (size_t i = w->changes->n; i > 0; i--) {
                if (w->steps[i - 1].fate == REST_DONE &&
                    first_back(&w->changes->items[i - 1]) == (pass == 0)) {
                    take_one_back(w, i - 1);
                }
            }
        }
    }
    ncm_buf_init(&names, 200);
    if (any(w, REST_UNKNOWN)) {
        stands(w, err);
        list(w, REST_UNKNOWN, &names);
        ncm_hint(err, _("whether it was written is not known: %s"), names.p);
    } else if (any(w, REST_DONE)) {
        stands(w, err);
        list(w, REST_DONE, &names);
        ncm_hint(err, _("this was written and could not be taken back: %s"), names.p);
    } else if (had && !w->receipt->partial) {
        ncm_hint(err, _("what had been written before was taken back"));
    }
    ncm_buf_release(&names);
}
