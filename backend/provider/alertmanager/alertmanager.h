/* Alertmanager over its API v2 (0.25 to the newest, Mimir's and Grafana's too): alerts as it routes
 * them, silences, and changes of silences. */
#ifndef NCM_ALERTMANAGER_H
#define NCM_ALERTMANAGER_H

#include "provider/provider.h"

/* location: http(s)://HOST[:PORT][/PREFIX], without /api/v2. Topics STORE, ALERTS and SILENCES;
 * changes NCM_CH_SILENCE_CREATE and NCM_CH_SILENCE_EXPIRE. Never chosen for a location. */
extern const struct ncm_provider ncm_alertmanager;

#endif
