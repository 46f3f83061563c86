/* Snapshots of drift and alerts made by hand, for tests of what is painted. */
#ifndef TESTS_UNIT_DRIFT_MADE_H
#define TESTS_UNIT_DRIFT_MADE_H

#include "api/alert.h"
#include "api/drift.h"

#define MADE_END_MS INT64_C(1700000000000)

/* Two monitors: "fraud-detector/inputs" with "amount" (number), "merchant_cat" (category) and
 * "국가" over 48 hourly windows with a gap and another recipe; "churn/inputs", in order. One
 * reference each; drop with ncm_snapshot_unref. */
struct ncm_drift_snapshot *made_drift(void);
struct ncm_drift_feature_snapshot *made_number(void);
struct ncm_drift_feature_snapshot *made_categories(void);
/* Firing, acknowledged and silenced ones of "ncmlops". */
struct ncm_alerts_snapshot *made_alerts(void);
struct ncm_silences_snapshot *made_silences(void);

#endif
