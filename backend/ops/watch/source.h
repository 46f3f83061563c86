/* The watch as a source of the session: drift, the rows behind it, our own alerts and silences. */
#ifndef NCM_OPS_WATCH_SOURCE_H
#define NCM_OPS_WATCH_SOURCE_H

#include "engine/session.h"
#include "ops/watch/team.h"

/* place.with is a struct ncm_watch_setup. Topics DRIFT, DRIFT_FEATURE, DRIFT_ROWS, ALERTS,
 * SILENCES and STORE; changes of our own alerts and silences. It watches the logs for what is
 * appended, our state for what others store, and the clock for what is due. */
extern const struct ncm_provider ncm_watch_provider;

/* Gives a session its further sources, as its context's configuration says: the watch itself
 * ("ncmlops"), Alertmanager, Prometheus' alerts. Before the first want. */
bool ncm_watch_attach(struct ncm_session *s, struct ncm_err *err);
/* What a watch of the session's context is made of; it borrows from the session. */
void ncm_watch_setup_of(struct ncm_session *s, struct ncm_watch_setup *out);

/* source_fetch.c */
bool ncm_watch_fetch(struct ncm_team *team, struct ncm_fetch *f, struct ncm_err *err);

#endif
