/* Every setting there is: what a file may hold, what `config init` writes and what the manual
 * says are all made from these rows. A new setting is one row here and one field in config.h. */
#include "base/i18n.h"
#include "engine/config.h"

/* A row that is used, and one that is only accepted. */
#define ROW(path, type, values, initial, help)                                                     \
    {                                                                                              \
        path, type, values, initial, help, false                                                   \
    }
#define LATER(path, help)                                                                          \
    {                                                                                              \
        path, "any", NULL, NULL, help, true                                                        \
    }

#define MONITORS    "contexts.*.models.*.monitors"
#define DEPLOYMENTS "contexts.*.deployments"

/* How an address is entered: the same everywhere. */
#define LOGIN(part)                                                                                \
    ROW(part ".user", "text", NULL, NULL, N_("user name at a server")),                            \
        ROW(part ".password-env", "variable", NULL, NULL, N_("variable that holds the password")), \
        ROW(part ".password-file", "path", NULL, NULL,                                             \
            N_("file that holds the password and only you may read")),                             \
        ROW(part ".password-command", "text", NULL, NULL,                                          \
            N_("command whose first line of output is the password")),                             \
        ROW(part ".password", "text", NULL, NULL,                                                  \
            N_("the password itself: only in a file that nobody else may read")),                  \
        ROW(part ".token-env", "variable", NULL, NULL, N_("variable that holds the token")),       \
        ROW(part ".token-file", "path", NULL, NULL,                                                \
            N_("file that holds the token and only you may read")),                                \
        ROW(part ".token-command", "text", NULL, NULL,                                             \
            N_("command whose first line of output is the token")),                                \
        ROW(part ".token", "text", NULL, NULL,                                                     \
            N_("the token itself: only in a file that nobody else may read")),                     \
        ROW(part ".netrc", "yes/no", NULL, "no", N_("log in as ~/.netrc says")),                   \
        ROW(part ".ca", "path", NULL, NULL,                                                        \
            N_("file or folder of certificates that the server's is checked with")),               \
        ROW(part ".client-cert", "path", NULL, NULL, N_("own certificate to show (PEM)")),         \
        ROW(part ".client-key", "path", NULL, NULL, N_("its key, where it is in another file")),   \
        ROW(part ".insecure-tls", "yes/no", NULL, "no",                                            \
            N_("do not check the server's certificate; the header says so")),                      \
        ROW(part ".proxy", "text", NULL, NULL,                                                     \
            N_("proxy; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY")),                               \
        ROW(part ".timeout", "number", NULL, "30", N_("seconds of patience with one request"))

/* Who is told of alerts: of a context, or of all. */
#define NOTIFY(part)                                                                               \
    ROW(part, "list", NULL, NULL, N_("who is told of alerts")),                                    \
        ROW(part ".name", "text", NULL, NULL, N_("its name in messages")),                         \
        ROW(part ".url", "text", NULL, NULL,                                                       \
            N_("http(s)://HOST/PATH that the alert is posted to")),                                \
        ROW(part ".template", "text", NULL, NULL,                                                  \
            N_("text that is posted, with {{rule}} {{state}} and others in it; else JSON")),       \
        ROW(part ".template-file", "path", NULL, NULL, N_("file that holds the template")),        \
        ROW(part ".content-type", "text", NULL, "application/json",                                \
            N_("Content-Type of what is posted")),                                                 \
        ROW(part ".least", "text", "info|warning|critical", "warning",                             \
            N_("the least severity that is told")),                                                \
        LOGIN(part)

const struct ncm_setting ncm_settings[] = {
    {"current-context", "text", NULL, NULL, N_("the context that is opened without being named"),
     false},
    {"theme", "text", NULL, "dark", N_("dark, light or mono, or the path of a theme file"), false},
    {"language", "text", "en|ko", NULL, N_("en or ko; else as the environment says"), false},
    {"plot", "text", "braille|quadrant|ascii", NULL,
     N_("how curves are drawn; else what the terminal can show"), false},
    {"ascii", "yes/no", NULL, "no", N_("draw with ASCII characters only"), false},
    {"mouse", "yes/no", NULL, "no", N_("take clicks and the wheel"), false},
    {"clock", "yes/no", NULL, "yes", N_("show the time in the header"), false},
    {"bell", "yes/no", NULL, "no", N_("ring the terminal's bell when something failed"), false},
    {"escdelay", "number", NULL, "25",
     N_("milliseconds to wait after Esc for the rest of a key's bytes"), false},
    {"keys", "map", NULL, NULL, N_("own keys"), false},
    {"keys.*", "keys", NULL, NULL, N_("the keys of one action, for example promote: [P, F4]"),
     false},
    {"contexts", "map", NULL, NULL, N_("named sets of sources"), false},
    {"contexts.*", "map", NULL, NULL, N_("one context"), false},
    {"contexts.*.protect", "yes/no", NULL, "no", N_("actions ask for the name of what they change"),
     false},
    {"contexts.*.read-only", "yes/no", NULL, "no", N_("refuse every action"), false},
    {"contexts.*.tracking", "map", NULL, NULL, N_("where runs and models are kept"), false},
    {"contexts.*.tracking.uri", "text", NULL, NULL,
     N_("a file, a folder, sqlite:////PATH, or http(s)://HOST of a tracking server"), false},
    LOGIN("contexts.*.tracking"),
    {"contexts.*.tracking.workspace", "text", NULL, NULL, N_("workspace of a server that has some"),
     false},
    {"contexts.*.tracking.registry-uri", "text", NULL, NULL,
     N_("another registry than the store's own; entered the same way"), false},
    ROW(DEPLOYMENTS, "list", NULL, NULL, N_("where models are served")),
    ROW(DEPLOYMENTS ".type", "text", "kubernetes|http", NULL, N_("the kind of system")),
    ROW(DEPLOYMENTS ".name", "text", NULL, NULL,
        N_("what it is called here; else the cluster's context or the host")),
    ROW(DEPLOYMENTS ".kubeconfig", "path", NULL, NULL,
        N_("kubernetes: the file; else $KUBECONFIG, ~/.kube/config, or the cluster we are in")),
    ROW(DEPLOYMENTS ".context", "text", NULL, NULL,
        N_("kubernetes: the context of that file; else its current one")),
    ROW(DEPLOYMENTS ".namespaces", "names", NULL, NULL,
        N_("kubernetes: only these, or \"*\" for all; else the context's")),
    ROW(DEPLOYMENTS ".selector", "text", NULL, NULL,
        N_("kubernetes: only what has these labels, for example app.kubernetes.io/part-of=ml")),
    ROW(DEPLOYMENTS ".probe", "yes/no", NULL, "no",
        N_("kubernetes: ask the model servers themselves, through the API server")),
    ROW(DEPLOYMENTS ".read-only", "yes/no", NULL, "no",
        N_("kubernetes: refuse every action there")),
    ROW(DEPLOYMENTS ".url", "text", NULL, NULL, N_("http: http(s)://HOST[:PORT][/PREFIX]")),
    ROW(DEPLOYMENTS ".protocol", "text",
        "auto|mlflow|oip|kserve|torchserve|tfserving|bentoml|generic", "auto",
        N_("http: what the server speaks")),
    ROW(DEPLOYMENTS ".model", "text", NULL, NULL, N_("http: the registered model that it serves")),
    ROW(DEPLOYMENTS ".served-name", "text", NULL, NULL,
        N_("http: the server's own name for it; else found out, else the model's")),
    ROW(DEPLOYMENTS ".health", "text", NULL, NULL,
        N_("http: path that answers while it is alive, for example /health")),
    ROW(DEPLOYMENTS ".ready", "text", NULL, NULL, N_("http: path that answers while it is ready")),
    ROW(DEPLOYMENTS ".info", "text", NULL, NULL, N_("http: path of a page about the model (JSON)")),
    ROW(DEPLOYMENTS ".version", "text", NULL, NULL,
        N_("http: where the version stands on that page, for example .model.version")),
    ROW(DEPLOYMENTS ".metrics", "text", NULL, NULL,
        N_("http: path or address of its metrics, or none; else the usual ones")),
    ROW(DEPLOYMENTS ".management", "text", NULL, NULL,
        N_("http: address of TorchServe's management API; else the port after its own (8081)")),
    ROW(DEPLOYMENTS ".reload", "text", NULL, NULL,
        N_("http: path that takes a POST to load another version")),
    ROW(DEPLOYMENTS ".reload-body", "text", NULL, "'{\"version\": \"{{version}}\"}'",
        N_("http: what is posted there")),
    ROW(DEPLOYMENTS ".traffic", "text", NULL, NULL,
        N_("http: path of the split: GET answers {TARGET: PERCENT}, PUT sets it")),
    ROW(DEPLOYMENTS ".test", "map", NULL, NULL, N_("http: a request to try it with")),
    ROW(DEPLOYMENTS ".test.path", "text", NULL, NULL, N_("http: its path")),
    ROW(DEPLOYMENTS ".test.body", "text", NULL, NULL, N_("http: what is posted there (JSON)")),
    ROW(DEPLOYMENTS ".group", "text", NULL, NULL,
        N_("http: endpoints of one group stand behind one split")),
    ROW(DEPLOYMENTS ".every", "duration", NULL, "10s", N_("http: how often it is asked")),
    LOGIN(DEPLOYMENTS),
    ROW("contexts.*.metrics", "map", NULL, NULL, N_("where figures over time come from")),
    ROW("contexts.*.metrics.type", "text", "prometheus", "prometheus", N_("the kind of system")),
    ROW("contexts.*.metrics.url", "text", NULL, NULL, N_("http(s)://HOST[:PORT][/PREFIX]")),
    LOGIN("contexts.*.metrics"),
    ROW("contexts.*.alerts", "map", NULL, NULL, N_("where alerts come from")),
    ROW("contexts.*.alerts.type", "text", "alertmanager", "alertmanager", N_("the kind of system")),
    ROW("contexts.*.alerts.url", "text", NULL, NULL, N_("http(s)://HOST[:PORT][/PREFIX]")),
    LOGIN("contexts.*.alerts"),
    LATER("contexts.*.pipelines", N_("where pipelines run")),
    LATER("contexts.*.data", N_("where data sets are described")),
    LATER("contexts.*.features", N_("where features are described")),
    ROW("contexts.*.models", "map", NULL, NULL, N_("gates and monitors of models")),
    ROW("contexts.*.models.*", "map", NULL, NULL, N_("one model")),
    LATER("contexts.*.models.*.gates", N_("what a version must meet to enter a stage")),
    LATER("contexts.*.models.*.on-drift", N_("what is started when it drifts")),
    ROW("contexts.*.models.*.monitors", "list", NULL, NULL, N_("what is watched of it")),
    ROW(MONITORS ".name", "text", NULL, NULL, N_("its name, once a model")),
    ROW(MONITORS ".current", "rows", NULL, NULL,
        N_("what is watched: rows of a file, a glob, sqlite:FILE?table=T, or - for standard "
           "input")),
    ROW(MONITORS ".query", "text", NULL, NULL,
        N_("what is watched: the value of a PromQL expression")),
    ROW(MONITORS ".histogram", "text", NULL, NULL,
        N_("what is watched: a histogram in Prometheus, by its selector")),
    ROW(MONITORS ".metric", "text", NULL, NULL,
        N_("what is watched: RUN_ID/KEY, a metric of a run")),
    ROW(MONITORS ".evidently", "rows", NULL, NULL,
        N_("what is watched: reports of Evidently: a file, a folder, or the address of its "
           "service")),
    ROW(MONITORS ".reference", "text", NULL, NULL,
        N_("against what: a file or glob, run:RUN_ID/PATH, dataset:RUN_ID, trailing 24h, last "
           "week, version:N or first")),
    ROW(MONITORS ".follow", "yes/no", NULL, "no", N_("the files grow: read what is appended")),
    ROW(MONITORS ".window", "text", NULL, "1h",
        N_("how much is compared at a time: 1h, 1000 rows; with a slide 1h/5m")),
    ROW(MONITORS ".slide", "text", NULL, NULL,
        N_("how far one window begins after the one before; else where that ends")),
    ROW(MONITORS ".method", "text", NULL, "psi",
        N_("how two sides are compared: psi, ks, js, wasserstein and others")),
    ROW(MONITORS ".threshold", "text", NULL, NULL,
        N_("from which value on it matters: 0.25, > 120, < 0.9, [0.1, 0.25], learned")),
    ROW(MONITORS ".warning", "number", NULL, NULL, N_("value of a warning")),
    ROW(MONITORS ".critical", "number", NULL, NULL, N_("value of an alert")),
    ROW(MONITORS ".every", "duration", NULL, "1m", N_("how often it is looked at")),
    ROW(MONITORS ".for", "duration", NULL, "0s", N_("how long it must last before it fires")),
    ROW(MONITORS ".severity", "text", "info|warning|critical", "critical",
        N_("severity of the alert")),
    ROW(MONITORS ".columns", "names", NULL, NULL, N_("only these columns")),
    ROW(MONITORS ".ignore", "names", NULL, NULL, N_("not these columns")),
    ROW(MONITORS ".types", "map", NULL, NULL,
        N_("num or cat for columns that would be guessed wrongly")),
    ROW(MONITORS ".types.*", "text", "num|cat", NULL, N_("num or cat")),
    ROW(MONITORS ".time", "text", NULL, NULL,
        N_("column that holds the time of a row; else guessed")),
    ROW(MONITORS ".version", "text", NULL, NULL, N_("column that holds the model's version")),
    ROW(MONITORS ".delimiter", "text", NULL, NULL,
        N_("what stands between the fields of CSV: one character, or tab; else guessed")),
    ROW(MONITORS ".min-rows", "number", NULL, NULL,
        N_("fewer rows than these are too few to judge")),
    ROW(MONITORS ".bad-rows", "share", NULL, "1%", N_("share of unreadable rows that is skipped")),
    ROW(MONITORS ".record", "yes/no", NULL, "yes",
        N_("also keep the figures as metrics of a run in the tracking store")),
    ROW(MONITORS ".step", "duration", NULL, NULL,
        N_("distance of the points that Prometheus is asked for")),
    NOTIFY("contexts.*.notify"),
    NOTIFY("notify"),
    ROW("contexts.*.textfile", "path", NULL, NULL,
        N_("file that the figures are written to for node_exporter, as OpenMetrics text")),
    LATER("views", N_("saved views")),
    {NULL, NULL, NULL, NULL, NULL, false},
};
