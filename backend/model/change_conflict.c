/* What is said where a change meets another state than the one it was planned on. */
#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "model/change.h"

char *ncm_change_about(const struct ncm_change *ch)
{
    const char *key = ch->key != NULL ? ch->key : "";
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
    case NCM_CH_VERSION_DELETE:
        return ncm_sprintf(_("the stage of %s version %s"), ch->object, ch->version);
    case NCM_CH_VERSION_TAG:
        return ncm_sprintf(_("tag %s of %s version %s"), key, ch->object, ch->version);
    case NCM_CH_VERSION_NOTE:
        return ncm_sprintf(_("the description of %s version %s"), ch->object, ch->version);
    case NCM_CH_ALIAS:
        return ncm_sprintf(_("alias %s of %s"), key, ch->object);
    case NCM_CH_MODEL_TAG:
        return ncm_sprintf(_("tag %s of model %s"), key, ch->object);
    case NCM_CH_MODEL_NOTE:
        return ncm_sprintf(_("the description of model %s"), ch->object);
    case NCM_CH_MODEL_DELETE:
        return ncm_sprintf(_("the number of versions of %s"), ch->object);
    case NCM_CH_RUN_TAG:
        return ncm_sprintf(_("tag %s of run %s"), key, ch->object);
    case NCM_CH_RUN_NOTE:
        return ncm_sprintf(_("the note of run %s"), ch->object);
    case NCM_CH_RUN_NAME:
        return ncm_sprintf(_("the name of run %s"), ch->object);
    case NCM_CH_RUN_LIFECYCLE:
        return ncm_sprintf(_("the state of run %s"), ch->object);
    case NCM_CH_RUN_CREATE:
        return ncm_sprintf(_("the new run %s"), ch->to != NULL ? ch->to : "");
    case NCM_CH_RUN_METRIC:
        return ncm_sprintf(_("metric %s of run %s"), key, ch->object);
    case NCM_CH_RUN_STATUS:
        return ncm_sprintf(_("the status of run %s"), ch->object);
    case NCM_CH_EXPERIMENT_NAME:
        return ncm_sprintf(_("the name of experiment %s"), ch->object);
    case NCM_CH_EXPERIMENT_TAG:
        return ncm_sprintf(_("tag %s of experiment %s"), key, ch->object);
    case NCM_CH_EXPERIMENT_LIFECYCLE:
        return ncm_sprintf(_("the state of experiment %s"), ch->object);
    case NCM_CH_SILENCE_CREATE:
        return ch->object == NULL || ch->object[0] == '\0'
                   ? ncm_strdup(_("a new silence"))
                   : ncm_sprintf(_("silence %s"), ch->object);
    case NCM_CH_SILENCE_EXPIRE:
        return ncm_sprintf(_("silence %s"), ch->object);
    case NCM_CH_DEPLOY_SCALE:
        return ncm_sprintf(ch->version != NULL && strcmp(ch->version, "HorizontalPodAutoscaler") == 0
                               ? _("the least replicas of the autoscaler %s")
                               : _("the replicas of %s"),
                           ch->object);
    case NCM_CH_DEPLOY_PAUSE:
        return ncm_sprintf(_("whether %s is paused"), ch->object);
    case NCM_CH_DEPLOY_RESTART:
        return ncm_sprintf(_("the last restart of %s"), ch->object);
    case NCM_CH_DEPLOY_REVISION:
        return ncm_sprintf(_("the revision of %s"), ch->object);
    case NCM_CH_DEPLOY_VERSION:
        return ncm_sprintf(_("%s in %s"), key, ch->object);
    case NCM_CH_DEPLOY_TRAFFIC:
        return ncm_sprintf(_("the traffic to %s of %s"), key, ch->object);
    case NCM_CH_DEPLOY_SELECTOR:
        return ncm_sprintf(_("the selector %s of the Service %s"), key, ch->object);
    default:
        return ncm_sprintf("%s", ch->object != NULL ? ch->object : ch->to);
    }
}

bool ncm_change_conflict(const struct ncm_change *ch, const char *now, struct ncm_err *err)
{
    char *what = ncm_change_about(ch);
    const char *was = ch->from;
    if (was != NULL && now != NULL) {
        ncm_fail(err, NCM_CONFLICT, _("%s: it was '%.60s', now it is '%.60s'; nothing was written"),
                 what, was, now);
    } else if (was != NULL) {
        ncm_fail(err, NCM_CONFLICT, _("%s: it was '%.60s', now it is gone; nothing was written"),
                 what, was);
    } else {
        ncm_fail(err, NCM_CONFLICT,
                 _("%s: it was not there, now it is '%.60s'; nothing was written"), what, now);
    }
    ncm_free(what);
    return ncm_hint(err, _("look at the present state and decide again"));
}

bool ncm_change_same(const char *a, const char *b)
{
    return a == NULL || b == NULL ? a == b : strcmp(a, b) == 0;
}
