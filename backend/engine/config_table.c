/* Every setting there is: what a file may hold, what `config init` writes and what the manual
 * says are all made from these rows. A new setting is one row here and one field in config.h. */
#include "base/i18n.h"
#include "engine/config.h"

#define LATER(path, help)                                                                          \
    {                                                                                              \
        path, "any", NULL, NULL, help, true                                                        \
    }

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
     N_("sqlite:////PATH/mlflow.db or the path of the file"), false},
    LATER("contexts.*.tracking.token-env", N_("variable that holds the token of a server")),
    LATER("contexts.*.tracking.user", N_("user name at a server")),
    LATER("contexts.*.tracking.password-env", N_("variable that holds the password of a server")),
    LATER("contexts.*.tracking.registry-uri", N_("another registry than the tracking store's")),
    LATER("contexts.*.tracking.insecure-tls", N_("do not check a server's certificate")),
    LATER("contexts.*.tracking.ca", N_("certificates that a server's is checked with")),
    LATER("contexts.*.registry", N_("another registry than the tracking store's")),
    LATER("contexts.*.deployments", N_("where models are served")),
    LATER("contexts.*.metrics", N_("where figures over time come from")),
    LATER("contexts.*.alerts", N_("where alerts come from")),
    LATER("contexts.*.pipelines", N_("where pipelines run")),
    LATER("contexts.*.data", N_("where data sets are described")),
    LATER("contexts.*.features", N_("where features are described")),
    LATER("contexts.*.models", N_("gates and monitors of models")),
    LATER("contexts.*.notify", N_("who is told of alerts")),
    LATER("notify", N_("who is told of alerts")),
    LATER("views", N_("saved views")),
    {NULL, NULL, NULL, NULL, NULL, false},
};
