/* In the place of a tracking store where there is none: a provider that says so, so that a session
 * may consist of its further sources alone. */
#ifndef NCM_ENGINE_NO_STORE_H
#define NCM_ENGINE_NO_STORE_H

#include "provider/provider.h"

/* STORE is answered; everything else is NCM_UNSUPPORTED with the ways to name a store. */
extern const struct ncm_provider ncm_no_store;

/* Location of a context without a store ("none:prod"); context NULL: without one. The caller
 * frees. */
char *ncm_no_store_location(const char *context);
bool ncm_is_no_store(const char *location);

#endif
