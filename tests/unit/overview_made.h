/* A fleet with full rows, alerts, events and drift, on top of deploy_made.h. */
#ifndef TESTS_UNIT_OVERVIEW_MADE_H
#define TESTS_UNIT_OVERVIEW_MADE_H

#include "deploy_made.h"
#include "pane/overview/overview.h"

/* A pane over it, without an app. */
void overview_made_begin(struct overview *o);
void overview_made_end(struct overview *o);
struct made_fleet *overview_made_fleet(void);
/* Nothing is wrong any more. */
void overview_made_well(void);

#endif
