/* How deployments look, wherever they are shown: health, rates, replicas, traffic. Signs and words
 * tell everything without any colour. */
#ifndef TUI_PANE_COMMON_DEPLOY_H
#define TUI_PANE_COMMON_DEPLOY_H

#include "api/deploy.h"
#include "ui/widget.h"

enum role common_health_role(enum ncm_health h);
const char *common_health_sign(enum ncm_health h);
/* Translated: "healthy", "progressing". */
const char *common_health_label(enum ncm_health h);
/* "● healthy". */
char *common_health_text(char *out, size_t outsz, enum ncm_health h);

enum role common_severity_role(enum ncm_severity s);
const char *common_severity_sign(enum ncm_severity s);

/* One replica: whether it serves, is on its way, is broken or leaves. */
enum role common_replica_role(const struct ncm_replica *r);
const char *common_replica_sign(const struct ncm_replica *r);

/* "312", "0.4"; a dash where it is unknown. */
char *common_rps_text(char *out, size_t outsz, double rps);
/* "41 ms", "1.2 s", ">2.5 s" where it lies beyond the last bucket. */
char *common_latency_text(char *out, size_t outsz, double ms, bool beyond);
/* Of a share 0…1, in per cent without the sign: "0.31", "12". */
char *common_errors_text(char *out, size_t outsz, double share);
enum role common_errors_role(double share);
/* "90 %", "12.5 %". */
char *common_percent_text(char *out, size_t outsz, double percent);
/* "2/3", "2/–"; a dash where both are unknown. The role says whether some are missing. */
char *common_ready_text(char *out, size_t outsz, int ready, int desired);
enum role common_ready_role(int ready, int desired);
/* "v14", "stable" as it is; a dash where the version is unknown. At most `cells` wide. */
char *common_version_text(char *out, size_t outsz, struct ncm_str version, int cells);
/* How long it has been so: "12 m"; a dash where nobody knows. */
char *common_since_text(char *out, size_t outsz, int64_t since_ms);

/* "12 m ago", "now". */
char *common_ago_text(char *out, size_t outsz, int64_t ms);

/* A bar of `width` cells, `share` 0…1 of it filled; NaN: a dash. As text, for a table's cell. */
char *common_bar_text(char *out, size_t outsz, double share, int width);
/* The same painted: the filled part in its role, the rest dim. */
void common_bar_paint(const struct canvas *c, int y, int x, int width, double share,
                      enum role role);
/* All targets on one bar, each a stretch as wide as its share, in the colours of series; where a
 * share is unknown, nothing is painted. Returns whether it was. */
bool common_traffic_paint(const struct canvas *c, int y, int x, int width,
                          const struct ncm_traffic *t, size_t n);

#endif
