#include "pane/common_deploy.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "api/text.h"

enum role common_health_role(enum ncm_health h)
{
    static const enum role roles[] = {ROLE_UNKNOWN, ROLE_OK,   ROLE_WARN, ROLE_RUN,
                                      ROLE_UNKNOWN, ROLE_WARN, ROLE_FAIL};
    return roles[h];
}

const char *common_health_sign(enum ncm_health h)
{
    switch (h) {
    case NCM_HEALTH_HEALTHY:
        return sign(SIGN_LIVE);
    case NCM_HEALTH_PAUSED:
        return ncm_text_utf8() ? "‖" : "=";
    case NCM_HEALTH_PROGRESSING:
        return sign(SIGN_LOADING);
    case NCM_HEALTH_UNKNOWN:
        return "?";
    case NCM_HEALTH_DEGRADED:
        return sign(SIGN_WARN);
    case NCM_HEALTH_FAILED:
        return sign(SIGN_CROSS);
    case NCM_HEALTH_STOPPED:
        break;
    }
    return sign(SIGN_DASH);
}

const char *common_health_label(enum ncm_health h)
{
    static const char *const words[] = {N_("stopped"), N_("healthy"),  N_("paused"), N_("rolling"),
                                        N_("unknown"), N_("degraded"), N_("failed")};
    return _(words[h]);
}

char *common_health_text(char *out, size_t outsz, enum ncm_health h)
{
    snprintf(out, outsz, "%s %s", common_health_sign(h), common_health_label(h));
    return out;
}

enum role common_severity_role(enum ncm_severity s)
{
    return s == NCM_SEVERITY_CRITICAL  ? ROLE_FAIL
           : s == NCM_SEVERITY_WARNING ? ROLE_WARN
                                       : ROLE_RUN;
}

const char *common_severity_sign(enum ncm_severity s)
{
    return sign(s == NCM_SEVERITY_CRITICAL  ? SIGN_CROSS
                : s == NCM_SEVERITY_WARNING ? SIGN_WARN
                                            : SIGN_DOT);
}

enum role common_replica_role(const struct ncm_replica *r)
{
    return r->terminating ? ROLE_DIM : r->bad ? ROLE_FAIL : r->ready ? ROLE_OK : ROLE_RUN;
}

const char *common_replica_sign(const struct ncm_replica *r)
{
    return sign(r->terminating ? SIGN_DASH
                : r->bad       ? SIGN_CROSS
                : r->ready     ? SIGN_LIVE
                               : SIGN_LOADING);
}

static char *dash(char *out, size_t outsz)
{
    snprintf(out, outsz, "%s", sign(SIGN_DASH));
    return out;
}

char *common_rps_text(char *out, size_t outsz, double rps)
{
    if (!isfinite(rps)) {
        return dash(out, outsz);
    }
    if (rps >= 1000) {
        return ncm_fmt_count(out, outsz, (int64_t)(rps + 0.5));
    }
    return ncm_fmt_num(out, outsz, rps, rps < 10 ? 2 : 3);
}

char *common_latency_text(char *out, size_t outsz, double ms, bool beyond)
{
    char number[40];

    if (!isfinite(ms)) {
        return dash(out, outsz);
    }
    double shown = ms < 1000 ? ms : ms / 1000;
    ncm_fmt_num(number, sizeof number, shown < 10 ? shown : round(shown), shown < 10 ? 2 : 4);
    snprintf(out, outsz, "%s%s %s", beyond ? ">" : "", number, ms < 1000 ? "ms" : "s");
    return out;
}

char *common_errors_text(char *out, size_t outsz, double share)
{
    return isfinite(share) ? ncm_fmt_num(out, outsz, share * 100, 2) : dash(out, outsz);
}

enum role common_errors_role(double share)
{
    return !isfinite(share) ? ROLE_DIM
           : share >= 0.05  ? ROLE_FAIL
           : share >= 0.01  ? ROLE_WARN
                            : ROLE_TEXT;
}

char *common_percent_text(char *out, size_t outsz, double percent)
{
    char number[40];

    if (!isfinite(percent)) {
        return dash(out, outsz);
    }
    ncm_fmt_num(number, sizeof number, percent, 3);
    snprintf(out, outsz, "%s %%", number);
    return out;
}

char *common_ready_text(char *out, size_t outsz, int ready, int desired)
{
    if (ready < 0 && desired < 0) {
        return dash(out, outsz);
    }
    char a[16] = "", b[16] = "";
    snprintf(a, sizeof a, "%d", ready);
    snprintf(b, sizeof b, "%d", desired);
    snprintf(out, outsz, "%s/%s", ready < 0 ? sign(SIGN_DASH) : a,
             desired < 0 ? sign(SIGN_DASH) : b);
    return out;
}

enum role common_ready_role(int ready, int desired)
{
    return ready < 0 || desired < 0    ? ROLE_DIM
           : ready == 0 && desired > 0 ? ROLE_FAIL
           : ready < desired           ? ROLE_WARN
                                       : ROLE_TEXT;
}

char *common_version_text(char *out, size_t outsz, struct ncm_str version, int cells)
{
    char text[160];

    if (version.len == 0) {
        return dash(out, outsz);
    }
    ncm_text_clip_middle(text, sizeof text, version.p, version.len, cells > 2 ? cells - 1 : 1);
    bool number = text[0] >= '0' && text[0] <= '9';
    snprintf(out, outsz, "%s%s", number ? "v" : "", text);
    return out;
}

char *common_since_text(char *out, size_t outsz, int64_t since_ms)
{
    return since_ms == NCM_NO_TIME
               ? dash(out, outsz)
               : ncm_fmt_age(out, outsz, ncm_ms_between(since_ms, ncm_now_ms()));
}

char *common_ago_text(char *out, size_t outsz, int64_t ms)
{
    char age[40];
    int64_t old = ms == NCM_NO_TIME ? -1 : ncm_ms_between(ms, ncm_now_ms());

    common_since_text(age, sizeof age, ms);
    snprintf(out, outsz, old >= 1000 ? _("%s ago") : "%s", age);
    return out;
}

/* Something is never painted as nothing, and nearly everything never as everything. */
static int filled_cells(double share, int width)
{
    int cells = (int)lround(share * width);

    cells = share > 0 && cells < 1 ? 1 : share < 1 && cells >= width ? width - 1 : cells;
    return cells < 0 ? 0 : cells > width ? width : cells;
}

char *common_bar_text(char *out, size_t outsz, double share, int width)
{
    size_t used = 0;

    if (!isfinite(share)) {
        return dash(out, outsz);
    }
    int filled = filled_cells(share, width);
    out[0] = '\0';
    for (int i = 0; i < width && used + 8 < outsz; i++) {
        used += (size_t)snprintf(out + used, outsz - used, "%s", i < filled ? "█" : "░");
    }
    return out;
}

void common_bar_paint(const struct canvas *c, int y, int x, int width, double share, enum role role)
{
    if (!isfinite(share)) {
        paint(c, y, x, ROLE_DIM, 0, sign(SIGN_DASH));
        return;
    }
    int filled = filled_cells(share, width);
    for (int i = 0; i < width; i++) {
        paint_glyph(c, y, x + i, i < filled ? role : ROLE_DIM, 0, i < filled ? 0x2588 : 0x2591);
    }
}

bool common_traffic_paint(const struct canvas *c, int y, int x, int width,
                          const struct ncm_traffic *t, size_t n)
{
    double sum = 0, before = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isfinite(t[i].percent) || t[i].percent < 0) {
            return false;
        }
        sum += t[i].percent;
    }
    if (sum <= 0) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        int from = (int)lround(before / sum * width);
        before += t[i].percent;
        int to = (int)lround(before / sum * width);
        enum role role = (enum role)((int)ROLE_SERIES1 + (int)(i % 7));
        for (int k = from; k < to; k++) {
            paint_glyph(c, y, x + k, role, 0, i % 2 == 0 ? 0x2588 : 0x2592);
        }
    }
    return true;
}
