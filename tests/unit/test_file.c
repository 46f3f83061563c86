#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"
#include "io/file_place.h"
#include "unit/scratch.h"

static void stat_tells_what_is_there(void **state)
{
    struct ncm_file_info info;
    struct ncm_err e;
    (void)state;
    assert_true(ncm_file_stat(scratch("absent"), &info, &e));
    assert_int_equal(info.kind, NCM_FILE_NONE);
    assert_true(ncm_file_stat(scratch_file("f", "abc", 3), &info, &e));
    assert_int_equal(info.kind, NCM_FILE_REGULAR);
    assert_int_equal(info.size, 3);
    assert_true(info.mtime_ms > 1500000000000);
    assert_true(ncm_file_stat(scratch("f/below"), &info, &e));
    assert_int_equal(info.kind, NCM_FILE_NONE);
    assert_true(ncm_file_stat("/", &info, &e));
    assert_int_equal(info.kind, NCM_FILE_DIR);
}

static void read_is_bounded_and_says_so(void **state)
{
    static char big[200000];
    struct ncm_buf b;
    struct ncm_err e;
    bool more;
    (void)state;
    for (size_t i = 0; i < sizeof big; i++)
        big[i] = (char)('a' + i % 26);
    const char *path = scratch_file("big", big, sizeof big);
    ncm_buf_init(&b, 1 << 20);
    assert_true(ncm_file_read(path, 0, sizeof big, &b, &more, &e));
    assert_false(more);
    assert_int_equal(b.len, sizeof big);
    assert_memory_equal(b.p, big, sizeof big);
    ncm_buf_clear(&b);
    assert_true(ncm_file_read(path, 26, 70000, &b, &more, &e));
    assert_true(more);
    assert_int_equal(b.len, 70000);
    assert_memory_equal(b.p, big, 70000);
    ncm_buf_clear(&b);
    assert_true(ncm_file_read(path, sizeof big, 10, &b, &more, &e));
    assert_false(more);
    assert_int_equal(b.len, 0);
    assert_true(ncm_file_read(path, 0, 0, &b, &more, &e));
    assert_true(more);
    ncm_buf_release(&b);
}

static void only_regular_files_are_read(void **state)
{
    struct ncm_buf b;
    struct ncm_err e;
    bool more;
    (void)state;
    ncm_buf_init(&b, 100);
    mkfifo(scratch("fifo"), 0600);
    assert_false(ncm_file_read(scratch("fifo"), 0, 10, &b, &more, &e));
    assert_int_equal(e.code, NCM_INVALID_DATA);
    assert_false(ncm_file_read("/dev/zero", 0, 10, &b, &more, &e));
    assert_false(ncm_file_read("/", 0, 10, &b, &more, &e));
    assert_non_null(strstr(e.what, "folder"));
    assert_false(ncm_file_read(scratch("absent"), 0, 10, &b, &more, &e));
    assert_int_equal(e.code, NCM_NOT_FOUND);
    assert_non_null(strstr(e.what, "absent"));
    ncm_buf_release(&b);
}

static void assert_holds(const char *path, const char *text)
{
    struct ncm_buf b;
    struct ncm_err e;
    bool more;
    ncm_buf_init(&b, 1000);
    assert_true(ncm_file_read(path, 0, 1000, &b, &more, &e));
    assert_string_equal(b.p, text);
    ncm_buf_release(&b);
}

static void write_replaces_whole_and_keeps_links(void **state)
{
    struct ncm_file_info info;
    struct ncm_err e;
    (void)state;
    const char *path = scratch("w/config.yaml");
    assert_true(ncm_dir_make(scratch("w"), 0700, &e));
    assert_true(ncm_file_write(path, "one", 3, 0600, &e));
    assert_holds(path, "one");
    assert_true(ncm_file_stat(path, &info, &e));
    assert_int_equal(info.mode, 0600);
    assert_int_equal(symlink("config.yaml", scratch("w/link")), 0);
    assert_true(ncm_file_write(scratch("w/link"), "two!", 4, 0640, &e));
    assert_holds(path, "two!");
    struct stat st;
    assert_int_equal(lstat(scratch("w/link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    struct ncm_dir_entry *entries;
    size_t n;
    bool more;
    assert_true(ncm_dir_list(scratch("w"), 10, &entries, &n, &more, &e));
    assert_int_equal(n, 2); /* no temporary file is left */
    ncm_dir_free(entries, n);
    assert_false(ncm_file_write(scratch("no/such/x"), "", 0, 0600, &e));
    assert_int_equal(e.code, NCM_NOT_FOUND);
}

static void folders_are_made_and_listed(void **state)
{
    struct ncm_dir_entry *entries;
    struct ncm_err e;
    size_t n;
    bool more;
    (void)state;
    assert_true(ncm_dir_make(scratch("d/e/f/"), 0700, &e));
    assert_true(ncm_dir_make(scratch("d/e/f"), 0700, &e));
    scratch_file("d/b", "", 0);
    scratch_file("d/a", "xy", 2);
    assert_false(ncm_dir_make(scratch("d/a/below"), 0700, &e));
    assert_int_equal(symlink("nowhere", scratch("d/dangling")), 0);
    assert_true(ncm_dir_list(scratch("d"), 10, &entries, &n, &more, &e));
    assert_int_equal(n, 4);
    assert_false(more);
    assert_string_equal(entries[0].name, "e");
    assert_int_equal(entries[0].info.kind, NCM_FILE_DIR);
    assert_string_equal(entries[1].name, "a");
    assert_int_equal(entries[1].info.size, 2);
    assert_string_equal(entries[2].name, "b");
    assert_int_equal(entries[3].info.kind, NCM_FILE_OTHER);
    ncm_dir_free(entries, n);
    assert_true(ncm_dir_list(scratch("d"), 2, &entries, &n, &more, &e));
    assert_int_equal(n, 2);
    assert_true(more);
    ncm_dir_free(entries, n);
    assert_false(ncm_dir_list(scratch("absent"), 2, &entries, &n, &more, &e));
    assert_int_equal(e.code, NCM_NOT_FOUND);
}

static void is(char *got, const char *wanted)
{
    if (wanted)
        assert_string_equal(got, wanted);
    else
        assert_null(got);
    ncm_free(got);
}

static void paths(void **state)
{
    (void)state;
    setenv("HOME", "/home/kim", 1);
    is(ncm_path_join("a", "b"), "a/b");
    is(ncm_path_join("a//", "/b"), "a/b");
    is(ncm_path_join("/", "b"), "/b");
    is(ncm_path_join("a", ""), "a");
    is(ncm_path_join("", "b"), "b");
    is(ncm_path_expand("~/x", NULL), "/home/kim/x");
    is(ncm_path_expand("~", NULL), "/home/kim");
    is(ncm_path_expand("$HOME/x", "/base"), "/home/kim/x");
    is(ncm_path_expand("~other/x", "/base"), "/base/~other/x");
    is(ncm_path_expand("./x//y/.", "/base"), "/base/x/y");
    is(ncm_path_expand("../x", "/base"), "/base/../x");
    is(ncm_path_expand("/abs/./x", "/base"), "/abs/x");
    is(ncm_path_expand("/", NULL), "/");
    is(ncm_path_from_uri("file:///a%20b/%EA%B0%80"), "/a b/가");
    is(ncm_path_from_uri("file://localhost/a"), "/a");
    is(ncm_path_from_uri("file:/a%zz"), "/a%zz");
    is(ncm_path_from_uri("./mlruns/0/a%20b"), "./mlruns/0/a%20b");
    is(ncm_path_from_uri("a:b/c"), "a:b/c");
    is(ncm_path_from_uri("file://host/a"), NULL);
    is(ncm_path_from_uri("file:///a%00b"), NULL);
    is(ncm_path_from_uri("s3://bucket/x"), NULL);
    is(ncm_path_from_uri("mlflow-artifacts:/1/x"), NULL);
    assert_true(ncm_path_inside("model/MLmodel"));
    assert_true(ncm_path_inside(""));
    assert_true(ncm_path_inside("a..b/..c"));
    assert_false(ncm_path_inside("/etc/passwd"));
    assert_false(ncm_path_inside("a/../../b"));
    assert_false(ncm_path_inside(".."));
    assert_false(ncm_path_inside("a/.."));
}

static void our_own_folders(void **state)
{
    (void)state;
    setenv("HOME", "/home/kim", 1);
    unsetenv("XDG_CONFIG_HOME");
    setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
    is(ncm_dir_config(), "/home/kim/.config/ncmlops");
    is(ncm_dir_state(), "/home/kim/.local/state/ncmlops");
    setenv("XDG_CONFIG_HOME", "/cfg/", 1);
    is(ncm_dir_config(), "/cfg/ncmlops");
}

static void hashes_and_random(void **state)
{
    char hex[65], a[33], b[33];
    struct ncm_buf out;
    (void)state;
    ncm_sha256_hex("abc", 3, hex);
    assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    ncm_sha256_hex("", 0, hex);
    assert_string_equal(hex, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
    ncm_random_hex(a, 16);
    ncm_random_hex(b, 16);
    assert_int_equal(strlen(a), 32);
    assert_int_equal(strspn(a, "0123456789abcdef"), 32);
    assert_string_not_equal(a, b);
    ncm_buf_init(&out, 10000);
    static const char *const known[] = {"", "f", "fo", "foo", "foob", "fooba", "foobar"};
    static const char *const codes[] = {"",         "Zg==",     "Zm8=",    "Zm9v",
                                        "Zm9vYg==", "Zm9vYmE=", "Zm9vYmFy"};
    for (size_t i = 0; i < 7; i++) {
        ncm_buf_clear(&out);
        ncm_base64(&out, known[i], strlen(known[i]));
        assert_string_equal(out.p, codes[i]);
    }
    static char zeros[100];
    ncm_buf_clear(&out);
    ncm_base64(&out, zeros, sizeof zeros);
    assert_int_equal(out.len, 136);
    assert_int_equal(strspn(out.p, "A"), 134);
    ncm_buf_release(&out);
}

static void lines_are_appended_and_cut_off_again(void **state)
{
    const char *path = scratch("lines/of/k");
    struct ncm_buf text;
    int64_t was, now, was2, now2;
    struct ncm_err err;
    bool more;
    (void)state;
    ncm_buf_init(&text, 100);
    assert_true(ncm_file_append(path, "1\n", 2, true, &was, &now, &err));
    assert_true(was == -1 && now == 2);
    assert_true(ncm_file_append(path, "2", 1, false, &was2, &now2, &err));
    assert_true(was2 == 2 && now2 == 3);
    /* The first one cannot be taken back any more. */
    assert_false(ncm_file_cut(path, now, was, &err));
    assert_int_equal(err.code, NCM_CONFLICT);
    /* A line left half written gets its end. */
    assert_true(ncm_file_append(path, "3\n", 2, false, &was2, &now2, &err));
    assert_true(was2 == 3 && now2 == 6);
    assert_true(ncm_file_read(path, 0, 100, &text, &more, &err));
    assert_string_equal(text.p, "1\n2\n3\n");
    assert_true(ncm_file_cut(path, 6, 2, &err));
    assert_true(ncm_file_cut(path, 2, -1, &err));
    assert_false(ncm_file_cut(path, 2, -1, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    ncm_buf_release(&text);
}

static void who_and_where(void **state)
{
    (void)state;
    char *user = ncm_whoami();
    char *host = ncm_hostname();
    const struct passwd *me = getpwuid(geteuid());
    if (me)
        assert_string_equal(user, me->pw_name);
    assert_true(*user && *host);
    ncm_free(user);
    ncm_free(host);
}

static int stop(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(stat_tells_what_is_there),
        cmocka_unit_test(read_is_bounded_and_says_so),
        cmocka_unit_test(only_regular_files_are_read),
        cmocka_unit_test(write_replaces_whole_and_keeps_links),
        cmocka_unit_test(folders_are_made_and_listed),
        cmocka_unit_test(paths),
        cmocka_unit_test(our_own_folders),
        cmocka_unit_test(hashes_and_random),
        cmocka_unit_test(lines_are_appended_and_cut_off_again),
        cmocka_unit_test(who_and_where),
    };
    return cmocka_run_group_tests(tests, NULL, stop);
}
