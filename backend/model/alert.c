#include "model/alert.h"

#include <string.h>
#include <strings.h>

const char *ncm_alert_state_word(enum ncm_alert_state s)
{
    static const char *const words[] = {"pending", "firing", "acknowledged", "silenced",
                                        "resolved"};
    return words[s];
}

const char *ncm_severity_word(enum ncm_severity s)
{
    static const char *const words[] = {"info", "warning", "critical"};
    return words[s];
}

enum ncm_severity ncm_severity_of(const char *word, size_t len)
{
    static const struct {
        const char *word;
        enum ncm_severity severity;
    } known[] = {
        {"info", NCM_SEVERITY_INFO},      {"none", NCM_SEVERITY_INFO},
        {"debug", NCM_SEVERITY_INFO},     {"low", NCM_SEVERITY_INFO},
        {"notice", NCM_SEVERITY_INFO},    {"critical", NCM_SEVERITY_CRITICAL},
        {"page", NCM_SEVERITY_CRITICAL},  {"crit", NCM_SEVERITY_CRITICAL},
        {"error", NCM_SEVERITY_CRITICAL}, {"emergency", NCM_SEVERITY_CRITICAL},
        {"high", NCM_SEVERITY_CRITICAL},  {"fatal", NCM_SEVERITY_CRITICAL},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; i++) {
        if (strlen(known[i].word) == len && strncasecmp(known[i].word, word, len) == 0) {
            return known[i].severity;
        }
    }
    return NCM_SEVERITY_WARNING;
}
