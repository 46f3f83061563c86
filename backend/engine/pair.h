/* Two stores as one source: experiments and runs of the first, models of the second. A provider
 * made of two, with a connection to each, which are opened when they are first needed; so one that
 * is down does not keep the other from answering. */
#ifndef NCM_ENGINE_PAIR_H
#define NCM_ENGINE_PAIR_H

#include "provider/provider.h"

/* Fills `out`; its place names the tracking side and, as place->registry, the other one.
 *
 * - MODELS and FACTS and the changes of the registry go to the second, everything else to the
 *   first. RUN is the first's with the versions that the second has of it; STORE is of both. Both
 *   are published as provisional where only the first answers, and then fail with why.
 * - A list of changes that concerns both is refused before anything is written: nobody could take
 *   back one half.
 * - A watch looks at each in turn; one that fails is tried again with growing pauses while the
 *   other goes on, and its topics count as changed meanwhile, so that reading tells what is wrong.
 * - What it can do: stages and aliases are the second's; to be undone and to be one unit must hold
 *   for both; the rest for one of them. */
void ncm_pair_make(const struct ncm_provider *tracking, const struct ncm_provider *registry,
                   struct ncm_provider *out);

#endif
