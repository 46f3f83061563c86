/* The words of the audit for people. */
#include "ops/audit_words.h"

#include <stdio.h>
#include <string.h>

#include "base/i18n.h"

struct label {
    const char *word;
    const char *text; /* msgid */
};

static const struct label results[] = {
    {"done", N_("done")},       {"failed", N_("failed")},   {"conflict", N_("conflict")},
    {"unknown", N_("unknown")}, {"open", N_("unfinished")},
};

static const struct label actions[] = {
    {"promote", N_("promote")},
    {"rollback", N_("rollback")},
    {"undo", N_("undo")},
    {"alias_set", N_("alias set")},
    {"alias_delete", N_("alias delete")},
    {"version_tag", N_("version tag")},
    {"version_untag", N_("version untag")},
    {"version_note", N_("version note")},
    {"version_delete", N_("version delete")},
    {"model_create", N_("model create")},
    {"model_rename", N_("model rename")},
    {"model_tag", N_("model tag")},
    {"model_untag", N_("model untag")},
    {"model_note", N_("model note")},
    {"model_delete", N_("model delete")},
    {"register", N_("register")},
    {"run_tag", N_("run tag")},
    {"run_untag", N_("run untag")},
    {"run_note", N_("run note")},
    {"run_rename", N_("run rename")},
    {"run_delete", N_("run delete")},
    {"run_restore", N_("run restore")},
    {"experiment_create", N_("experiment create")},
    {"experiment_rename", N_("experiment rename")},
    {"experiment_tag", N_("experiment tag")},
    {"experiment_untag", N_("experiment untag")},
    {"experiment_delete", N_("experiment delete")},
    {"experiment_restore", N_("experiment restore")},
    {"alert_ack", N_("alert acknowledge")},
    {"alert_resolve", N_("alert resolve")},
    {"silence", N_("silence")},
    {"silence_expire", N_("silence expire")},
    {"deploy_scale", N_("scale")},
    {"deploy_restart", N_("restart")},
    {"deploy_pause", N_("pause rollout")},
    {"deploy_resume", N_("resume rollout")},
    {"deploy_rollback", N_("rollback of deployment")},
    {"deploy_traffic", N_("traffic")},
    {"deploy_promote", N_("promote canary")},
    {"deploy_abort", N_("abort canary")},
    {"deploy_version", N_("set version")},
};

static const char *label_of(const struct label *table, size_t n, const char *word)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(table[i].word, word) == 0) {
            return _(table[i].text);
        }
    }
    return word;
}

const char *ncm_audit_result_label(const char *result)
{
    return label_of(results, sizeof results / sizeof results[0], result);
}

char *ncm_audit_action_label(char *out, size_t outsz, const struct ncm_audit_entry *e)
{
    const size_t n = sizeof actions / sizeof actions[0];
    const char *of = ncm_cstr(e->undone_action);
    if (of[0] == '\0') {
        snprintf(out, outsz, "%s", label_of(actions, n, ncm_cstr(e->action)));
    } else if (strcmp(of, "undo") == 0) {
        snprintf(out, outsz, "%s", _("redo"));
    } else {
        /* Translators: %s is an action that was taken back: "undo promote". */
        snprintf(out, outsz, _("undo %s"), label_of(actions, n, of));
    }
    return out;
}
