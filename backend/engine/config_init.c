/* The file that `config init` writes: what was asked for, and every other setting as a comment. */
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/choose.h"
#include "engine/config_file.h"

enum { TEXT_MAX = 1024 * 1024, REMARK = 36 };

static void remark(struct ncm_buf *b, const char *indent, const char *text, const char *help)
{
    int used = (int)(strlen(indent) + strlen(text));
    ncm_buf_printf(b, "%s%s%*s # %s\n", indent, text, used < REMARK ? REMARK - used : 0, "",
                   _(help));
}

/* "#theme: dark    # dark, light or mono …". */
static void comment_row(struct ncm_buf *b, const char *indent, const struct ncm_setting *row)
{
    const char *dot = strrchr(row->path, '.');
    const char *sample = row->initial != NULL                 ? row->initial
                         : strcmp(row->type, "variable") == 0 ? "VARIABLE"
                         : strcmp(row->type, "path") == 0     ? "FILE"
                                                              : row->values;
    char *text =
        ncm_sprintf("#%s: %s", dot != NULL ? dot + 1 : row->path, sample != NULL ? sample : "");
    remark(b, indent, text, row->help);
    ncm_free(text);
}

static void value(struct ncm_buf *b, const char *key, const char *text)
{
    ncm_buf_puts(b, key);
    ncm_config_quote(b, text);
    ncm_buf_putc(b, '\n');
}

/* The settings of a server that nobody gave a value, as comments: how to log in comes first. */
static void server_rows(struct ncm_buf *b, bool user)
{
    static const char prefix[] = "contexts.*.tracking.";
    ncm_buf_printf(b, "      # %s\n      # %s\n",
                   _("To log in: 'user' and one of the passwords, or one of the tokens."),
                   _("Without one: MLFLOW_TRACKING_TOKEN and its like, then ~/.netrc."));
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        const char *key = row->path + sizeof prefix - 1;
        if (strncmp(row->path, prefix, sizeof prefix - 1) != 0 || strcmp(key, "uri") == 0 ||
            (user && strcmp(key, "user") == 0)) {
            continue;
        }
        comment_row(b, "      ", row);
    }
}

static void tracking(struct ncm_buf *b, const char *uri)
{
    if (uri == NULL) {
        ncm_buf_puts(b, "    #tracking:\n    #  uri: sqlite:////srv/mlflow/mlflow.db\n");
        return;
    }
    struct ncm_access login = {0};
    char *plain = ncm_uri_is_server(uri) ? ncm_uri_without_user(uri) : ncm_strdup(uri);
    ncm_buf_puts(b, "    tracking:\n");
    value(b, "      uri: ", plain);
    if (ncm_uri_is_server(uri)) {
        ncm_uri_login(uri, &login);
        if (login.user != NULL) {
            value(b, "      user: ", login.user);
        }
        server_rows(b, login.user != NULL);
    }
    ncm_access_release(&login);
    ncm_free(plain);
}

/* Where models are served, likewise. */
static void deployments(struct ncm_buf *b)
{
    remark(b, "    ", "#deployments:", N_("where models are served"));
    ncm_buf_puts(b, "    #  - {type: kubernetes, context: NAME, namespaces: [ml]}\n"
                    "    #  - {type: http, name: churn-api, url: \"http://localhost:8080\", "
                    "model: churn}\n");
}

/* What watches, as a comment that holds once its signs are taken away. */
static void watch(struct ncm_buf *b)
{
    remark(b, "    ", "#metrics: {type: prometheus, url: \"http://localhost:9090\"}",
           N_("where figures over time come from"));
    remark(b, "    ", "#alerts: {type: alertmanager, url: \"http://localhost:9093\"}",
           N_("where alerts come from"));
    remark(b, "    ", "#models:", N_("what is watched, a model"));
    ncm_buf_puts(b, "    #  fraud-detector:\n"
                    "    #    monitors:\n"
                    "    #      - name: input drift\n");
    remark(b, "    #        ", "reference: data/train.csv",
           N_("a file or glob, run:RUN_ID/PATH, trailing 24h, last week, version:N, first"));
    remark(b, "    #        ", "current: /var/log/fraud/*.jsonl", N_("rows, CSV or JSON Lines"));
    ncm_buf_puts(b, "    #        follow: yes\n"
                    "    #        window: 1h\n");
    remark(b, "    #        ", "threshold: [0.1, 0.25]", N_("warning and critical; or learned"));
    ncm_buf_puts(b, "    #      - name: latency\n"
                    "    #        query: 'histogram_quantile(0.95, sum by (le) "
                    "(rate(http_request_duration_seconds_bucket[5m])))'\n"
                    "    #        threshold: \"> 0.12\"\n"
                    "    #        for: 5m\n");
    ncm_buf_puts(b, "    #notify:\n"
                    "    #  - {name: chat, url: \"https://chat.example.com/hook\", least: "
                    "critical}\n");
    remark(b, "    ", "#textfile: FILE", N_("figures for node_exporter, as OpenMetrics text"));
}

char *ncm_config_template(const char *context, const char *tracking_uri, bool protect)
{
    struct ncm_buf b;
    ncm_buf_init(&b, TEXT_MAX);
    const char *name = context != NULL ? context : "local";
    ncm_buf_printf(&b, "# %s\n\n", _("Settings of ncmlops. 'ncmlops config check' checks them."));
    value(&b, tracking_uri != NULL ? "current-context: " : "#current-context: ", name);
    ncm_buf_puts(&b, "\ncontexts:\n  ");
    ncm_config_quote(&b, name);
    ncm_buf_puts(&b, ":\n");
    remark(&b, "    ", protect ? "protect: yes" : "protect: no",
           N_("yes: a change wants the name of what it changes typed"));
    remark(&b, "    ", "#read-only: no", N_("yes: refuse every change"));
    tracking(&b, tracking_uri);
    deployments(&b);
    watch(&b);
    ncm_buf_puts(&b, "\n");
    for (const struct ncm_setting *row = ncm_settings; row->path != NULL; row++) {
        if (!row->later && strchr(row->path, '.') == NULL && strcmp(row->type, "map") != 0 &&
            strcmp(row->path, "current-context") != 0) {
            comment_row(&b, "", row);
        }
    }
    remark(&b, "", "#keys:", N_("keys of actions; '?' in the program names them"));
    ncm_buf_puts(&b, "#  promote: [P, F4]\n");
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

char *ncm_config_suggestion(void)
{
    struct ncm_choice choice;
    struct ncm_err ignored;
    if (!ncm_choose_plain(&choice, &ignored)) {
        return NULL;
    }
    char *location = ncm_strdup(choice.location);
    ncm_choice_release(&choice);
    return location;
}

bool ncm_config_store(const char *typed, char **out, struct ncm_err *err)
{
    if (!ncm_store_location(typed, NULL, out, err)) {
        return false;
    }
    if (ncm_uri_is_server(typed)) { /* who logs in becomes a setting of its own */
        ncm_free(*out);
        *out = ncm_strdup(typed);
    }
    return true;
}

bool ncm_config_secret_left_out(const char *tracking_uri)
{
    return tracking_uri != NULL && ncm_uri_is_server(tracking_uri) && ncm_uri_secret(tracking_uri);
}
