#include "engine/choose_login.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"

enum { CREDENTIALS_MAX = 64 * 1024, TIMEOUT_MAX = 3600 };

const char *ncm_choose_env(const char *name)
{
    const char *v = getenv(name);
    return v != NULL && v[0] != '\0' ? v : NULL;
}

bool ncm_access_logs_in(const struct ncm_access *a)
{
    return a->user != NULL || a->password.kind != NCM_SECRET_NONE ||
           a->token.kind != NCM_SECRET_NONE || a->cert != NULL || a->netrc;
}

/* Cuts blanks at both ends of [*from, *to). */
static void trim(const char **from, const char **to)
{
    while (*from < *to && (**from == ' ' || **from == '\t')) {
        (*from)++;
    }
    while (*to > *from && ((*to)[-1] == ' ' || (*to)[-1] == '\t' || (*to)[-1] == '\r')) {
        (*to)--;
    }
}

/* "%%" stands for a percent sign in such a file. Takes text. */
static char *plain_value(char *text)
{
    char *to = text;
    for (const char *from = text; *from != '\0'; from++) {
        from += from[0] == '%' && from[1] == '%';
        *to++ = *from;
    }
    *to = '\0';
    return text;
}

char *ncm_ini_value(const char *text, const char *key)
{
    bool inside = false;
    for (const char *line = text; *line != '\0';) {
        const char *from = line, *to = line + strcspn(line, "\n");
        line = to + (*to == '\n');
        trim(&from, &to);
        size_t len = (size_t)(to - from);
        size_t sign = 0;
        while (sign < len && from[sign] != '=' && from[sign] != ':') {
            sign++;
        }
        if (len == 0 || from[0] == '#' || from[0] == ';') {
            continue;
        }
        if (from[0] == '[') {
            inside = len == 8 && strncmp(from, "[mlflow]", 8) == 0;
        } else if (inside && sign < len) {
            const char *end = from + sign, *value = end + 1;
            trim(&from, &end);
            trim(&value, &to);
            if ((size_t)(end - from) == strlen(key) && strncasecmp(from, key, strlen(key)) == 0) {
                return plain_value(ncm_strndup(value, (size_t)(to - value)));
            }
        }
    }
    return NULL;
}

/* User and password of ~/.mlflow/credentials, NULL each where it has none. */
static void credentials_file(char **user, char **password)
{
    struct ncm_buf text;
    struct ncm_err ignored; /* it is an offer of MLflow's, not a setting of ours */
    bool truncated = false;
    char *path = ncm_path_expand("~/.mlflow/credentials", NULL);
    ncm_buf_init(&text, CREDENTIALS_MAX + 1);
    *user = *password = NULL;
    if (ncm_file_read(path, 0, CREDENTIALS_MAX, &text, &truncated, &ignored) && !truncated) {
        *user = ncm_ini_value(text.p, "mlflow_tracking_username");
        *password = ncm_ini_value(text.p, "mlflow_tracking_password");
    }
    explicit_bzero(text.p, text.len);
    ncm_buf_release(&text);
    ncm_free(path);
}

/* As MLflow does: each from the variable, else from the file; of use only as a pair. */
static void take_password(struct ncm_access *a)
{
    const char *user = ncm_choose_env("MLFLOW_TRACKING_USERNAME");
    bool from_env = ncm_choose_env("MLFLOW_TRACKING_PASSWORD") != NULL;
    char *file_user = NULL;
    struct ncm_secret secret = {NCM_SECRET_TEXT, NULL};
    if (user == NULL || !from_env) {
        credentials_file(&file_user, &secret.from);
        user = user != NULL ? user : file_user;
    }
    if (from_env) {
        ncm_secret_clear(&secret);
        secret = (struct ncm_secret){NCM_SECRET_ENV, ncm_strdup("MLFLOW_TRACKING_PASSWORD")};
    }
    if (user != NULL && user[0] != '\0' && secret.from != NULL && secret.from[0] != '\0') {
        a->user = ncm_strdup(user);
        a->password = secret;
    } else {
        ncm_secret_clear(&secret);
    }
    ncm_free(file_user);
}

static bool is_true(const char *value)
{
    return value != NULL && (strcasecmp(value, "true") == 0 || strcmp(value, "1") == 0);
}

static char *env_path(const char *name)
{
    const char *path = ncm_choose_env(name);
    return path != NULL ? ncm_path_expand(path, NULL) : NULL;
}

void ncm_access_environment(struct ncm_access *a)
{
    const char *workspace = ncm_choose_env("MLFLOW_WORKSPACE");
    const char *patience = ncm_choose_env("MLFLOW_HTTP_REQUEST_TIMEOUT");
    int64_t seconds;
    if (!ncm_access_logs_in(a)) {
        take_password(a);
    }
    if (!ncm_access_logs_in(a) && ncm_choose_env("MLFLOW_TRACKING_TOKEN") != NULL) {
        a->token = (struct ncm_secret){NCM_SECRET_ENV, ncm_strdup("MLFLOW_TRACKING_TOKEN")};
    }
    a->netrc = !ncm_access_logs_in(a) || a->netrc;
    if (a->ca == NULL && !a->insecure) {
        a->ca = env_path("MLFLOW_TRACKING_SERVER_CERT_PATH");
        a->insecure = a->ca == NULL && is_true(ncm_choose_env("MLFLOW_TRACKING_INSECURE_TLS"));
    }
    if (a->cert == NULL) {
        a->cert = env_path("MLFLOW_TRACKING_CLIENT_CERT_PATH");
    }
    if (a->workspace == NULL && workspace != NULL) {
        a->workspace = ncm_strdup(workspace);
    }
    if (a->timeout_ms == 0 && patience != NULL && ncm_parse_i64(patience, &seconds) &&
        seconds > 0 && seconds <= TIMEOUT_MAX) {
        a->timeout_ms = seconds * 1000;
    }
}
