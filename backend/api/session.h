/* The session: store, wants, snapshots, jobs, configuration. */
#ifndef NCM_API_SESSION_H
#define NCM_API_SESSION_H

#include "engine/session.h"
#include "engine/config.h"
#include "ops/open.h"
#include "ops/doctor.h"
#include "ops/demo.h"

#endif
