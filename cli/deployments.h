/* Between the commands about deployments. */
#ifndef NCM_CLI_DEPLOYMENTS_H
#define NCM_CLI_DEPLOYMENTS_H

#include "api/deploy.h"
#include "api/drift.h"
#include "cli.h"

/* All sources of deployments, asked and joined with these further parts (enum ncm_fleet_part).
 * What only some sources do not answer is said on standard error. NULL + err where all failed, or
 * where there is none. The caller closes it. */
struct ncm_fleet_feed *cli_fleet(struct cli *c, unsigned parts, struct ncm_err *err);
/* The one that a REF names, of the kind that --kind names. NULL + err (NCM_NOT_FOUND with what is
 * near, NCM_USAGE where it fits several). */
const struct ncm_fleet_deployment *cli_fleet_find(const struct cli *c, const struct ncm_fleet *f,
                                                  const char *ref, struct ncm_err *err);

/* A number that is not known is null. */
void cli_json_known(struct ncm_json *j, const char *key, double v);
void cli_json_flag(struct ncm_json *j, const char *key, bool v);
/* The fields of the list; item: struct ncm_fleet_deployment. */
void cli_deployment_fields(struct ncm_json *j, const struct ncm_fleet_deployment *f);
void cli_deployment_json(struct ncm_json *j, const void *item);
/* With everything that `deployment show` adds. */
void cli_deployment_show_json(struct ncm_json *j, const void *item);

/* "90 % v14, 10 % v15"; "" where nothing is known. */
void cli_traffic_text(struct ncm_buf *out, const struct ncm_fleet_deployment *f);
/* A rate for people, a dash where it is not known. Return out. */
char *cli_rps_text(char *out, size_t size, double rps);
char *cli_ms_text(char *out, size_t size, double ms);
char *cli_percent_text(char *out, size_t size, double share); /* 0…1 → "0.31" per cent */

#endif
