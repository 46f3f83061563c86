/* What is kept between starts: never more than was allowed, never in the way, never wrong bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "io/cache.h"
#include "io/db.h"
#include "unit/scratch.h"

enum { MIB = 1 << 20 };

static char path[512];
static struct ncm_cache *cache;

static int set_up(void **state)
{
    (void)state;
    static int n;
    char name[64];
    snprintf(name, sizeof name, "state-%d/cache.db", n++);
    snprintf(path, sizeof path, "%s", scratch(name));
    cache = ncm_cache_open(path);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    ncm_cache_close(cache);
    return 0;
}

static int64_t earlier(void)
{
    return ncm_now_ms() - 3 * 3600 * 1000;
}

static void keep(const char *key, const char *text)
{
    ncm_cache_put(cache, key, text, strlen(text), earlier());
}

/* What is kept under the key; static memory; NULL: nothing. */
static const char *kept(struct ncm_cache *c, const char *key)
{
    static struct ncm_buf b;
    int64_t taken;
    ncm_buf_release(&b);
    ncm_buf_init(&b, 16 * MIB);
    return ncm_cache_get(c, key, &b, &taken) ? b.p : NULL;
}

static void *block(size_t len, int seed)
{
    unsigned char *p = ncm_alloc(len, 1);
    for (size_t i = 0; i < len; i++) {
        p[i] = (unsigned char)((i * 31 + (size_t)seed) & 0xff);
    }
    return p;
}

static int64_t size_of(const char *file)
{
    struct stat st;
    return stat(file, &st) == 0 ? (int64_t)st.st_size : -1;
}

static void bytes_and_their_time_come_back(void **state)
{
    (void)state;
    static const char bytes[] = "{\"a\":\0\xff 1}";
    struct ncm_buf b;
    int64_t then = earlier(), taken = 0;
    struct stat st;
    assert_null(kept(cache, "k"));
    assert_int_equal(size_of(path), -1); /* asking makes no file */
    ncm_cache_put(cache, "k", bytes, sizeof bytes, then);
    ncm_cache_put(cache, "empty", NULL, 0, then);
    ncm_buf_init(&b, 100);
    ncm_buf_puts(&b, "before ");
    assert_true(ncm_cache_get(cache, "k", &b, &taken));
    assert_int_equal(b.len, 7 + sizeof bytes);
    assert_memory_equal(b.p + 7, bytes, sizeof bytes);
    assert_true(taken == then);
    ncm_buf_release(&b);
    assert_string_equal(kept(cache, "empty"), "");
    assert_null(kept(cache, "other"));
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
    keep("k", "newer");
    assert_string_equal(kept(cache, "k"), "newer");
    ncm_cache_drop(cache, "k");
    assert_null(kept(cache, "k"));
}

static void it_outlives_the_program_and_tells_no_key(void **state)
{
    (void)state;
    keep("https://ml.example/ alice", "hers");
    ncm_cache_close(cache);
    cache = ncm_cache_open(path);
    assert_string_equal(kept(cache, "https://ml.example/ alice"), "hers");
    assert_null(kept(cache, "https://ml.example/ bob"));
    struct ncm_db *db;
    struct ncm_err err;
    int64_t n;
    assert_true(ncm_db_open(path, NCM_DB_READ, 0, NULL, &db, &err));
    assert_true(
        ncm_db_i64(db, "SELECT count(*) FROM entries WHERE key LIKE '%alice%'", 0, &n, &err));
    assert_int_equal(n, 0);
    ncm_db_close(db);
}

static void what_a_wrong_clock_read_is_not_shown(void **state)
{
    (void)state;
    ncm_cache_put(cache, "k", "x", 1, ncm_now_ms() + 3600 * 1000);
    assert_null(kept(cache, "k"));
}

static void the_file_stays_below_its_size(void **state)
{
    (void)state;
    void *p = block(4 * MIB, 1);
    char key[32];
    ncm_cache_put(cache, "looked at", "x", 1, earlier());
    for (int i = 0; i < 40; i++) {
        snprintf(key, sizeof key, "k%d", i);
        ncm_cache_put(cache, key, p, i % 2 != 0 ? 4 * MIB : 2100, earlier());
        assert_non_null(kept(cache, "looked at"));
        assert_in_range(size_of(path), 1, NCM_CACHE_MOST);
    }
    assert_null(kept(cache, "k0"));
    assert_null(kept(cache, "k3"));
    assert_non_null(kept(cache, "k38"));
    assert_non_null(kept(cache, "k39"));
    assert_non_null(kept(cache, "k29"));
    /* Too large to be kept: the old entry is no longer true. */
    void *large = block(NCM_CACHE_ENTRY_MOST + 1, 2);
    ncm_cache_put(cache, "k39", large, NCM_CACHE_ENTRY_MOST, earlier());
    assert_non_null(kept(cache, "k39"));
    ncm_cache_put(cache, "k39", large, NCM_CACHE_ENTRY_MOST + 1, earlier());
    assert_null(kept(cache, "k39"));
    ncm_free(large);
    ncm_free(p);
}

static void scribble(off_t at, const char *text)
{
    int fd = open(path, O_WRONLY);
    assert_true(fd >= 0);
    assert_int_equal(pwrite(fd, text, strlen(text), at), (ssize_t)strlen(text));
    close(fd);
}

static void damage_begins_it_anew(void **state)
{
    (void)state;
    keep("k", "old");
    scribble(0, "this is no database at all");
    assert_null(kept(cache, "k"));
    keep("k", "new");
    assert_string_equal(kept(cache, "k"), "new");
    ncm_cache_close(cache);
    /* Cut off, or of another kind, between two starts. */
    assert_int_equal(truncate(path, 5000), 0);
    cache = ncm_cache_open(path);
    assert_null(kept(cache, "k"));
    keep("k", "newer");
    assert_string_equal(kept(cache, "k"), "newer");
    ncm_cache_close(cache);
    struct ncm_db *db;
    struct ncm_err err;
    assert_true(ncm_db_open(path, NCM_DB_WRITE, 0, NULL, &db, &err));
    assert_true(ncm_db_exec(db, "DROP TABLE entries", &err));
    ncm_db_close(db);
    cache = ncm_cache_open(path);
    assert_null(kept(cache, "k"));
    keep("k", "newest");
    assert_string_equal(kept(cache, "k"), "newest");
}

static void a_flipped_byte_is_not_shown(void **state)
{
    (void)state;
    char *p = ncm_alloc(100001, 1);
    memset(p, 'a', 100000);
    keep("k", p);
    assert_non_null(kept(cache, "k"));
    ncm_cache_close(cache);
    scribble(size_of(path) - 5000, "b"); /* in a page that holds nothing but text */
    cache = ncm_cache_open(path);
    assert_null(kept(cache, "k"));
    keep("k", "again");
    assert_string_equal(kept(cache, "k"), "again");
    ncm_free(p);
}

static void two_programs_use_it_at_once(void **state)
{
    (void)state;
    enum { CHILDREN = 3, ROUNDS = 60 };
    pid_t pids[CHILDREN];
    for (int child = 0; child < CHILDREN; child++) {
        pids[child] = fork();
        assert_true(pids[child] >= 0);
        if (pids[child] == 0) {
            struct ncm_cache *c = ncm_cache_open(path);
            char key[32], text[32];
            bool wrong = false;
            for (int i = 0; i < ROUNDS; i++) {
                int of = (i * 7 + child) % 20;
                snprintf(key, sizeof key, "k%d", of);
                snprintf(text, sizeof text, "text %d", of);
                ncm_cache_put(c, key, text, strlen(text), earlier());
                const char *got = kept(c, key);
                wrong = wrong || (got != NULL && strcmp(got, text) != 0);
            }
            ncm_cache_close(c);
            _exit(wrong ? 1 : 0);
        }
    }
    for (int child = 0; child < CHILDREN; child++) {
        int status = -1;
        assert_int_equal(waitpid(pids[child], &status, 0), pids[child]);
        assert_int_equal(status, 0);
    }
    int there = 0;
    for (int i = 0; i < 20; i++) {
        char key[32];
        snprintf(key, sizeof key, "k%d", i);
        there += kept(cache, key) != NULL;
    }
    assert_true(there > 0);
}

static void a_lock_of_another_holds_nobody_up(void **state)
{
    (void)state;
    struct ncm_db *db;
    struct ncm_err err;
    keep("k", "old");
    assert_true(ncm_db_open(path, NCM_DB_WRITE, 0, NULL, &db, &err));
    assert_true(ncm_db_exec(db, "BEGIN EXCLUSIVE", &err));
    int64_t start = ncm_mono_ms();
    keep("k", "new");
    assert_null(kept(cache, "k"));
    assert_true(ncm_mono_ms() - start < 5000);
    ncm_db_rollback(db);
    ncm_db_close(db);
    assert_string_equal(kept(cache, "k"), "old");
}

static void a_full_disk_keeps_what_there_was(void **state)
{
    (void)state;
    keep("k", "old");
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        struct rlimit most = {.rlim_cur = MIB, .rlim_max = MIB};
        signal(SIGXFSZ, SIG_IGN);
        setrlimit(RLIMIT_FSIZE, &most);
        struct ncm_cache *c = ncm_cache_open(path);
        char *p = ncm_alloc(3 * MIB, 1);
        memset(p, 'x', 3 * MIB - 1);
        ncm_cache_put(c, "large", p, 3 * MIB - 1, earlier());
        ncm_cache_close(c);
        c = ncm_cache_open(path);
        const char *got = kept(c, "k");
        _exit(got != NULL && strcmp(got, "old") == 0 && kept(c, "large") == NULL ? 0 : 1);
    }
    int status = -1;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
    assert_string_equal(kept(cache, "k"), "old");
}

static void a_place_that_cannot_be_is_no_error(void **state)
{
    (void)state;
    char below[600];
    scratch_file("a file", "x", 1);
    snprintf(below, sizeof below, "%s/cache.db", scratch("a file"));
    struct ncm_cache *c = ncm_cache_open(below);
    ncm_cache_put(c, "k", "x", 1, earlier());
    assert_null(kept(c, "k"));
    ncm_cache_close(c);
    ncm_cache_put(NULL, "k", "x", 1, earlier());
    assert_null(kept(NULL, "k"));
    ncm_cache_drop(NULL, "k");
    assert_null(ncm_cache_open(NULL));
    ncm_cache_close(NULL);
}

static int clean(void **state)
{
    (void)state;
    kept(NULL, "");
    scratch_remove();
    return 0;
}

#define CASE(f) cmocka_unit_test_setup_teardown(f, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        CASE(bytes_and_their_time_come_back),
        CASE(it_outlives_the_program_and_tells_no_key),
        CASE(what_a_wrong_clock_read_is_not_shown),
        CASE(the_file_stays_below_its_size),
        CASE(damage_begins_it_anew),
        CASE(a_flipped_byte_is_not_shown),
        CASE(two_programs_use_it_at_once),
        CASE(a_lock_of_another_holds_nobody_up),
        CASE(a_full_disk_keeps_what_there_was),
        CASE(a_place_that_cannot_be_is_no_error),
    };
    return cmocka_run_group_tests(tests, NULL, clean);
}
