/* What MLflow's own client refuses, so that nothing gets into a store that it would not have put
 * there. Lengths are counted in characters, as it does. */
#include "model/rules.h"

#include <ctype.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/text.h"
#include "model/registry.h"
#include "model/rules_words.h"
#include "model/tracking.h"

enum {
    KEY_MOST = 250,
    ALIAS_MOST = 255,
    MODEL_NAME_MOST = 256,
    RUN_NAME_MOST = 250,
    EXPERIMENT_NAME_MOST = 500,
};

static int64_t characters(const char *s)
{
    int64_t n = 0;
    size_t len = strlen(s);
    uint32_t cp;
    for (size_t at = 0; at < len; n++) {
        at += ncm_utf8_decode(s + at, len - at, &cp);
    }
    return n;
}

static bool check_length(const char *what, const char *value, int64_t most, struct ncm_err *err)
{
    int64_t n = value != NULL ? characters(value) : 0;
    if (n <= most) {
        return true;
    }
    return ncm_fail(err, NCM_REFUSED, _("%s: %lld characters are too many, MLflow takes %lld"),
                    what, (long long)n, (long long)most);
}

/* Every character is a letter, a digit, "_" or one of `more`. */
static bool only_words(const char *s, const char *more)
{
    size_t len = strlen(s);
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t step = ncm_utf8_decode(s + at, len - at, &cp);
        if (cp == 0xFFFD ||
            (!ncm_rules_word_char(cp) && (cp >= 0x80 || strchr(more, (int)cp) == NULL))) {
            return false;
        }
        at += step;
    }
    return true;
}

/* Names may be used as file names: no empty, "." or ".." parts, no slash at either end. */
static bool plain_path(const char *s)
{
    if (s[0] == '\0' || s[0] == '/' || strncmp(s, "..", 2) == 0) {
        return false;
    }
    const char *p = s;
    for (;;) {
        size_t n = strcspn(p, "/");
        if (n == 0 || (n == 1 && p[0] == '.') || (n == 2 && p[0] == '.' && p[1] == '.')) {
            return false;
        }
        if (p[n] == '\0') {
            return true;
        }
        p += n + 1;
    }
}

/* Keys of tags and of metrics. */
static bool check_key(const char *key, int64_t most, struct ncm_err *err)
{
    if (key == NULL || key[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("a tag needs a key"));
    }
    if (!only_words(key, "/.- :")) {
        ncm_fail(err, NCM_REFUSED, _("MLflow takes no such key: '%s'"), key);
        return ncm_hint(err, _("a key may hold letters, digits, _ - . / : and blanks"));
    }
    if (!plain_path(key)) {
        ncm_fail(err, NCM_REFUSED, _("MLflow takes no such key: '%s'"), key);
        return ncm_hint(err, _("it is read like a file name: no empty, . or .. parts"));
    }
    return check_length(_("key"), key, most, err);
}

static bool is_version_word(const char *s)
{
    if ((s[0] != 'v' && s[0] != 'V') || s[1] == '\0') {
        return false;
    }
    return strspn(s + 1, "0123456789") == strlen(s + 1);
}

static bool check_alias(const char *alias, struct ncm_err *err)
{
    if (alias == NULL || alias[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("an alias needs a name"));
    }
    if (!only_words(alias, "-")) {
        ncm_fail(err, NCM_REFUSED, _("MLflow takes no such alias: '%s'"), alias);
        return ncm_hint(err, _("an alias may hold letters, digits, _ and -"));
    }
    char lower[8] = "";
    for (size_t i = 0; i < sizeof lower - 1 && alias[i] != '\0'; i++) {
        lower[i] = (char)tolower((unsigned char)alias[i]);
    }
    if (strcmp(lower, "latest") == 0 && strlen(alias) == 6) {
        return ncm_fail(err, NCM_REFUSED,
                        _("the alias '%s' is reserved: MLflow gives it to the"
                          " newest version itself"),
                        alias);
    }
    if (is_version_word(alias)) {
        return ncm_fail(err, NCM_REFUSED,
                        _("the alias '%s' is reserved: it reads like a version"
                          " number"),
                        alias);
    }
    return check_length(_("alias"), alias, ALIAS_MOST, err);
}

static bool blank(const char *s)
{
    return s == NULL || s[strspn(s, " \t\r\n\v\f")] == '\0';
}

static bool check_model_name(const char *name, struct ncm_err *err)
{
    if (blank(name)) {
        return ncm_fail(err, NCM_REFUSED, _("a model needs a name"));
    }
    if (strpbrk(name, "/:") != NULL) {
        return ncm_fail(err, NCM_REFUSED,
                        _("MLflow takes no '/' and no ':' in a model's name:"
                          " '%s'"),
                        name);
    }
    if (!plain_path(name)) {
        ncm_fail(err, NCM_REFUSED, _("MLflow takes no such model name: '%s'"), name);
        return ncm_hint(err, _("it is read like a file name: no empty, . or .. parts"));
    }
    return check_length(_("model name"), name, MODEL_NAME_MOST, err);
}

static bool check_experiment_name(const char *name, struct ncm_err *err)
{
    if (name == NULL || name[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("an experiment needs a name"));
    }
    return check_length(_("experiment name"), name, EXPERIMENT_NAME_MOST, err);
}

/* Taking a tag away is always allowed. */
static bool check_tag(const struct ncm_rules *w, enum ncm_change_kind kind, const char *key,
                      const char *value, struct ncm_err *err)
{
    int64_t most, key_most = KEY_MOST;
    if (kind == NCM_CH_RUN_TAG && w->run_key_most > 0) {
        key_most = w->run_key_most;
    }
    return value == NULL ||
           (check_key(key, key_most, err) && w->value_most(w->to, kind, &most, err) &&
            check_length(key, value, most, err));
}

static bool check_metric(const struct ncm_change *ch, struct ncm_err *err)
{
    struct ncm_change_point p;
    if (ch->key == NULL || ch->key[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("a metric needs a key"));
    }
    if (!check_key(ch->key, KEY_MOST, err) || !ncm_change_point(ch, &p, err)) {
        return false;
    }
    return p.timestamp_ms >= 0 ||
           ncm_fail(err, NCM_REFUSED, _("MLflow takes no point of a metric before 1970: '%s'"),
                    ch->key);
}

static bool check_status(const char *to, struct ncm_err *err)
{
    return ncm_run_status_of(to) != NCM_RUN_UNKNOWN ||
           ncm_fail(err, NCM_USAGE,
                    _("'%s' is no status of a run: SCHEDULED, RUNNING, FINISHED, FAILED or"
                      " KILLED"),
                    to != NULL ? to : "");
}

static bool is_run_id(const char *id)
{
    return strlen(id) == 32 && id[strspn(id, "0123456789abcdef")] == '\0';
}

static bool check_run_create(const struct ncm_rules *w, const struct ncm_change *ch,
                             struct ncm_err *err)
{
    if (ch->to == NULL || ch->to[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("a run needs a name"));
    }
    if (ch->key != NULL && !is_run_id(ch->key)) {
        return ncm_fail(err, NCM_USAGE, _("'%s' is no id of a run: 32 digits and letters a to f"),
                        ch->key);
    }
    return w->need_active_experiment(w->to, ch->object != NULL ? ch->object : "", err) &&
           check_length(_("run name"), ch->to,
                        w->run_name_most > 0 ? w->run_name_most : RUN_NAME_MOST, err);
}

static bool check_lifecycle(const char *to, struct ncm_err *err)
{
    return (to != NULL && (strcmp(to, "deleted") == 0 || strcmp(to, "active") == 0)) ||
           ncm_fail(err, NCM_USAGE, _("'%s' is neither active nor deleted"), to != NULL ? to : "");
}

static bool check_registry(const struct ncm_rules *w, const struct ncm_change *ch,
                           struct ncm_err *err)
{
    enum ncm_stage stage;
    switch (ch->kind) {
    case NCM_CH_VERSION_STAGE:
        return (ch->to != NULL && ncm_stage_of(ch->to, &stage)) ||
               ncm_fail(err, NCM_USAGE,
                        _("'%s' is no stage: None, Staging, Production or"
                          " Archived"),
                        ch->to != NULL ? ch->to : "");
    case NCM_CH_VERSION_TAG:
        return check_tag(w, ch->kind, ch->key, ch->to, err);
    case NCM_CH_MODEL_TAG:
        return check_tag(w, ch->kind, ch->key, ch->to, err);
    case NCM_CH_VERSION_CREATE:
        return (ch->to != NULL && ch->to[0] != '\0') ||
               ncm_fail(err, NCM_REFUSED, _("a version needs a source"));
    case NCM_CH_ALIAS:
        return ch->to == NULL ||
               (check_alias(ch->key, err) && w->need_version(w->to, ch->object, ch->to, err));
    case NCM_CH_MODEL_CREATE:
        return check_model_name(ch->object, err) && w->model_free(w->to, ch->object, err);
    case NCM_CH_MODEL_RENAME:
        return check_model_name(ch->to, err) && w->model_free(w->to, ch->to, err);
    default:
        return true;
    }
}

static bool check_experiment(const struct ncm_rules *w, const struct ncm_change *ch,
                             struct ncm_err *err)
{
    switch (ch->kind) {
    case NCM_CH_EXPERIMENT_CREATE:
        return check_experiment_name(ch->to, err) && w->experiment_free(w->to, ch->to, err);
    case NCM_CH_EXPERIMENT_NAME:
        return w->need_active_experiment(w->to, ch->object, err) &&
               check_experiment_name(ch->to, err) && w->experiment_free(w->to, ch->to, err);
    case NCM_CH_EXPERIMENT_TAG:
        return w->need_active_experiment(w->to, ch->object, err) &&
               check_tag(w, ch->kind, ch->key, ch->to, err);
    default:
        return check_lifecycle(ch->to, err);
    }
}

static bool check_run(const struct ncm_rules *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind == NCM_CH_RUN_CREATE) {
        return check_run_create(w, ch, err);
    }
    if (ch->kind == NCM_CH_RUN_LIFECYCLE) {
        return check_lifecycle(ch->to, err);
    }
    if (!ncm_change_of_new_run(ch) && !w->need_active_run(w->to, ch->object, err)) {
        return false;
    }
    switch (ch->kind) {
    case NCM_CH_RUN_TAG:
        return check_tag(w, ch->kind, ch->key, ch->to, err);
    case NCM_CH_RUN_NOTE:
        return check_tag(w, ch->kind, "mlflow.note.content", ch->to, err);
    case NCM_CH_RUN_METRIC:
        return check_metric(ch, err);
    case NCM_CH_RUN_STATUS:
        return check_status(ch->to, err);
    default: /* NCM_CH_RUN_NAME */
        return check_length(_("run name"), ch->to,
                            w->run_name_most > 0 ? w->run_name_most : RUN_NAME_MOST, err);
    }
}

bool ncm_rules_check(const struct ncm_rules *w, const struct ncm_change *ch, struct ncm_err *err)
{
    if (ch->kind >= NCM_CH_SILENCE_CREATE) {
        return ncm_fail(err, NCM_UNSUPPORTED,
                        ncm_change_of_deployment(ch->kind)
                            ? _("an MLflow store holds no deployments")
                            : _("an MLflow store holds no silences"));
    }
    return ch->kind < NCM_CH_RUN_TAG             ? check_registry(w, ch, err)
           : ch->kind < NCM_CH_EXPERIMENT_CREATE ? check_run(w, ch, err)
                                                 : check_experiment(w, ch, err);
}

/* Whether a byte is one that a key may hold as it is, beside letters and digits. */
static bool is_key_sign(uint32_t cp)
{
    return cp < 0x80 && cp != 0 && strchr("/.- ", (int)cp) != NULL;
}

char *ncm_rules_metric_key(const char *text)
{
    struct ncm_buf out;
    size_t len = strlen(text);
    ncm_buf_init(&out, KEY_MOST);
    for (size_t at = 0; at < len;) {
        uint32_t cp;
        size_t step = ncm_utf8_decode(text + at, len - at, &cp);
        bool keeps = cp != 0xFFFD && (ncm_rules_word_char(cp) || is_key_sign(cp));
        size_t takes = keeps ? step : 1;
        if (out.len + takes > KEY_MOST) {
            break;
        }
        ncm_buf_add(&out, keeps ? text + at : "_", takes);
        at += step;
    }
    for (char *p = out.p; !plain_path(out.p) && *p != '\0'; p++) {
        *p = *p == '/' ? '_' : *p;
    }
    if (!plain_path(out.p)) {
        ncm_buf_puts(&out, out.len == 0 ? "_" : "");
        out.p[0] = '_';
    }
    char *key = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return key;
}

bool ncm_rules_no_model(const char *name, struct ncm_err *err)
{
    return ncm_fail(err, NCM_NOT_FOUND, _("there is no model '%s'"), name);
}

bool ncm_rules_no_version(const char *name, const char *version, struct ncm_err *err)
{
    return ncm_fail(err, NCM_NOT_FOUND, _("model '%s' has no version %s"), name,
                    version != NULL ? version : "");
}

bool ncm_rules_no_run(const char *id, struct ncm_err *err)
{
    return ncm_fail(err, NCM_NOT_FOUND, _("there is no run '%s'"), id);
}

bool ncm_rules_no_experiment(const char *id, struct ncm_err *err)
{
    return ncm_fail(err, NCM_NOT_FOUND, _("there is no experiment '%s'"), id);
}

bool ncm_rules_run_deleted(const char *id, struct ncm_err *err)
{
    ncm_fail(err, NCM_REFUSED, _("run '%s' is deleted: MLflow changes active runs only"), id);
    return ncm_hint(err, _("restore it first"));
}

bool ncm_rules_experiment_deleted(const char *id, struct ncm_err *err)
{
    ncm_fail(err, NCM_REFUSED, _("experiment '%s' is deleted: MLflow changes active ones only"),
             id);
    return ncm_hint(err, _("restore it first"));
}

bool ncm_rules_model_taken(const char *name, struct ncm_err *err)
{
    return ncm_fail(err, NCM_REFUSED, _("there is already a model '%s'"), name);
}

bool ncm_rules_experiment_taken(const char *name, bool by_deleted, struct ncm_err *err)
{
    if (!by_deleted) {
        return ncm_fail(err, NCM_REFUSED, _("there is already an experiment '%s'"), name);
    }
    ncm_fail(err, NCM_REFUSED, _("a deleted experiment still has the name '%s'"), name);
    return ncm_hint(err, _("restore that one, or choose another name"));
}
