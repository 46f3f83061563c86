#include "screen/withstand.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/text.h"
#include "screen/vt_inside.h"

static char folder[256];

void withstand_shell(const char *script, const char *arg)
{
    int status = 0;
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, "sh", folder, arg, (char *)NULL);
        _exit(127);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}

int withstand_setup(void **state)
{
    const char *tmp = getenv("TMPDIR");
    (void)state;
    snprintf(folder, sizeof folder, "%s/ncmlops-withstand-XXXXXX", tmp ? tmp : "/tmp");
    return mkdtemp(folder) != NULL ? 0 : -1;
}

int withstand_teardown(void **state)
{
    (void)state;
    withstand_shell("rm -rf \"$1\"", "");
    return 0;
}

const char *withstand_path(const char *name)
{
    static char paths[8][512];
    static unsigned next;
    char *out = paths[next++ % 8];
    snprintf(out, sizeof paths[0], "%s/%s", folder, name);
    return out;
}

void withstand_store(const char *version)
{
    withstand_shell("rm -rf \"$1\"/* \"$1\"/.[a-z]* && "
                    "gzip -dc \"tests/fixtures/mlflow-$2.db.gz\" >\"$1/mlflow.db\"",
                    version);
}

void withstand_sql(const char *sql)
{
    sqlite3 *db;
    char *message = NULL;
    assert_int_equal(sqlite3_open(withstand_path("mlflow.db"), &db), SQLITE_OK);
    sqlite3_busy_timeout(db, 20000);
    if (sqlite3_exec(db, sql, NULL, NULL, &message) != SQLITE_OK) {
        fprintf(stderr, "%s: %.200s\n", message, sql);
        fail();
    }
    sqlite3_close(db);
}

struct vt *withstand_open(int rows, int cols, const char *const *env)
{
    char store[600], home[600];
    const char *all[16] = {home};
    size_t n = 1;
    snprintf(store, sizeof store, "%s/mlflow.db", folder);
    snprintf(home, sizeof home, "HOME=%s", folder);
    for (size_t i = 0; env && env[i] && n < 15; i++)
        all[n++] = env[i];
    const char *argv[] = {"ncmlops", "--store", store, "--lang", "en", NULL};
    struct vt *vt = vt_spawn(rows, cols, all, argv);
    vt_wait_frame(vt, 1, 5000);
    return vt;
}

void withstand_quit(struct vt *vt)
{
    vt_send(vt, "\003");
    int status = vt_close(vt);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 130);
}

void withstand_go(struct vt *vt, const char *command)
{
    vt_key(vt, ":");
    vt_send(vt, command);
    vt_wait(vt, command, 0);
    vt_key(vt, "Enter");
}

void withstand_alive(struct vt *vt)
{
    vt_key(vt, "?");
    vt_wait(vt, "Keys here", 0);
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "Keys here", 0);
}

/* ---- the raw stream ---- */

/* One sequence of the terminal layer, its length; 0 where it is none. */
static size_t sequence(const char *p, size_t len)
{
    size_t i = 2;
    if (len < 2)
        return len; /* the rest comes with the next read */
    if (p[1] == '[') {
        while (i < len && ((unsigned char)p[i] >= 0x20 && (unsigned char)p[i] < 0x40))
            i++;
        return i < len && p[i] >= 0x40 && p[i] <= 0x7e ? i + 1 : i >= len ? len : 0;
    }
    if (p[1] == ']') { /* a title, a clipboard: to BEL or ST, with nothing but text within */
        while (i < len && ((unsigned char)p[i] >= 0x20))
            i++;
        if (i >= len)
            return len;
        return p[i] == '\a' ? i + 1 : p[i] == 27 && (i + 1 >= len || p[i + 1] == '\\') ? i + 2 : 0;
    }
    return strchr("78=>()cMDE", p[1]) ? (p[1] == '(' || p[1] == ')' ? 3 : 2) : 0;
}

static bool forbidden(uint32_t cp)
{
    return (cp < 0x20 && !strchr("\r\n\b\t\016\017", (int)cp)) || (cp >= 0x7f && cp < 0xa0) ||
           (cp >= 0x200b && cp <= 0x200f) || (cp >= 0x202a && cp <= 0x202e) ||
           (cp >= 0x2060 && cp <= 0x206f) || cp == 0xfeff || (cp >= 0xfe00 && cp <= 0xfe0f) ||
           (cp >= 0xe000 && cp <= 0xf8ff) || (cp >= 0xe0000 && cp <= 0xe0fff);
}

void withstand_check_raw(struct vt *vt)
{
    for (size_t i = 0; i < vt->raw_len;) {
        const char *p = vt->raw + i;
        size_t left = vt->raw_len - i, n;
        uint32_t cp;
        if (*p == 27) {
            n = sequence(p, left);
        } else {
            n = *p ? ncm_utf8_decode(p, left, &cp) : 0;
            if (n == 1 && cp == 0xfffd && left >= 4)
                n = 0;
            if (n > 0 && forbidden(cp))
                n = 0;
        }
        if (n == 0) {
            fprintf(stderr, "forbidden bytes at %zu of %zu:", i, vt->raw_len);
            for (size_t k = 0; k < 16 && k < left; k++)
                fprintf(stderr, " %02x", (unsigned char)p[k]);
            fprintf(stderr, "\n");
            vt_dump(vt, stderr);
            fail();
        }
        i += n;
    }
}

int64_t withstand_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

int withstand_slow(void)
{
    const char *slow = getenv("NCMLOPS_TEST_SLOW");
    int n = slow ? (int)strtol(slow, NULL, 10) : 1;
    return n > 0 ? n : 1;
}
