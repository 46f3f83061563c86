/* Who may still be at work on an intent: a process named so that it can be asked for later. */
#ifndef NCM_OPS_PROCESS_H
#define NCM_OPS_PROCESS_H

#include <stdbool.h>

/* "pid:start:namespace" of this process; the caller frees. */
char *ncm_process_self(void);

enum ncm_process_state { NCM_PROCESS_ALIVE, NCM_PROCESS_DEAD, NCM_PROCESS_ELSEWHERE };
/* Of a process named on `host`; ELSEWHERE where it cannot be seen from here. */
enum ncm_process_state ncm_process_state(const char *process, const char *host);

#endif
