#include "io/db.h"

#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"

#define CACHED_STATEMENTS 64
#define OPS_PER_POLL      2000        /* virtual machine steps between looks at the cancel flag */
#define LONGEST_VALUE     (256 << 20) /* one text or blob; hostile files may claim more */

struct ncm_stmt {
    sqlite3_stmt *s;
    struct ncm_db *db;
    char *sql;
    uint64_t hash;
    uint64_t used; /* clock of the cache */
    bool in_use, started;
    int bind_rc;
};

struct ncm_db {
    sqlite3 *h;
    char *path;
    char shown[160]; /* the path for messages, never too long for one */
    int busy_ms;
    const atomic_bool *cancel;
    atomic_bool interrupted;
    int64_t deadline; /* of the present statement's waiting; 0: not waited yet */
    uint64_t clock;
    struct ncm_stmt *cache[CACHED_STATEMENTS];
    size_t n_cache;
};

static bool cancelled(struct ncm_db *db)
{
    return atomic_load(&db->interrupted) || (db->cancel && atomic_load(db->cancel));
}

/* SQLite asks again and again while another program holds its lock. Short sleeps, so that neither
 * a cancel nor the lock's end is noticed late. */
static int on_busy(void *arg, int count)
{
    struct ncm_db *db = arg;
    int64_t now = ncm_mono_ms();
    if (db->deadline == 0)
        db->deadline = now + db->busy_ms;
    if (cancelled(db) || now >= db->deadline)
        return 0;
    int64_t ms = count < 6 ? 1 << count : 50;
    if (ms > db->deadline - now)
        ms = db->deadline - now;
    struct timespec ts = {.tv_nsec = (long)ms * 1000000};
    nanosleep(&ts, NULL);
    return !cancelled(db);
}

static int on_progress(void *arg)
{
    return cancelled(arg);
}

static void begin_statement(struct ncm_db *db)
{
    atomic_store(&db->interrupted, false);
    db->deadline = 0;
}

static bool has_prefix(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* The sentences that depend on more than the result code's class. */
static bool fail_special(struct ncm_db *db, int rc, const char *message, struct ncm_err *err)
{
    if (rc == SQLITE_READONLY_ROLLBACK || rc == SQLITE_READONLY_RECOVERY) {
        ncm_fail(err, NCM_READ_ONLY, _("%s: the store was interrupted while writing"), db->shown);
        return ncm_hint(err, _("open it once with write permission: the unfinished part is then "
                               "undone"));
    }
    if (rc == SQLITE_READONLY_DBMOVED) {
        ncm_fail(err, NCM_CONFLICT, _("%s was moved or replaced while it was open"), db->shown);
        return ncm_hint(err, _("open it again"));
    }
    if (has_prefix(message, "no such table") || has_prefix(message, "no such column")) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s does not have the expected tables: %s"), db->shown,
                 message);
        return ncm_hint(err, _("another program may be changing its schema; try again"));
    }
    return ncm_fail(err, NCM_INTERNAL, _("%s: the database refused a statement: %s"), db->shown,
                    message);
}

static const struct {
    int primary;
    enum ncm_code code;
    const char *what; /* follows the file's name and a colon */
    const char *hint;
} faults[] = {
    {SQLITE_NOTADB, NCM_INVALID_DATA, N_("this is not an SQLite database"),
     N_("name the database file itself, for example mlflow.db")},
    {SQLITE_CORRUPT, NCM_INVALID_DATA, N_("the database is damaged or cut off"),
     N_("restore it from a backup, or copy it again if it was copied while in use")},
    {SQLITE_CANTOPEN, NCM_IO, N_("the database or its journal cannot be opened"),
     N_("check the permissions of the file and of the folder it is in")},
    {SQLITE_PERM, NCM_FORBIDDEN, N_("no permission for this file"),
     N_("ask its owner for permission on the file and its folder")},
    {SQLITE_AUTH, NCM_FORBIDDEN, N_("no permission for this file"),
     N_("ask its owner for permission on the file and its folder")},
    {SQLITE_READONLY, NCM_READ_ONLY, N_("no permission to write to this file"),
     N_("ask its owner for write permission on the file and its folder")},
    {SQLITE_IOERR, NCM_IO, N_("reading or writing the file failed"),
     N_("check the disk or the network share that it is on")},
    {SQLITE_FULL, NCM_IO, N_("the disk is full, nothing was changed"),
     N_("free some space and try again")},
    {SQLITE_BUSY, NCM_BUSY, N_("locked by another program"),
     N_("wait until that program has finished writing, then try again")},
    {SQLITE_LOCKED, NCM_BUSY, N_("locked by another program"),
     N_("wait until that program has finished writing, then try again")},
    {SQLITE_PROTOCOL, NCM_BUSY, N_("locked by another program"),
     N_("wait until that program has finished writing, then try again")},
    {SQLITE_SCHEMA, NCM_CONFLICT, N_("another program is changing the schema"),
     N_("wait until its upgrade is done, then try again")},
    {SQLITE_CONSTRAINT, NCM_REFUSED, N_("a rule of the database forbids this change"), ""},
    {SQLITE_TOOBIG, NCM_TOO_LARGE, N_("a value in the database is too large"), ""},
    {SQLITE_NOMEM, NCM_TOO_LARGE, N_("not enough memory to read the database"), ""},
};

static bool fail(struct ncm_db *db, int rc, struct ncm_err *err)
{
    const char *message = db->h ? sqlite3_errmsg(db->h) : sqlite3_errstr(rc);
    int primary = rc & 0xFF;
    if (primary == SQLITE_INTERRUPT || (primary == SQLITE_BUSY && cancelled(db)))
        return ncm_fail(err, NCM_CANCELLED, _("cancelled"));
    bool special = primary == SQLITE_ERROR || rc == SQLITE_READONLY_ROLLBACK ||
                   rc == SQLITE_READONLY_RECOVERY || rc == SQLITE_READONLY_DBMOVED;
    size_t n = sizeof faults / sizeof faults[0];
    size_t i = special ? n : 0;
    while (i < n && faults[i].primary != primary)
        i++;
    if (i == n) {
        fail_special(db, rc, message, err);
    } else {
        ncm_fail(err, faults[i].code, "%s: %s", db->shown, _(faults[i].what));
        if (*faults[i].hint)
            ncm_hint(err, "%s", _(faults[i].hint));
    }
    /* Another program got there first: the caller re-reads and decides again. */
    if (rc == SQLITE_CONSTRAINT_UNIQUE || rc == SQLITE_CONSTRAINT_PRIMARYKEY)
        err->code = NCM_CONFLICT;
    int system = db->h ? sqlite3_system_errno(db->h) : 0;
    return ncm_detail(err, "%s; SQLite %d: %s%s%s", db->path, rc, message, system ? "; " : "",
                      system ? strerror(system) : "");
}

/* Faults that SQLite would only call "unable to open database file". Looks, never opens: closing
 * a descriptor of our own would drop the locks of another connection in this process. */
static bool look_before_open(struct ncm_db *db, enum ncm_db_mode mode, struct ncm_err *err)
{
    struct stat st;
    if (stat(db->path, &st) != 0) {
        if (errno == ENOENT && mode == NCM_DB_CREATE) {
            int fd = open(db->path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
            if (fd >= 0)
                close(fd);
            if (fd >= 0 || errno == EEXIST)
                return true;
        }
        int e = errno;
        enum ncm_code code = e == ENOENT || e == ENOTDIR ? NCM_NOT_FOUND
                             : e == EACCES               ? NCM_FORBIDDEN
                                                         : NCM_IO;
        if (code == NCM_NOT_FOUND && mode != NCM_DB_CREATE)
            ncm_fail(err, code, _("there is no file %s"), db->shown);
        else
            ncm_fail(err, code, _("cannot open %s: %s"), db->shown, strerror(e));
        return ncm_detail(err, "%s", db->path);
    }
    if (S_ISDIR(st.st_mode)) {
        ncm_fail(err, NCM_INVALID_DATA, _("%s is a folder, not a database file"), db->shown);
        return ncm_hint(err, _("name the file inside it, for example mlflow.db"));
    }
    if (!S_ISREG(st.st_mode))
        return ncm_fail(err, NCM_INVALID_DATA, _("%s is not a regular file"), db->shown);
    if (access(db->path, R_OK) != 0) {
        ncm_fail(err, NCM_FORBIDDEN, _("no permission to read %s"), db->shown);
        return ncm_hint(err, _("ask its owner for read permission on the file and its folder"));
    }
    return true;
}

/* A long path keeps its end: the file's name is what a person recognises. */
static void set_shown(struct ncm_db *db)
{
    size_t len = strlen(db->path);
    if (len < sizeof db->shown) {
        memcpy(db->shown, db->path, len + 1);
        return;
    }
    const char *tail = db->path + len - (sizeof db->shown - 8);
    while (((unsigned char)*tail & 0xC0) == 0x80)
        tail++;
    snprintf(db->shown, sizeof db->shown, "...%s", tail);
}

static bool set_up(struct ncm_db *db, enum ncm_db_mode mode, struct ncm_err *err)
{
    sqlite3_extended_result_codes(db->h, 1);
    sqlite3_limit(db->h, SQLITE_LIMIT_LENGTH, LONGEST_VALUE);
    sqlite3_busy_handler(db->h, on_busy, db);
    sqlite3_progress_handler(db->h, OPS_PER_POLL, on_progress, db);
    /* trusted_schema off: views and triggers of a foreign file get no functions with effects.
     * mmap off: a truncation underneath would be a SIGBUS. */
    if (!ncm_db_exec(db,
                     "PRAGMA foreign_keys=ON; PRAGMA case_sensitive_like=ON;"
                     "PRAGMA mmap_size=0; PRAGMA trusted_schema=OFF",
                     err))
        return false;
    int64_t n;
    if (!ncm_db_i64(db, "SELECT count(*) FROM sqlite_master", 0, &n, err))
        return false;
    if (mode != NCM_DB_READ && sqlite3_db_readonly(db->h, "main") == 1) {
        ncm_fail(err, NCM_READ_ONLY, _("no permission to write to %s"), db->shown);
        return ncm_hint(err, _("ask its owner for write permission on the file and its folder"));
    }
    return true;
}

void ncm_db_cancel_by(struct ncm_db *db, const atomic_bool *cancel)
{
    db->cancel = cancel;
}

bool ncm_db_open(const char *path, enum ncm_db_mode mode, int busy_ms, const atomic_bool *cancel,
                 struct ncm_db **out, struct ncm_err *err)
{
    struct ncm_db *db = ncm_alloc(1, sizeof *db);
    db->path = ncm_strdup(path);
    db->busy_ms = busy_ms;
    db->cancel = cancel;
    set_shown(db);
    bool ok = look_before_open(db, mode, err);
    if (ok) {
        int flags = mode == NCM_DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;
        if (mode == NCM_DB_CREATE)
            flags |= SQLITE_OPEN_CREATE;
        /* SQLite gives names such as ":memory:" and "file:…" a meaning; a path of ours has none. */
        char *name = ncm_sprintf("%s%s", path[0] == '/' ? "" : "./", path);
        int rc = sqlite3_open_v2(name, &db->h, flags | SQLITE_OPEN_NOMUTEX, NULL);
        ncm_free(name);
        ok = rc == SQLITE_OK ? set_up(db, mode, err) : fail(db, rc, err);
    }
    if (!ok) {
        ncm_db_close(db);
        return false;
    }
    *out = db;
    return true;
}

static void free_stmt(struct ncm_stmt *st)
{
    sqlite3_finalize(st->s);
    ncm_free(st->sql);
    ncm_free(st);
}

void ncm_db_set_busy(struct ncm_db *db, int busy_ms)
{
    db->busy_ms = busy_ms;
}

void ncm_db_close(struct ncm_db *db)
{
    if (!db)
        return;
    for (size_t i = 0; i < db->n_cache; i++)
        free_stmt(db->cache[i]);
    sqlite3_close_v2(db->h);
    ncm_free(db->path);
    ncm_free(db);
}

const char *ncm_db_path(const struct ncm_db *db)
{
    return db->path;
}

void ncm_db_interrupt(struct ncm_db *db)
{
    atomic_store(&db->interrupted, true);
    sqlite3_interrupt(db->h);
}

bool ncm_db_exec(struct ncm_db *db, const char *sql, struct ncm_err *err)
{
    begin_statement(db);
    if (cancelled(db))
        return fail(db, SQLITE_INTERRUPT, err);
    int rc = sqlite3_exec(db->h, sql, NULL, NULL, NULL);
    return rc == SQLITE_OK || fail(db, rc, err);
}

static uint64_t hash_of(const char *s)
{
    uint64_t h = 14695981039346656037u;
    for (; *s; s++)
        h = (h ^ (unsigned char)*s) * 1099511628211u;
    return h;
}

/* The place of the least recently used idle statement, or n_cache when all are busy. */
static size_t oldest_idle(const struct ncm_db *db)
{
    size_t best = db->n_cache;
    for (size_t i = 0; i < db->n_cache; i++)
        if (!db->cache[i]->in_use &&
            (best == db->n_cache || db->cache[i]->used < db->cache[best]->used))
            best = i;
    return best;
}

static bool remember(struct ncm_db *db, struct ncm_stmt *st)
{
    if (db->n_cache < CACHED_STATEMENTS) {
        db->cache[db->n_cache++] = st;
        return true;
    }
    size_t i = oldest_idle(db);
    if (i == db->n_cache)
        return false;
    free_stmt(db->cache[i]);
    db->cache[i] = st;
    return true;
}

bool ncm_db_prepare(struct ncm_db *db, const char *sql, struct ncm_stmt **out, struct ncm_err *err)
{
    uint64_t hash = hash_of(sql);
    bool in_cache = false;
    for (size_t i = 0; i < db->n_cache; i++) {
        struct ncm_stmt *st = db->cache[i];
        if (st->hash != hash || strcmp(st->sql, sql) != 0)
            continue;
        in_cache = true;
        if (st->in_use)
            break;
        st->in_use = true;
        st->used = ++db->clock;
        *out = st;
        return true;
    }
    sqlite3_stmt *s = NULL;
    begin_statement(db);
    if (cancelled(db))
        return fail(db, SQLITE_INTERRUPT, err);
    int rc = sqlite3_prepare_v3(db->h, sql, -1, SQLITE_PREPARE_PERSISTENT, &s, NULL);
    if (rc != SQLITE_OK)
        return fail(db, rc, err);
    struct ncm_stmt *st = ncm_alloc(1, sizeof *st);
    *st = (struct ncm_stmt){.s = s, .db = db, .hash = hash, .used = ++db->clock, .in_use = true};
    /* The same text twice at a time: the second one is not kept. sql NULL marks that. */
    if (!in_cache && remember(db, st))
        st->sql = ncm_strdup(sql);
    *out = st;
    return true;
}

static void note(struct ncm_stmt *st, int rc)
{
    if (rc != SQLITE_OK && st->bind_rc == SQLITE_OK)
        st->bind_rc = rc;
}

void ncm_bind_i64(struct ncm_stmt *st, int index, int64_t v)
{
    note(st, sqlite3_bind_int64(st->s, index, v));
}

void ncm_bind_double(struct ncm_stmt *st, int index, double v)
{
    note(st, sqlite3_bind_double(st->s, index, v));
}

void ncm_bind_text(struct ncm_stmt *st, int index, const char *p, size_t len)
{
    note(st, sqlite3_bind_text64(st->s, index, p, len, SQLITE_TRANSIENT, SQLITE_UTF8));
}

void ncm_bind_cstr(struct ncm_stmt *st, int index, const char *s)
{
    ncm_bind_text(st, index, s, s ? strlen(s) : 0);
}

void ncm_bind_null(struct ncm_stmt *st, int index)
{
    note(st, sqlite3_bind_null(st->s, index));
}

bool ncm_stmt_step(struct ncm_stmt *st, bool *row, struct ncm_err *err)
{
    *row = false;
    if (!st->started) {
        begin_statement(st->db);
        st->started = true;
    }
    if (st->bind_rc != SQLITE_OK)
        return fail(st->db, st->bind_rc, err);
    if (cancelled(st->db))
        return fail(st->db, SQLITE_INTERRUPT, err);
    int rc = sqlite3_step(st->s);
    *row = rc == SQLITE_ROW;
    return rc == SQLITE_ROW || rc == SQLITE_DONE || fail(st->db, rc, err);
}

void ncm_stmt_end(struct ncm_stmt *st)
{
    if (!st)
        return;
    if (!st->sql) {
        free_stmt(st);
        return;
    }
    sqlite3_reset(st->s);
    sqlite3_clear_bindings(st->s);
    st->bind_rc = SQLITE_OK;
    st->started = false;
    st->in_use = false;
}

bool ncm_stmt_run(struct ncm_stmt *st, struct ncm_err *err)
{
    bool row;
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

int ncm_stmt_columns(const struct ncm_stmt *st)
{
    return sqlite3_column_count(st->s);
}

const char *ncm_stmt_column(const struct ncm_stmt *st, int i)
{
    return sqlite3_column_name(st->s, i);
}

enum ncm_col_kind ncm_col_kind(struct ncm_stmt *st, int i)
{
    switch (sqlite3_column_type(st->s, i)) {
    case SQLITE_INTEGER:
        return NCM_COL_INT;
    case SQLITE_FLOAT:
        return NCM_COL_REAL;
    case SQLITE_TEXT:
        return NCM_COL_TEXT;
    case SQLITE_BLOB:
        return NCM_COL_BLOB;
    default:
        return NCM_COL_NULL;
    }
}

bool ncm_col_null(struct ncm_stmt *st, int i)
{
    return sqlite3_column_type(st->s, i) == SQLITE_NULL;
}

int64_t ncm_col_i64(struct ncm_stmt *st, int i)
{
    return sqlite3_column_int64(st->s, i);
}

double ncm_col_double(struct ncm_stmt *st, int i)
{
    return sqlite3_column_double(st->s, i);
}

double ncm_col_number(struct ncm_stmt *st, int i)
{
    return ncm_col_null(st, i) ? NAN : ncm_col_double(st, i);
}

struct ncm_str ncm_col_text(struct ncm_stmt *st, int i)
{
    if (sqlite3_column_type(st->s, i) == SQLITE_NULL)
        return (struct ncm_str){NULL, 0};
    const char *p = (const char *)sqlite3_column_text(st->s, i);
    if (!p)
        return (struct ncm_str){"", 0};
    return (struct ncm_str){p, (size_t)sqlite3_column_bytes(st->s, i)};
}

struct ncm_str ncm_col_dup(struct ncm_stmt *st, int i, struct ncm_arena *a)
{
    struct ncm_str s = ncm_col_text(st, i);
    return ncm_arena_str(a, s.p, s.len);
}

bool ncm_db_i64(struct ncm_db *db, const char *sql, int64_t fallback, int64_t *out,
                struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    if (!ncm_db_prepare(db, sql, &st, err))
        return false;
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok)
        *out = row && !ncm_col_null(st, 0) ? ncm_col_i64(st, 0) : fallback;
    ncm_stmt_end(st);
    return ok;
}

bool ncm_db_begin(struct ncm_db *db, struct ncm_err *err)
{
    return ncm_db_exec(db, "BEGIN IMMEDIATE", err);
}

/* A commit that fails is taken back at once: we never keep a lock that others wait for. */
bool ncm_db_commit(struct ncm_db *db, struct ncm_err *err)
{
    if (ncm_db_exec(db, "COMMIT", err))
        return true;
    ncm_db_rollback(db);
    return false;
}

void ncm_db_rollback(struct ncm_db *db)
{
    if (sqlite3_get_autocommit(db->h))
        return;
    /* Not even a cancel stops this one. */
    sqlite3_progress_handler(db->h, 0, NULL, NULL);
    sqlite3_exec(db->h, "ROLLBACK", NULL, NULL, NULL);
    sqlite3_progress_handler(db->h, OPS_PER_POLL, on_progress, db);
}

int ncm_db_changes(struct ncm_db *db)
{
    return sqlite3_changes(db->h);
}

int64_t ncm_db_last_rowid(struct ncm_db *db)
{
    return sqlite3_last_insert_rowid(db->h);
}

bool ncm_db_data_version(struct ncm_db *db, int64_t *out, struct ncm_err *err)
{
    return ncm_db_i64(db, "PRAGMA data_version", 0, out, err);
}

static bool finds(struct ncm_db *db, const char *sql, const char *a, const char *b)
{
    struct ncm_stmt *st;
    struct ncm_err ignored;
    bool row = false;
    if (!ncm_db_prepare(db, sql, &st, &ignored))
        return false;
    ncm_bind_cstr(st, 1, a);
    if (b)
        ncm_bind_cstr(st, 2, b);
    bool ok = ncm_stmt_step(st, &row, &ignored);
    ncm_stmt_end(st);
    return ok && row;
}

bool ncm_db_has_column(struct ncm_db *db, const char *table, const char *column)
{
    return finds(db, "SELECT 1 FROM pragma_table_xinfo(?) WHERE name=? COLLATE NOCASE", table,
                 column);
}

bool ncm_db_has_table(struct ncm_db *db, const char *table)
{
    return finds(db, "SELECT 1 FROM sqlite_master WHERE type='table' AND name=? COLLATE NOCASE",
                 table, NULL);
}

const char *ncm_db_library_version(void)
{
    return sqlite3_libversion();
}
