/* The session: store, wants, snapshots, jobs, configuration. */
#ifndef NCM_API_SESSION_H
#define NCM_API_SESSION_H

#include "engine/config.h"
#include "engine/session.h"
#include "ops/demo.h"
#include "ops/doctor.h"
#include "ops/open.h"

#endif
