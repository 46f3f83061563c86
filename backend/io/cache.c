#include "io/cache.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/err.h"
#include "base/log.h"
#include "base/num.h"
#include "io/db.h"
#include "io/file.h"

enum {
    FORMAT = 1,
    BUSY_MS = 150,       /* a lane waits for it: rather keep nothing */
    RETRY_MS = 30000,    /* a place that cannot be written is not tried at every answer */
    PAGE = 4096,         /* bytes; set before the first table is made */
    SKEW_MS = 60 * 1000, /* what was read later than this from now was read by a wrong clock */
};

struct ncm_cache {
    char *path;
    struct ncm_db *db;
    dev_t device; /* of the open file: another one under that name is not thrown away */
    ino_t inode;
    int64_t retry_mono_ms;
};

struct ncm_cache *ncm_cache_open(const char *path)
{
    if (path == NULL) {
        return NULL;
    }
    struct ncm_cache *c = ncm_alloc(1, sizeof *c);
    c->path = ncm_strdup(path);
    return c;
}

static void shut(struct ncm_cache *c)
{
    ncm_db_close(c->db);
    c->db = NULL;
}

void ncm_cache_close(struct ncm_cache *c)
{
    if (c != NULL) {
        shut(c);
        ncm_free(c->path);
        ncm_free(c);
    }
}

/* The journal first: a new file must not be given what belongs to the old one. */
static void throw_away(struct ncm_cache *c)
{
    struct stat st;
    bool ours = stat(c->path, &st) == 0 && S_ISREG(st.st_mode) &&
                (c->inode == 0 || (st.st_dev == c->device && st.st_ino == c->inode));
    shut(c);
    if (ours) {
        char *journal = ncm_sprintf("%s-journal", c->path);
        (void)unlink(journal);
        (void)unlink(c->path);
        ncm_free(journal);
    }
    c->inode = 0;
}

static bool is_damage(enum ncm_code code)
{
    return code == NCM_INVALID_DATA || code == NCM_INTERNAL || code == NCM_REFUSED;
}

/* After a failed statement: the next one begins with a fresh file, or later. Returns false. */
static bool failed(struct ncm_cache *c, const struct ncm_err *err)
{
    ncm_log("cache: %s (%s)", err->what, err->detail);
    if (c->db != NULL) {
        ncm_db_rollback(c->db);
    }
    if (is_damage(err->code)) {
        throw_away(c);
    } else if (err->code != NCM_BUSY) {
        shut(c);
        c->retry_mono_ms = ncm_mono_ms() + RETRY_MS;
    }
    return false;
}

/* synchronous=OFF: a power cut may damage the file, which then is begun anew; the hash of each
 * entry finds what SQLite would not. No WAL: home folders lie on network disks. */
static const char set_up_sql[] = "PRAGMA synchronous=OFF; PRAGMA cache_size=-512;";
static const char schema_sql[] =
    "CREATE TABLE entries(key TEXT PRIMARY KEY, used INTEGER NOT NULL, taken_ms INTEGER NOT NULL,"
    " hash TEXT NOT NULL, body TEXT NOT NULL);"
    "CREATE INDEX entries_used ON entries(used);"
    "PRAGMA user_version=1;";

static bool make_tables(struct ncm_db *db, struct ncm_err *err)
{
    int64_t format = 0;
    if (!ncm_db_i64(db, "PRAGMA user_version", 0, &format, err)) {
        return false;
    }
    if (format == FORMAT) {
        return true;
    }
    if (format != 0) {
        return ncm_fail(err, NCM_INVALID_DATA, "the cache has another format");
    }
    bool ok = ncm_db_exec(db, "PRAGMA page_size=4096", err) && ncm_db_begin(db, err) &&
              ncm_db_i64(db, "PRAGMA user_version", 0, &format, err) &&
              (format == FORMAT || ncm_db_exec(db, schema_sql, err)) && ncm_db_commit(db, err);
    if (!ok) {
        ncm_db_rollback(db);
    }
    return ok;
}

static bool open_once(struct ncm_cache *c, bool create, struct ncm_err *err)
{
    struct stat st;
    if (!ncm_db_open(c->path, create ? NCM_DB_CREATE : NCM_DB_WRITE, BUSY_MS, NULL, &c->db, err)) {
        c->db = NULL;
        return false;
    }
    if (stat(c->path, &st) == 0) {
        c->device = st.st_dev;
        c->inode = st.st_ino;
        if ((st.st_mode & 077) != 0 && chmod(c->path, 0600) != 0) {
            shut(c);
            return ncm_fail(err, NCM_FORBIDDEN, "the cache is not ours");
        }
    }
    return ncm_db_exec(c->db, set_up_sql, err) && make_tables(c->db, err);
}

/* Makes sure of an open file with our tables. */
static bool ready(struct ncm_cache *c, bool create)
{
    struct ncm_err err;
    if (c->db != NULL) {
        return true;
    }
    if (ncm_mono_ms() < c->retry_mono_ms) {
        return false;
    }
    if (create) {
        const char *slash = strrchr(c->path, '/');
        char *dir = ncm_strndup(c->path, slash != NULL ? (size_t)(slash - c->path) : 0);
        bool there = slash == NULL || slash == c->path || ncm_dir_make(dir, 0700, &err);
        ncm_free(dir);
        if (!there) {
            return failed(c, &err);
        }
    }
    c->inode = 0;
    for (int tries = 0; tries < 2; tries++) {
        if (open_once(c, create, &err)) {
            return true;
        }
        if (err.code == NCM_NOT_FOUND && !create) {
            shut(c);
            return false;
        }
        failed(c, &err);
        if (!is_damage(err.code)) {
            break;
        }
    }
    shut(c);
    return false;
}

static void hash_of(const char *key, const void *p, size_t len, int64_t taken_ms, char out[65])
{
    char body[65];
    ncm_sha256_hex(p, len, body);
    char *all = ncm_sprintf("%s %s %lld", key, body, (long long)taken_ms);
    ncm_sha256_hex(all, strlen(all), out);
    ncm_free(all);
}

/* Keys are kept as hashes: of one length, and they tell nobody who was asked what. */
static void name_of(const char *key, char out[65])
{
    ncm_sha256_hex(key, strlen(key), out);
}

static bool run(struct ncm_db *db, const char *sql, const char *name, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row;
    if (!ncm_db_prepare(db, sql, &st, err)) {
        return false;
    }
    if (name != NULL) {
        ncm_bind_cstr(st, 1, name);
    }
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

/* Another program may have put a new file in this one's place. */
static bool moved(const struct ncm_cache *c)
{
    struct stat st;
    return stat(c->path, &st) != 0 || st.st_dev != c->device || st.st_ino != c->inode;
}

static bool begin(struct ncm_cache *c, bool create)
{
    if (c->db != NULL && moved(c)) {
        shut(c);
    }
    return ready(c, create);
}

/* *found: an entry was there and is whole. */
static bool read_entry(struct ncm_cache *c, const char *name, struct ncm_buf *out,
                       int64_t *taken_ms, bool *found, struct ncm_err *err)
{
    struct ncm_stmt *st;
    bool row = false;
    if (!ncm_db_prepare(c->db, "SELECT taken_ms, hash, body FROM entries WHERE key=?", &st, err)) {
        return false;
    }
    ncm_bind_cstr(st, 1, name);
    bool ok = ncm_stmt_step(st, &row, err);
    if (ok && row) {
        char hash[65];
        struct ncm_str body = ncm_col_text(st, 2);
        int64_t taken = ncm_col_i64(st, 0);
        hash_of(name, body.p != NULL ? body.p : "", body.len, taken, hash);
        if (!ncm_str_is(ncm_col_text(st, 1), hash)) {
            ok = ncm_fail(err, NCM_INVALID_DATA, "an entry of the cache is damaged");
        } else if (taken <= ncm_now_ms() + SKEW_MS && out->max - out->len >= body.len) {
            *found = ncm_buf_add(out, body.p, body.len);
            *taken_ms = taken;
        }
    }
    ncm_stmt_end(st);
    return ok;
}

bool ncm_cache_get(struct ncm_cache *c, const char *key, struct ncm_buf *out, int64_t *taken_ms)
{
    struct ncm_err err;
    bool found = false;
    char name[65];
    if (c == NULL || !begin(c, false)) {
        return false;
    }
    name_of(key, name);
    if (!read_entry(c, name, out, taken_ms, &found, &err)) {
        return failed(c, &err);
    }
    if (found && !run(c->db,
                      "UPDATE entries SET used=(SELECT max(used) FROM entries)+1 WHERE key=?"
                      " AND used<(SELECT max(used) FROM entries)",
                      name, &err)) {
        failed(c, &err);
    }
    return found;
}

/* Pages that `len` more bytes may take at most, with a share of inner pages. */
static int64_t pages_for(size_t len)
{
    return (int64_t)(len / (PAGE - 64)) + 4;
}

/* Lets the oldest go until so many pages are free. In a transaction. */
static bool make_room(struct ncm_db *db, int64_t pages, struct ncm_err *err)
{
    for (;;) {
        int64_t all, unused, entries;
        if (!ncm_db_i64(db, "PRAGMA page_count", 0, &all, err) ||
            !ncm_db_i64(db, "PRAGMA freelist_count", 0, &unused, err) ||
            !ncm_db_i64(db, "SELECT EXISTS(SELECT 1 FROM entries)", 0, &entries, err)) {
            return false;
        }
        if (entries == 0 || all - unused + pages <= (int64_t)(NCM_CACHE_MOST / PAGE)) {
            return true;
        }
        if (!run(db, "DELETE FROM entries WHERE used=(SELECT min(used) FROM entries)", NULL, err)) {
            return false;
        }
    }
}

static bool write_entry(struct ncm_db *db, const char *name, const void *p, size_t len,
                        int64_t taken_ms, struct ncm_err *err)
{
    struct ncm_stmt *st;
    char hash[65];
    bool row;
    if (!run(db, "DELETE FROM entries WHERE key=?", name, err) ||
        !make_room(db, pages_for(len), err) ||
        !ncm_db_prepare(db,
                        "INSERT INTO entries(key, used, taken_ms, hash, body) VALUES(?,"
                        " (SELECT coalesce(max(used), 0) FROM entries)+1, ?, ?, ?)",
                        &st, err)) {
        return false;
    }
    hash_of(name, p, len, taken_ms, hash);
    ncm_bind_cstr(st, 1, name);
    ncm_bind_i64(st, 2, taken_ms);
    ncm_bind_cstr(st, 3, hash);
    ncm_bind_text(st, 4, p, len);
    bool ok = ncm_stmt_step(st, &row, err);
    ncm_stmt_end(st);
    return ok;
}

void ncm_cache_put(struct ncm_cache *c, const char *key, const void *p, size_t len,
                   int64_t taken_ms)
{
    struct ncm_err err;
    char name[65];
    if (len > NCM_CACHE_ENTRY_MOST) {
        ncm_cache_drop(c, key);
        return;
    }
    if (c == NULL || !begin(c, true)) {
        return;
    }
    name_of(key, name);
    if (!ncm_db_begin(c->db, &err) ||
        !write_entry(c->db, name, len > 0 ? p : "", len, taken_ms, &err) ||
        !ncm_db_commit(c->db, &err)) {
        failed(c, &err);
    }
}

void ncm_cache_drop(struct ncm_cache *c, const char *key)
{
    struct ncm_err err;
    char name[65];
    if (c == NULL || !begin(c, false)) {
        return;
    }
    name_of(key, name);
    if (!run(c->db, "DELETE FROM entries WHERE key=?", name, &err)) {
        failed(c, &err);
    }
}
