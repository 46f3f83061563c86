/* Alerts and silences, ours and other systems'. Plain, immutable once part of a snapshot; all
 * strings live in the snapshot's arena. Times are ms since 1970 UTC, NCM_NO_TIME where absent. */
#ifndef NCM_MODEL_ALERT_H
#define NCM_MODEL_ALERT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "model/value.h"

enum ncm_alert_state {
    NCM_ALERT_PENDING, /* the condition holds, but not for long enough yet */
    NCM_ALERT_FIRING,
    NCM_ALERT_ACKNOWLEDGED, /* firing, and somebody said that they look after it */
    NCM_ALERT_SILENCED,     /* firing, but a silence, another alert or a mute time keeps it quiet */
    NCM_ALERT_RESOLVED,
};

enum ncm_severity { NCM_SEVERITY_INFO, NCM_SEVERITY_WARNING, NCM_SEVERITY_CRITICAL };

struct ncm_alert {
    struct ncm_str id;      /* stable: a fingerprint, or the number of ours */
    struct ncm_str rule;    /* the monitor's or rule's name (alertname) */
    struct ncm_str subject; /* what it is about: model or instance; absent where nothing says */
    struct ncm_str summary; /* one sentence */
    struct ncm_str source;  /* "ncmlops" "alertmanager" "prometheus" */
    struct ncm_str link;    /* generatorURL or absent */
    struct ncm_str query;   /* PromQL that raised it, where known */
    struct ncm_str severity_text; /* as the system said it */
    enum ncm_severity severity;
    enum ncm_alert_state state;
    struct ncm_value value, threshold; /* UNSET where unknown */
    int64_t since_ms, until_ms;        /* until: resolved at, or the end of the silence */
    struct ncm_kv *labels;             /* sorted by key */
    size_t n_labels;
    struct ncm_kv *annotations; /* sorted by key */
    size_t n_annotations;
    struct ncm_str *silenced_by, *inhibited_by, *muted_by; /* ids; what keeps it quiet */
    size_t n_silenced_by, n_inhibited_by, n_muted_by;
    struct ncm_str ack_actor, ack_note; /* of who acknowledged it */
    int64_t ack_ms;
};

struct ncm_matcher {
    struct ncm_str name, value;
    bool is_regex; /* anchored at both ends */
    bool is_equal; /* false: != or !~ */
};

enum ncm_silence_state { NCM_SILENCE_PENDING, NCM_SILENCE_ACTIVE, NCM_SILENCE_EXPIRED };

struct ncm_silence {
    struct ncm_str id, created_by, comment;
    enum ncm_silence_state state;
    int64_t starts_ms, ends_ms, updated_ms;
    struct ncm_matcher *matchers;
    size_t n_matchers;
};

/* "pending" "firing" "acknowledged" "silenced" "resolved": the words of the headless contract. */
const char *ncm_alert_state_word(enum ncm_alert_state s);
/* "info" "warning" "critical"; back: page and critical words of other systems count as critical,
 * what is not known as warning. */
const char *ncm_severity_word(enum ncm_severity s);
enum ncm_severity ncm_severity_of(const char *word, size_t len);

#endif
