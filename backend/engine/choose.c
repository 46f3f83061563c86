#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "engine/address.h"
#include "engine/choose_login.h"
#include "engine/internal.h"
#include "engine/no_store.h"
#include "io/file.h"

#define HERE_DB     "mlflow.db"
#define HERE_FOLDER "mlruns"

static bool starts(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

static enum ncm_file_kind kind_of(const char *path)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    return ncm_file_stat(path, &info, &err) ? info.kind : NCM_FILE_OTHER;
}

/* A folder where MLflow keeps runs as files: some experiment in it has a meta.yaml. A folder of
 * that name beside a database often holds only artifacts. */
static bool is_file_store(const char *path)
{
    struct ncm_dir_entry *entries;
    size_t n = 0;
    bool truncated, found = false;
    struct ncm_err err;
    if (kind_of(path) != NCM_FILE_DIR || !ncm_dir_list(path, 200, &entries, &n, &truncated, &err)) {
        return false;
    }
    for (size_t i = 0; i < n && !found; i++) {
        if (entries[i].info.kind == NCM_FILE_DIR) {
            char *sub = ncm_path_join(path, entries[i].name);
            char *meta = ncm_path_join(sub, "meta.yaml");
            found = kind_of(meta) == NCM_FILE_REGULAR;
            ncm_free(meta);
            ncm_free(sub);
        }
    }
    ncm_dir_free(entries, n);
    return found;
}

/* "sqlite:", "sqlite+pysqlite:" … as SQLAlchemy spells a database URL; NULL for another scheme. */
static const char *after_sqlite(const char *uri)
{
    const char *colon = strstr(uri, "://");
    if (colon == NULL || !starts(uri, "sqlite")) {
        return NULL;
    }
    return uri[6] == ':' || uri[6] == '+' ? colon + 3 : NULL;
}

static bool sqlite_location(const char *uri, const char *rest, const char *dir, char **location,
                            struct ncm_err *err)
{
    /* sqlite:///REL has an empty host and "/" before the path; ////ABS keeps the second one. */
    if (rest[0] != '/') {
        ncm_fail(err, NCM_USAGE, _("'%s' is not an address of an SQLite file"), uri);
        return ncm_hint(err, "%s", _("sqlite:///FILE is relative, sqlite:////PATH is absolute"));
    }
    const char *path = rest + 1;
    size_t len = strcspn(path, "?");
    if (len == 0 || starts(path, ":memory:")) {
        return ncm_fail(err, NCM_USAGE, _("'%s' names no file: a store in memory cannot be opened"),
                        uri);
    }
    char *plain = ncm_strndup(path, len);
    *location = ncm_path_expand(plain, dir);
    ncm_free(plain);
    return true;
}

/* Kinds that are known though none of ours opens them: what to do instead is said later. */
static bool is_known_elsewhere(const char *uri)
{
    static const char *const schemes[] = {
        "databricks://", "databricks-uc", "postgresql", "postgres", "mysql", "mssql", "oracle"};
    if (strcmp(uri, "databricks") == 0) {
        return true;
    }
    for (size_t i = 0; i < sizeof schemes / sizeof schemes[0]; i++) {
        if (starts(uri, schemes[i]) && (strstr(uri, "://") != NULL || schemes[i][0] == 'd')) {
            return true;
        }
    }
    return false;
}

static bool server_location(const char *uri, char **location, struct ncm_err *err)
{
    char *server = ncm_uri_server(uri);
    const char *host = strstr(server, "://") + 3;
    if (host[0] == '\0' || host[0] == '/' || host[0] == ':') {
        ncm_fail(err, NCM_USAGE, _("'%s' names no host"), server);
        ncm_free(server);
        return ncm_hint(err, "%s", _("http(s)://HOST[:PORT][/PREFIX] of a tracking server"));
    }
    *location = server;
    return true;
}

/* For people: an address without user, password and parameters; a path with ~ for home. */
static char *label_of(const char *location)
{
    const char *host = strstr(location, "://");
    if (host != NULL) {
        host += 3;
        size_t start, end;
        const char *from = ncm_uri_user(location, &start, &end) ? location + end + 1 : host;
        return ncm_sprintf("%.*s%.*s", (int)(host - location), location, (int)strcspn(from, "?#"),
                           from);
    }
    const char *home = ncm_choose_env("HOME");
    size_t len = home != NULL ? strlen(home) : 0;
    if (len > 1 && strncmp(location, home, len) == 0 && location[len] == '/') {
        return ncm_sprintf("~%s", location + len);
    }
    return ncm_strdup(location);
}

bool ncm_store_location(const char *uri, const char *dir, char **location, struct ncm_err *err)
{
    if (uri[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("The name of the store is empty"));
    }
    const char *rest = after_sqlite(uri);
    if (rest != NULL) {
        return sqlite_location(uri, rest, dir, location, err);
    }
    if (ncm_uri_is_server(uri)) {
        return server_location(uri, location, err);
    }
    if (is_known_elsewhere(uri)) {
        *location = ncm_strdup(uri);
        return true;
    }
    char *path = ncm_path_from_uri(uri);
    if (path == NULL) {
        char *shown = label_of(uri);
        ncm_fail(err, NCM_USAGE, _("'%s' names no kind of store that is known"), shown);
        ncm_free(shown);
        return ncm_hint(err, "%s",
                        _("sqlite:///FILE, sqlite:////PATH, file://…, a path, http(s)://HOST"));
    }
    *location = ncm_path_expand(path, dir);
    ncm_free(path);
    return true;
}

static bool take(struct ncm_choice *out, const char *uri, const char *dir, char *why,
                 struct ncm_err *err)
{
    if (!ncm_store_location(uri, dir, &out->location, err)) {
        ncm_wrap(err, "%s", why);
        ncm_free(why);
        return false;
    }
    if (ncm_uri_is_server(uri)) {
        ncm_uri_login(uri, &out->access);
    }
    out->why = why;
    out->label = label_of(out->location);
    return true;
}

/* Another registry is entered as the store is, or as its own address says. */
static bool take_registry(struct ncm_choice *out, const char *uri, const char *dir,
                          const char *where, struct ncm_err *err)
{
    if (uri == NULL) {
        return true;
    }
    if (!ncm_store_location(uri, dir, &out->registry, err)) {
        return ncm_wrap(err, "%s", where);
    }
    if (strcmp(out->registry, out->location) == 0) {
        ncm_free(out->registry);
        out->registry = NULL;
        return true;
    }
    ncm_access_copy(&out->registry_access, &out->access);
    if (ncm_uri_is_server(uri)) {
        ncm_uri_login(uri, &out->registry_access);
    }
    return true;
}

/* What MLflow's own client would use at this address. */
static void take_environment(struct ncm_choice *out)
{
    const char *registry = ncm_choose_env("MLFLOW_REGISTRY_URI");
    if (ncm_uri_is_server(out->location) || (registry != NULL && ncm_uri_is_server(registry))) {
        ncm_access_environment(&out->access);
    }
}

static bool unknown_context(const char *name, const struct ncm_config *config, struct ncm_err *err)
{
    ncm_fail(err, NCM_NOT_FOUND, _("There is no context '%s'"), name);
    if (config == NULL || config->n_contexts == 0) {
        return ncm_hint(err, "%s", _("'ncmlops config init' makes a configuration file"));
    }
    char names[200] = "";
    size_t used = 0;
    for (size_t i = 0; i < config->n_contexts; i++) {
        const char *n = config->contexts[i].name;
        size_t len = strlen(n);
        if (used + len + 3 > sizeof names) {
            break;
        }
        memcpy(names + used, i > 0 ? ", " : "", i > 0 ? 2 : 0);
        used += i > 0 ? 2 : 0;
        memcpy(names + used, n, len + 1);
        used += len;
    }
    return ncm_hint(err, _("there are: %s"), names);
}

/* What a context says beside the store holds also where --store names another store. */
static bool adopt(struct ncm_choice *out, const char *name, const struct ncm_config *config,
                  const struct ncm_config_context **context, struct ncm_err *err)
{
    *context = config != NULL ? ncm_config_find(config, name) : NULL;
    if (*context == NULL) {
        return unknown_context(name, config, err);
    }
    out->context = ncm_strdup(name);
    out->protect = (*context)->protect;
    out->read_only = (*context)->read_only;
    return true;
}

/* What its paths are relative to; the caller frees. */
static char *folder_of(const struct ncm_config *config)
{
    const char *slash = config->path != NULL ? strrchr(config->path, '/') : NULL;
    return slash != NULL ? ncm_strndup(config->path, (size_t)(slash - config->path)) : NULL;
}

char *ncm_config_label(const struct ncm_config *c, const struct ncm_config_context *context)
{
    char *location = NULL;
    struct ncm_err ignored;
    if (context->tracking_uri == NULL) {
        return NULL;
    }
    char *dir = folder_of(c);
    char *label = ncm_store_location(context->tracking_uri, dir, &location, &ignored)
                      ? label_of(location)
                      : ncm_uri_shown(context->tracking_uri);
    ncm_free(dir);
    ncm_free(location);
    return label;
}

static bool take_context(struct ncm_choice *out, const struct ncm_config *config,
                         const struct ncm_config_context *c, char *why, struct ncm_err *err)
{
    if (c->tracking_uri == NULL) {
        ncm_free(why);
        ncm_fail(err, NCM_USAGE, _("The context '%s' names no store"), c->name);
        return ncm_hint(err, _("add 'tracking: {uri: …}' to contexts.%s"), c->name);
    }
    char *dir = folder_of(config);
    ncm_access_copy(&out->access, &c->access);
    bool ok = take(out, c->tracking_uri, dir, why, err);
    /* A context with credentials of its own takes none that were meant for another server. */
    if (ok && !ncm_access_logs_in(&out->access)) {
        take_environment(out);
    }
    ok = ok && take_registry(out, c->registry_uri, dir, "registry-uri", err);
    ncm_free(dir);
    return ok;
}

static bool nothing(struct ncm_err *err)
{
    if (kind_of(HERE_FOLDER) == NCM_FILE_DIR) {
        ncm_fail(err, NCM_NOT_FOUND,
                 _("There is no store to open: ./%s holds no experiments, only artifacts"),
                 HERE_FOLDER);
        ncm_detail(err, "%s", HERE_FOLDER);
    } else {
        ncm_fail(err, NCM_NOT_FOUND, _("There is no store to open"));
    }
    return ncm_hint(
        err, "%s",
        _("--store URI, --context NAME, MLFLOW_TRACKING_URI, or a folder with mlflow.db or "
          "mlruns; 'ncmlops demo' makes one to try everything on"));
}

/* A store whose own client would read MLflow's variables. */
static bool take_plain(struct ncm_choice *out, const char *uri, char *why, bool registry,
                       struct ncm_err *err)
{
    if (!take(out, uri, NULL, why, err)) {
        return false;
    }
    take_environment(out);
    return !registry || take_registry(out, ncm_choose_env("MLFLOW_REGISTRY_URI"), NULL,
                                      "MLFLOW_REGISTRY_URI", err);
}

static bool choose_plain(struct ncm_choice *out, struct ncm_err *err)
{
    const char *uri = ncm_choose_env("MLFLOW_TRACKING_URI");
    if (uri != NULL) {
        return take_plain(out, uri, ncm_strdup("MLFLOW_TRACKING_URI"), true, err);
    }
    if (kind_of(HERE_DB) != NCM_FILE_NONE) {
        return take_plain(out, HERE_DB, ncm_sprintf(_("%s is here"), HERE_DB), true, err);
    }
    if (is_file_store(HERE_FOLDER)) {
        return take_plain(out, HERE_FOLDER, ncm_sprintf(_("%s is here"), HERE_FOLDER), true, err);
    }
    return nothing(err);
}

static bool choose(const char *store, const char *name, const struct ncm_config *config,
                   struct ncm_choice *out, struct ncm_err *err)
{
    const struct ncm_config_context *c = NULL;
    if (name == NULL) {
        name = ncm_choose_env("NCMLOPS_CONTEXT");
    }
    if (name != NULL && !adopt(out, name, config, &c, err)) {
        return false;
    }
    if (store != NULL) {
        return take_plain(out, store, ncm_strdup("--store"), false, err);
    }
    if (c != NULL) {
        return take_context(out, config, c, ncm_sprintf(_("context %s"), name), err);
    }
    if (ncm_choose_env("MLFLOW_TRACKING_URI") == NULL && config != NULL &&
        config->current_context != NULL) {
        name = config->current_context;
        return adopt(out, name, config, &c, err) &&
               take_context(out, config, c, ncm_sprintf(_("context %s"), name), err);
    }
    return choose_plain(out, err);
}

/* Where the models are is worth knowing before what else lies here. */
static void note_also(struct ncm_choice *out)
{
    const char *registry = ncm_choose_env("MLFLOW_REGISTRY_URI");
    if (out->registry != NULL) {
        char *label = label_of(out->registry);
        out->also = ncm_sprintf(_("models and their stages are those of %s"), label);
        ncm_free(label);
        return;
    }
    char *db = ncm_path_expand(HERE_DB, NULL);
    char *folder = ncm_path_expand(HERE_FOLDER, NULL);
    char *other = NULL;
    struct ncm_err ignored;
    if (registry != NULL && (!ncm_store_location(registry, NULL, &other, &ignored) ||
                             strcmp(other, out->location) != 0)) {
        out->also = ncm_strdup(_("MLFLOW_REGISTRY_URI is not used: it belongs to the store that "
                                 "MLFLOW_TRACKING_URI names"));
    } else if (strcmp(out->location, db) != 0 && kind_of(db) == NCM_FILE_REGULAR) {
        out->also = ncm_sprintf(_("%s lies here too: --store %s opens it"), HERE_DB, HERE_DB);
    } else if (strcmp(out->location, folder) != 0 && is_file_store(folder)) {
        out->also =
            ncm_sprintf(_("%s lies here too: --store %s opens it"), HERE_FOLDER, HERE_FOLDER);
    }
    ncm_free(other);
    ncm_free(db);
    ncm_free(folder);
}

bool ncm_choose_store(const char *store, const char *context, const struct ncm_config *config,
                      struct ncm_choice *out, struct ncm_err *err)
{
    *out = (struct ncm_choice){0};
    if (!choose(store, context, config, out, err)) {
        ncm_choice_release(out);
        return false;
    }
    note_also(out);
    return true;
}

/* Something to show beside a store. */
static bool has_sources(const struct ncm_config_context *c)
{
    return c->deploy.n > 0 || c->watch.metrics.url != NULL || c->watch.alerts.url != NULL;
}

bool ncm_choose_none(const struct ncm_session_options *o, const struct ncm_config *config,
                     struct ncm_choice *out)
{
    bool named = o->store != NULL || ncm_choose_env("MLFLOW_TRACKING_URI") != NULL;
    const char *name = o->context != NULL ? o->context : ncm_choose_env("NCMLOPS_CONTEXT");
    const struct ncm_config_context *c = NULL;
    struct ncm_err ignored;
    *out = (struct ncm_choice){0};
    if (name == NULL && !named) {
        name = config->current_context;
    }
    if (name != NULL && !adopt(out, name, config, &c, &ignored)) {
        return false;
    }
    bool enough =
        o->need == NCM_NEED_NOTHING || (o->need == NCM_NEED_SOURCE && c != NULL && has_sources(c));
    bool chosen = c != NULL
                      ? c->tracking_uri != NULL || o->store != NULL
                      : named || kind_of(HERE_DB) != NCM_FILE_NONE || is_file_store(HERE_FOLDER);
    if (!enough || chosen) {
        ncm_choice_release(out);
        return false;
    }
    out->location = ncm_no_store_location(out->context);
    out->label = ncm_strdup(_("no store"));
    out->why = c != NULL ? ncm_sprintf(_("context %s"), name) : ncm_strdup(_("none was found"));
    return true;
}

bool ncm_choose_plain(struct ncm_choice *out, struct ncm_err *err)
{
    *out = (struct ncm_choice){0};
    if (!choose_plain(out, err)) {
        ncm_choice_release(out);
        return false;
    }
    return true;
}

void ncm_choice_release(struct ncm_choice *c)
{
    ncm_free(c->location);
    ncm_free(c->label);
    ncm_free(c->why);
    ncm_free(c->also);
    ncm_free(c->context);
    ncm_free(c->registry);
    ncm_access_release(&c->access);
    ncm_access_release(&c->registry_access);
    *c = (struct ncm_choice){0};
}

/* Says what works instead. */
static void unsupported(const struct ncm_choice *c, struct ncm_err *err)
{
    const char *where = c->location;
    if (starts(where, "databricks")) {
        ncm_fail(err, NCM_UNSUPPORTED, _("Databricks is not supported by this version"));
        ncm_hint(err, "%s", _("it opens MLflow's tracking servers, SQLite files and folders"));
    } else if (strstr(where, "://") != NULL && !ncm_uri_is_server(where)) {
        ncm_fail(err, NCM_UNSUPPORTED, _("%s is a database server: it is not opened directly"),
                 c->label);
        ncm_hint(err, "%s",
                 _("point ncmlops at the tracking server instead: --store http(s)://HOST"));
    } else if (kind_of(where) == NCM_FILE_DIR) {
        char *inside = ncm_path_join(where, HERE_DB);
        ncm_fail(err, NCM_UNSUPPORTED, _("The folder %s holds no runs of MLflow"), c->label);
        if (kind_of(inside) == NCM_FILE_REGULAR) {
            ncm_hint(err, "--store %s", inside);
        }
        ncm_free(inside);
    } else if (kind_of(where) == NCM_FILE_NONE && !ncm_uri_is_server(where)) {
        ncm_fail(err, NCM_NOT_FOUND, _("There is no file %s"), c->label);
    } else {
        ncm_fail(err, NCM_UNSUPPORTED, _("%s is no store that this version can open"), c->label);
    }
    if (c->also != NULL && err->hint[0] == '\0') {
        ncm_hint(err, "%s", c->also);
    }
}

const struct ncm_provider *ncm_choice_provider(const struct ncm_choice *c, struct ncm_err *err)
{
    if (ncm_is_no_store(c->location)) {
        return &ncm_no_store;
    }
    const struct ncm_provider *p = ncm_provider_for(c->location);
    if (p == NULL) {
        unsupported(c, err);
        if (err->detail[0] == '\0') {
            ncm_detail(err, _("chosen because: %s"), c->why);
        }
    }
    return p;
}
