#include "model/rates.h"

#include <math.h>

#include "base/num.h"

struct ncm_rates ncm_rates_unknown(void)
{
    return (struct ncm_rates){
        .window_s = (double)NAN,
        .requests = (double)NAN,
        .errors = (double)NAN,
        .rps = (double)NAN,
        .error_rate = (double)NAN,
        .p50_ms = (double)NAN,
        .p95_ms = (double)NAN,
        .p99_ms = (double)NAN,
        .taken_ms = NCM_NO_TIME,
    };
}
