/* The provider's table: opening, closing and which function reads what. */
#include "provider/mlflow_sqlite/mlflow_sqlite.h"

#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/file.h"
#include "provider/mlflow_sqlite/internal.h"

/* A call that an interrupt meant for an earlier one hit is begun again, at most so often. */
#define MAX_RETRIES 4

/* "mlflow.db", or as MLflow writes it "sqlite:///mlflow.db" (four slashes: absolute). */
static const char *path_of(const char *location)
{
    static const char scheme[] = "sqlite:///";
    if (strncmp(location, scheme, sizeof(scheme) - 1) == 0)
        return location + sizeof(scheme) - 1;
    return location;
}

static bool ends_with(const char *s, const char *tail)
{
    size_t n = strlen(s), t = strlen(tail);
    return n >= t && strcmp(s + n - t, tail) == 0;
}

static int probe(const char *location)
{
    const char *path = path_of(location);
    struct ncm_file_info info;
    struct ncm_err err;
    struct ncm_db *db;
    if (path == location && strstr(location, "://") != NULL)
        return 0;
    bool named =
        ends_with(path, ".db") || ends_with(path, ".sqlite") || ends_with(path, ".sqlite3");
    int guess = path != location ? 60 : named ? 30 : 0;
    if (!ncm_file_stat(path, &info, &err) || info.kind == NCM_FILE_NONE)
        return guess;
    if (info.kind != NCM_FILE_REGULAR)
        return 0;
    if (!ncm_db_open(path, NCM_DB_READ, 200, NULL, &db, &err))
        return guess > 0 ? guess : 5;
    bool ours = ncm_db_has_table(db, "alembic_version") && ncm_db_has_table(db, "runs") &&
                ncm_db_has_column(db, "runs", "run_uuid");
    ncm_db_close(db);
    return ours ? 100 : guess > 0 ? guess : 5;
}

static void close_conn(struct ncm_conn *c)
{
    if (c == NULL)
        return;
    sqlite_watch_free(c->watch);
    ncm_db_close(c->db);
    if (c->wake >= 0)
        close(c->wake);
    ncm_free(c->path);
    ncm_free(c);
}

/* Opening for writing lets SQLite undo what a killed writer left half written; what was committed
 * stays as it is. Only where somebody who may write asked for it. */
static bool recover(const char *path, const struct ncm_control *control, struct ncm_err *err)
{
    struct ncm_db *db;
    if (err->code != NCM_READ_ONLY || control == NULL || !control->may_recover)
        return false;
    if (!ncm_db_open(path, NCM_DB_WRITE, SQLITE_BUSY_MS, NULL, &db, err))
        return false;
    ncm_db_close(db);
    return true;
}

/* Nobody can interrupt the connection before it is handed over: until then the caller's own flag
 * ends a wait for somebody's lock. */
static bool open_read(struct ncm_conn *c, const struct ncm_control *control, struct ncm_err *err)
{
    const atomic_bool *cancel = control != NULL ? control->cancel : NULL;
    return ncm_db_open(c->path, NCM_DB_READ, SQLITE_BUSY_MS, cancel, &c->db, err) ||
           (recover(c->path, control, err) &&
            ncm_db_open(c->path, NCM_DB_READ, SQLITE_BUSY_MS, cancel, &c->db, err));
}

/* case_sensitive_like is per connection: what MLflow's own sessions set. */
static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    if (control != NULL && !sqlite_go_on(control, err))
        return false;
    struct ncm_conn *c = ncm_alloc(1, sizeof(*c));
    c->path = ncm_strdup(path_of(place->location));
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    atomic_init(&c->stop, false);
    if (!open_read(c, control, err) || !ncm_db_exec(c->db, "PRAGMA case_sensitive_like=ON", err) ||
        !ncm_db_i64(c->db, "PRAGMA schema_version", 0, &c->schema_version, err)) {
        close_conn(c);
        return false;
    }
    if (!schema_detect(c->db, &c->schema, err)) {
        close_conn(c);
        return ncm_wrap(err, "%s", place->location);
    }
    ncm_db_cancel_by(c->db, &c->stop);
    *out = c;
    return true;
}

static void interrupt_conn(struct ncm_conn *c)
{
    uint64_t one = 1;
    atomic_store(&c->stop, true);
    ncm_db_interrupt(c->db);
    if (c->wake >= 0 && write(c->wake, &one, sizeof(one)) < 0)
        return; /* full: it is signalled already */
}

bool sqlite_go_on(const struct ncm_control *control, struct ncm_err *err)
{
    if (control->cancel != NULL && atomic_load(control->cancel))
        return ncm_fail(err, NCM_CANCELLED, _("Cancelled."));
    if (control->deadline_mono_ms != 0 && ncm_mono_ms() > control->deadline_mono_ms)
        return ncm_fail(err, NCM_TIMEOUT, _("Reading the store took too long."));
    return true;
}

static bool fetch_topic(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_STORE:
        return read_store(c, f, err);
    case NCM_T_EXPERIMENTS:
        return read_experiments(c, f, err);
    case NCM_T_RUN_KEYS:
        return read_run_keys(c, f, err);
    case NCM_T_RUNS:
        return read_runs(c, f, err);
    case NCM_T_RUN:
        return read_run(c, f, err);
    case NCM_T_SERIES:
        return read_series(c, f, err);
    case NCM_T_ARTIFACTS:
        return read_artifacts(c, f, err);
    case NCM_T_ARTIFACT:
        return read_artifact(c, f, err);
    case NCM_T_MODELS:
        return read_models(c, f, err);
    case NCM_T_FACTS:
        return read_facts(c, f, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, _("An MLflow store does not hold this."));
    }
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    for (int i = 0;; i++) {
        atomic_store(&c->stop, false);
        if (!sqlite_go_on(&f->control, err))
            return false;
        bool ok = schema_refresh(c, NULL, err) && fetch_topic(c, f, err);
        bool meant = f->control.cancel != NULL && atomic_load(f->control.cancel);
        if (ok || err->code != NCM_CANCELLED || meant || i >= MAX_RETRIES || f->sink != NULL)
            return ok;
    }
}

static char *state_path(const char *location)
{
    const char *path = path_of(location);
    const char *slash = strrchr(path, '/');
    char *dir = slash == NULL ? ncm_strdup(".") : ncm_strndup(path, (size_t)(slash - path) + 1);
    size_t n = strlen(path) - (ends_with(path, ".db") ? 3 : 0);
    char *out = ncm_sprintf("%.*s.ncmlops.db", (int)n, path);
    if (access(out, R_OK) != 0 && access(dir, W_OK) != 0) {
        ncm_free(out);
        out = NULL;
    }
    ncm_free(dir);
    return out;
}

const struct ncm_provider ncm_mlflow_sqlite = {
    .name = "mlflow-sqlite",
    .summary = N_("MLflow's SQLite store (mlflow.db), opened in place"),
    .capabilities = NCM_CAP_STAGES | NCM_CAP_ALIASES | NCM_CAP_WRITE | NCM_CAP_WATCH |
                    NCM_CAP_UNDO | NCM_CAP_ATOMIC,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = sqlite_watch,
    .apply = sqlite_apply,
    .check = sqlite_check,
    .present = sqlite_present,
    .state_path = state_path,
};
