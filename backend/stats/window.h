/* Which window a row belongs to: arithmetic only. A window is of time (ms UTC) or of rows (the
 * running number of a row); the plan's unit says which, and nothing else differs. What does not
 * fit into 64 bits is the nearest that does. */
#ifndef NCM_STATS_WINDOW_H
#define NCM_STATS_WINDOW_H

#include <stdbool.h>
#include <stdint.h>

#define NCM_HOUR_MS ((int64_t)3600 * 1000)
#define NCM_DAY_MS  (24 * NCM_HOUR_MS)
#define NCM_WEEK_MS (7 * NCM_DAY_MS)
/* Origin that lets windows of a week begin on Monday, 0:00 UTC (1970 began on a Thursday). */
#define NCM_MONDAY_MS (4 * NCM_DAY_MS)

/* Window i is [origin + i*step, origin + i*step + size). step = size: tumbling, every row is in
 * one; step < size: sliding, a row is in about size/step, and neighbours are no evidence of their
 * own; step > size leaves gaps. With origin 0 windows of time begin at multiples since 1970, not
 * when the program was started, so that two observers see the same ones. */
struct ncm_window_plan {
    int64_t size, step; /* > 0 */
    int64_t origin;
    int64_t lateness; /* how long after its end a window still takes rows; >= 0 */
};

struct ncm_window {
    int64_t index;
    int64_t from, to; /* to is not part of it */
};
struct ncm_window ncm_window_at(const struct ncm_window_plan *p, int64_t index);

/* The windows that t lies in are first…last. false where it lies in none (step > size). O(1). */
bool ncm_windows_of(const struct ncm_window_plan *p, int64_t t, int64_t *first, int64_t *last);

/* newest: greatest time (or row number) seen so far. A window is closed once that has reached its
 * end and the lateness. */
bool ncm_window_closed(const struct ncm_window_plan *p, int64_t index, int64_t newest);
/* Whether t came too late for every window it lies in. */
bool ncm_window_late(const struct ncm_window_plan *p, int64_t t, int64_t newest);
/* The last window that is closed: smaller indices are closed too. */
int64_t ncm_window_last_closed(const struct ncm_window_plan *p, int64_t newest);

/* The same hours `weeks` weeks earlier: a reference that knows day and week. Of UTC: where clocks
 * were changed in between, local hours differ by that hour. */
struct ncm_window ncm_window_weeks_before(const struct ncm_window_plan *p, int64_t index,
                                          int64_t weeks);

#endif
