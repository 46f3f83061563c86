/* Changes of runs: points of metrics, and what concerns a run that is made in the same list. */
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "model/change.h"

void ncm_changes_add_point(struct ncm_changes *c, const char *run, const char *key,
                           const struct ncm_change_point *p)
{
    char value[40];
    ncm_fmt_exact(value, sizeof value, p->value);
    struct ncm_change *ch = ncm_changes_add(c, NCM_CH_RUN_METRIC, run, NULL, key, NULL, value);
    ch->any_from = true;
    ch->extra = ncm_sprintf("%lld %lld", (long long)p->timestamp_ms, (long long)p->step);
}

bool ncm_change_point(const struct ncm_change *ch, struct ncm_change_point *out,
                      struct ncm_err *err)
{
    char time[32];
    const char *extra = ch->extra != NULL ? ch->extra : "";
    size_t n = strcspn(extra, " ");
    if (n < sizeof time && extra[n] == ' ') {
        memcpy(time, extra, n);
        time[n] = '\0';
        if (ncm_parse_i64(time, &out->timestamp_ms) && ncm_parse_i64(extra + n + 1, &out->step) &&
            ch->to != NULL && ncm_parse_double(ch->to, &out->value)) {
            return true;
        }
    }
    return ncm_fail(err, NCM_USAGE, _("'%s' at '%s' is no point of metric '%s'"),
                    ch->to != NULL ? ch->to : "", extra, ch->key != NULL ? ch->key : "");
}

bool ncm_change_of_new_run(const struct ncm_change *ch)
{
    return ch->kind >= NCM_CH_RUN_TAG && ch->kind < NCM_CH_EXPERIMENT_CREATE &&
           ch->kind != NCM_CH_RUN_CREATE && ch->object != NULL && ch->object[0] == '\0';
}

struct ncm_change ncm_change_for_run(const struct ncm_change *ch, const char *made)
{
    struct ncm_change at = *ch;
    if (ncm_change_of_new_run(ch)) {
        at.object = (char *)(uintptr_t)made;
    }
    return at;
}

void ncm_changes_made_run(struct ncm_changes *c, const char *id)
{
    for (size_t i = 0; i < c->n; i++) {
        struct ncm_change *ch = &c->items[i];
        char **field = ch->kind == NCM_CH_RUN_CREATE ? &ch->key
                       : ncm_change_of_new_run(ch)   ? &ch->object
                                                     : NULL;
        if (field != NULL) {
            ncm_free(*field);
            *field = ncm_strdup(id);
        }
    }
}
