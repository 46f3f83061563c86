/* What MLflow's own client refuses, so that nothing gets into a store that it would not have put
 * there. Lengths are counted in characters, as it does. */
#include <ctype.h>
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "base/text.h"
#include "provider/mlflow_sqlite/apply.h"

enum {
    KEY_MOST = 250,
    ALIAS_MOST = 255,
    MODEL_NAME_MOST = 256,
    EXPERIMENT_NAME_MOST = 500,
    REGISTRY_TAG_OLD = 5000,
    REGISTRY_TAG_NEW = 100000,
    EXPERIMENT_TAG_OLD = 5000,
    EXPERIMENT_TAG_NEW = 20000,
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

bool apply_check_length(const char *what, const char *value, int64_t most, struct ncm_err *err)
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
        if (cp == 0xFFFD
            || (!ncm_mlflow_word_char(cp) && (cp >= 0x80 || strchr(more, (int)cp) == NULL))) {
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

bool apply_check_key(const char *key, struct ncm_err *err)
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
    return apply_check_length(_("key"), key, KEY_MOST, err);
}

static bool is_version_word(const char *s)
{
    if ((s[0] != 'v' && s[0] != 'V') || s[1] == '\0') {
        return false;
    }
    return strspn(s + 1, "0123456789") == strlen(s + 1);
}

bool apply_check_alias(const char *alias, struct ncm_err *err)
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
        return ncm_fail(err, NCM_REFUSED, _("the alias '%s' is reserved: MLflow gives it to the"
                        " newest version itself"), alias);
    }
    if (is_version_word(alias)) {
        return ncm_fail(err, NCM_REFUSED, _("the alias '%s' is reserved: it reads like a version"
                        " number"), alias);
    }
    return apply_check_length(_("alias"), alias, ALIAS_MOST, err);
}

static bool blank(const char *s)
{
    return s == NULL || s[strspn(s, " \t\r\n\v\f")] == '\0';
}

bool apply_check_model_name(const char *name, struct ncm_err *err)
{
    if (blank(name)) {
        return ncm_fail(err, NCM_REFUSED, _("a model needs a name"));
    }
    if (strpbrk(name, "/:") != NULL) {
        return ncm_fail(err, NCM_REFUSED, _("MLflow takes no '/' and no ':' in a model's name:"
                        " '%s'"), name);
    }
    if (!plain_path(name)) {
        ncm_fail(err, NCM_REFUSED, _("MLflow takes no such model name: '%s'"), name);
        return ncm_hint(err, _("it is read like a file name: no empty, . or .. parts"));
    }
    return apply_check_length(_("model name"), name, MODEL_NAME_MOST, err);
}

bool apply_check_experiment_name(const char *name, struct ncm_err *err)
{
    if (name == NULL || name[0] == '\0') {
        return ncm_fail(err, NCM_REFUSED, _("an experiment needs a name"));
    }
    return apply_check_length(_("experiment name"), name, EXPERIMENT_NAME_MOST, err);
}

/* The n of "VARCHAR(n)"; 0 where the type names none. */
static int64_t declared_length(struct sqlite_writer *w, const char *table, struct ncm_err *err,
                               bool *ok)
{
    char *type = NULL;
    bool found;
    int64_t n = 0;
    *ok = apply_one(w, err, &found, &type,
                    "SELECT type FROM pragma_table_info(?) WHERE name='value'", "s", table);
    if (*ok && type != NULL) {
        char *open = strchr(type, '(');
        char *close = open != NULL ? strchr(open, ')') : NULL;
        if (close != NULL) {
            *close = '\0';
            ncm_parse_i64(open + 1, &n);
        }
    }
    ncm_free(type);
    return n;
}

bool apply_value_limit(struct sqlite_writer *w, const char *table, int64_t *most,
                       struct ncm_err *err)
{
    bool ok;
    if (strcmp(table, "tags") == 0) {
        int64_t n = declared_length(w, table, err, &ok);
        *most = n > 0 ? n : 8000;
        return ok;
    }
    if (strcmp(table, "experiment_tags") == 0) {
        int64_t n = declared_length(w, table, err, &ok);
        *most = n > 0 ? EXPERIMENT_TAG_OLD : EXPERIMENT_TAG_NEW;
        return ok;
    }
    /* The registry's two tag tables are held to one limit by the client, whatever they declare. */
    int64_t n = declared_length(w, "model_version_tags", err, &ok);
    *most = n > 0 ? REGISTRY_TAG_OLD : REGISTRY_TAG_NEW;
    return ok;
}
