/* Alertmanager over its API v2 (0.25 to the newest, Mimir's and Grafana's too): alerts as it routes
 * them, silences, and changes of silences. */
#ifndef NCM_ALERTMANAGER_H
#define NCM_ALERTMANAGER_H

#include "provider/provider.h"

/* location: http(s)://HOST[:PORT][/PREFIX], without /api/v2. Topics STORE, ALERTS and SILENCES;
 * changes NCM_CH_SILENCE_CREATE and NCM_CH_SILENCE_EXPIRE. Never chosen for a location. */
extern const struct ncm_provider ncm_alertmanager;

/* A silence as the API writes it, from its JSON text; strings in the arena. NCM_USAGE. */
bool ncm_alertmanager_silence(const char *text, struct ncm_arena *a, struct ncm_silence *out,
                              struct ncm_err *err);

#endif
