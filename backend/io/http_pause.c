#include "base/i18n.h"
#include "base/num.h"
#include "io/http_inside.h"

bool ncm_http_pause(struct ncm_http *h, int64_t ms, const atomic_bool *cancel, struct ncm_err *err)
{
    int64_t until = ncm_mono_ms() + ms;
    for (;;) {
        if (atomic_load(&h->interrupted) || (cancel != NULL && atomic_load(cancel))) {
            return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
        }
        int64_t left = until - ncm_mono_ms();
        if (left <= 0) {
            return true;
        }
        /* Kept connections live on meanwhile; an interrupt wakes us. */
        curl_multi_poll(h->multi, NULL, 0, left < INT32_MAX ? (int)left : INT32_MAX, NULL);
    }
}
