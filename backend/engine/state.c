#include "engine/state.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/i18n.h"
#include "io/file.h"

#define STATE_VERSION 3
#define BUSY_MS       10000
#define SUFFIX        ".ncmlops.db"

/* Records are only ever added: the triggers keep our own hands off, the hash chain shows others'.
 */
static const char *const schema_sql =
    "CREATE TABLE audit("
    " seq INTEGER PRIMARY KEY,"
    " id TEXT NOT NULL,"   /* of the action: an intent and its outcome share it */
    " part TEXT NOT NULL," /* intent, outcome */
    " time_ms INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " host TEXT NOT NULL,"
    " process TEXT NOT NULL," /* who may still be at it: see ops/audit.c */
    " store TEXT NOT NULL,"
    " action TEXT NOT NULL,"
    " subject TEXT NOT NULL,"
    " was TEXT,"
    " becomes TEXT,"
    " reason TEXT,"
    " undoes TEXT,"
    " changes TEXT NOT NULL,"
    " result TEXT,"
    " detail TEXT,"
    " previous TEXT NOT NULL,"
    " hash TEXT NOT NULL,"
    " UNIQUE(id, part));"
    "CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;"
    "CREATE TRIGGER audit_is_not_shortened BEFORE DELETE ON audit"
    " BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;"
    /* One row: the newest record, so that cutting off the end shows. */
    "CREATE TABLE audit_head(one INTEGER PRIMARY KEY CHECK(one=1), seq INTEGER NOT NULL,"
    " hash TEXT NOT NULL);"
    "INSERT INTO audit_head VALUES(1, 0, '');"
    "CREATE TABLE views(name TEXT PRIMARY KEY, kind TEXT NOT NULL, body TEXT NOT NULL);"
    "PRAGMA user_version=1;";

/* The watch: what monitors found, alerts, who is still to be told. A figure is named by what it is
 * of, so that whoever finds it a second time adds nothing. */
static const char *const watch_sql =
    "CREATE TABLE drift_windows("
    " monitor TEXT NOT NULL," /* MODEL/NAME */
    " recipe TEXT NOT NULL,"
    " end_ms INTEGER NOT NULL,"
    " start_ms INTEGER NOT NULL,"
    " n INTEGER NOT NULL,"     /* rows */
    " state TEXT NOT NULL,"
    " recorded INTEGER NOT NULL DEFAULT 0," /* also in the tracking store */
    " PRIMARY KEY(monitor, recipe, end_ms)) WITHOUT ROWID;"
    "CREATE TABLE drift_figures("
    " monitor TEXT NOT NULL,"
    " recipe TEXT NOT NULL,"
    " feature TEXT NOT NULL,"
    " end_ms INTEGER NOT NULL,"
    " value REAL,"
    " p_value REAL,"
    " n INTEGER NOT NULL,"
    " state TEXT NOT NULL,"
    " summary TEXT," /* counts and quantiles, never raw values */
    " PRIMARY KEY(monitor, recipe, feature, end_ms)) WITHOUT ROWID;"
    "CREATE TABLE monitors("
    " monitor TEXT PRIMARY KEY,"
    " recipe TEXT NOT NULL,"
    " position TEXT,"  /* where reading goes on after a restart */
    " run_id TEXT,"    /* of the monitor run in the tracking store */
    " checked_ms INTEGER," /* when it was last evaluated */
    " error TEXT);"
    "CREATE TABLE alerts("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " rule TEXT NOT NULL,"  /* MODEL/NAME of the monitor */
    " model TEXT NOT NULL,"
    " feature TEXT,"
    " severity TEXT NOT NULL,"
    " state TEXT NOT NULL," /* pending, firing, resolved */
    " summary TEXT NOT NULL,"
    " value REAL,"
    " threshold REAL,"
    " since_ms INTEGER NOT NULL,"
    " fired_ms INTEGER,"
    " until_ms INTEGER,"
    " ack_actor TEXT, ack_note TEXT, ack_ms INTEGER);"
    "CREATE UNIQUE INDEX alerts_open ON alerts(rule) WHERE state<>'resolved';"
    "CREATE TABLE silences("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " matchers TEXT NOT NULL,"
    " starts_ms INTEGER NOT NULL,"
    " ends_ms INTEGER NOT NULL,"
    " actor TEXT NOT NULL,"
    " comment TEXT NOT NULL);"
    "CREATE TABLE deliveries("
    " id INTEGER PRIMARY KEY AUTOINCREMENT,"
    " webhook TEXT NOT NULL,"
    " alert INTEGER NOT NULL,"
    " event TEXT NOT NULL," /* firing, resolved */
    " event_ms INTEGER NOT NULL,"
    " due_ms INTEGER NOT NULL,"
    " tries INTEGER NOT NULL DEFAULT 0,"
    " done_ms INTEGER,"
    " error TEXT,"
    " UNIQUE(webhook, alert, event, event_ms));"
    "CREATE TABLE leases(name TEXT PRIMARY KEY, holder TEXT NOT NULL, until_ms INTEGER NOT NULL);"
    "PRAGMA user_version=2;";

/* Plans of several steps over several systems: where each is, so that a restart goes on or takes it
 * back. */
static const char *const rollout_sql =
    "CREATE TABLE rollouts("
    " id TEXT PRIMARY KEY,"
    " title TEXT NOT NULL,"
    " model TEXT NOT NULL, version TEXT NOT NULL, stage TEXT NOT NULL,"
    " ref TEXT NOT NULL, kind TEXT,"
    " reason TEXT,"
    " archive INTEGER NOT NULL,"
    " ready_ms INTEGER NOT NULL,"
    " actor TEXT NOT NULL, host TEXT NOT NULL,"
    " process TEXT NOT NULL," /* who is at it: ops/process.h */
    " beat_ms INTEGER NOT NULL," /* when that one last said so */
    " created_ms INTEGER NOT NULL, ended_ms INTEGER,"
    " state TEXT NOT NULL,"
    " undoing INTEGER NOT NULL DEFAULT 0,"
    " position INTEGER NOT NULL DEFAULT 0);"
    "CREATE TABLE rollout_steps("
    " rollout TEXT NOT NULL,"
    " n INTEGER NOT NULL,"
    " kind TEXT NOT NULL,"
    " state TEXT NOT NULL,"
    " what TEXT NOT NULL,"
    " was TEXT, becomes TEXT,"
    " changes TEXT," /* as planned: what it found and what it wants */
    " audit_id TEXT,"
    " detail TEXT,"
    " started_ms INTEGER, ended_ms INTEGER,"
    " PRIMARY KEY(rollout, n)) WITHOUT ROWID;"
    "PRAGMA user_version=3;";

/* The store that lies beside "NAME.ncmlops.db": NAME itself or NAME with a usual ending. */
static bool store_beside(const char *path, struct stat *out)
{
    static const char *const endings[] = {"", ".db", ".sqlite", ".sqlite3", NULL};
    size_t len = strlen(path);
    size_t cut = strlen(SUFFIX);
    if (len <= cut || strcmp(path + len - cut, SUFFIX) != 0) {
        return false;
    }
    bool found = false;
    for (size_t i = 0; endings[i] != NULL && !found; i++) {
        char *name = ncm_sprintf("%.*s%s", (int)(len - cut), path, endings[i]);
        found = stat(name, out) == 0 && S_ISREG(out->st_mode);
        ncm_free(name);
    }
    return found;
}

/* Whoever may write the store may write its record. Where the group or owner cannot be given,
 * what is there stays: the mode is then no wider than the store's. */
static void take_mode(const char *path)
{
    struct stat store;
    if (!store_beside(path, &store)) {
        return;
    }
    struct stat own;
    bool same_group = stat(path, &own) == 0 &&
                      (own.st_gid == store.st_gid || chown(path, (uid_t)-1, store.st_gid) == 0);
    if (geteuid() == 0 && chown(path, store.st_uid, store.st_gid) != 0) {
        return;
    }
    mode_t mode = store.st_mode & (same_group ? 0666 : 0606);
    if (chmod(path, mode | 0600) != 0) {
        return;
    }
}

static bool read_version(struct ncm_db *db, int64_t *version, struct ncm_err *err)
{
    return ncm_db_i64(db, "PRAGMA user_version", 0, version, err);
}

static bool make_schema(struct ncm_db *db, struct ncm_err *err)
{
    int64_t version;
    if (!ncm_db_begin(db, err)) {
        return false;
    }
    /* Another process may have made it while we waited. */
    bool ok = read_version(db, &version, err) &&
              (version != 0 || ncm_db_exec(db, schema_sql, err)) &&
              (version >= 2 || ncm_db_exec(db, watch_sql, err)) &&
              (version >= 3 || ncm_db_exec(db, rollout_sql, err)) && ncm_db_commit(db, err);
    if (!ok) {
        ncm_db_rollback(db);
    }
    return ok;
}

static bool check_version(struct ncm_db *db, bool create, int64_t *version, struct ncm_err *err)
{
    if (!read_version(db, version, err)) {
        return false;
    }
    if (*version > STATE_VERSION) {
        ncm_fail(err, NCM_UNSUPPORTED, _("%s was made by a newer ncmlops"), ncm_db_path(db));
        return ncm_hint(err, _("use that release, or move the file away"));
    }
    if (*version == 0 && !create) {
        return ncm_fail(err, NCM_NOT_FOUND, _("%s holds no records yet"), ncm_db_path(db));
    }
    return true;
}

static bool make_folder(const char *path, struct ncm_err *err)
{
    const char *slash = strrchr(path, '/');
    struct stat there;
    if (slash == NULL || slash == path) {
        return true;
    }
    char *dir = ncm_strndup(path, (size_t)(slash - path));
    bool ok = stat(dir, &there) == 0 || ncm_dir_make(dir, 0700, err);
    ncm_free(dir);
    return ok;
}

/* Reading opens for writing too where it may: what a killed process left half written is then put
 * right by SQLite. */
static bool open_file(const char *path, bool create, struct ncm_db **out, struct ncm_err *err)
{
    if (create) {
        return make_folder(path, err) && ncm_db_open(path, NCM_DB_CREATE, BUSY_MS, NULL, out, err);
    }
    return ncm_db_open(path, NCM_DB_WRITE, BUSY_MS, NULL, out, err) ||
           (err->code != NCM_NOT_FOUND && ncm_db_open(path, NCM_DB_READ, BUSY_MS, NULL, out, err));
}

bool ncm_state_open(const char *path, bool create, struct ncm_db **out, struct ncm_err *err)
{
    struct stat before;
    bool fresh = stat(path, &before) != 0;
    struct ncm_db *db = NULL;
    int64_t version;
    *out = NULL;
    if (!open_file(path, create, &db, err)) {
        return false;
    }
    bool ok = check_version(db, create, &version, err);
    /* EXTRA: a commit must also outlive a power cut right after it. */
    ok = ok && (!create || ncm_db_exec(db, "PRAGMA synchronous=EXTRA", err));
    ok = ok && (version >= STATE_VERSION || !create || make_schema(db, err));
    if (!ok) {
        ncm_db_close(db);
        return false;
    }
    if (fresh && create) {
        take_mode(path);
    }
    *out = db;
    return true;
}
