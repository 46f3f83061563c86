/* Our own state file: who may read it, what release made it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "engine/state.h"
#include "unit/scratch.h"

static struct ncm_err err;

static unsigned mode_of(const char *path)
{
    struct stat st;
    assert_int_equal(stat(path, &st), 0);
    return st.st_mode & 0777;
}

static void is_made_once_and_opened_again(void **state)
{
    struct ncm_db *db;
    int64_t n;
    (void)state;
    const char *path = scratch("own.ncmlops.db");
    assert_false(ncm_state_open(path, false, &db, &err));
    assert_int_equal(err.code, NCM_NOT_FOUND);
    assert_true(ncm_state_open(path, true, &db, &err));
    assert_true(ncm_db_i64(db, "SELECT count(*) FROM audit", -1, &n, &err));
    assert_int_equal(n, 0);
    ncm_db_close(db);
    assert_int_equal(mode_of(path), 0600);
    assert_true(ncm_state_open(path, false, &db, &err));
    ncm_db_close(db);
}

static void takes_the_mode_of_the_store_beside_it(void **state)
{
    struct ncm_db *db;
    (void)state;
    static const unsigned modes[] = {0640, 0664, 0600};
    for (size_t i = 0; i < 3; i++) {
        char name[32] = "mode0.db", own[32] = "mode0.ncmlops.db";
        name[4] = own[4] = (char)('0' + i);
        const char *store = scratch_file(name, "x", 1);
        assert_int_equal(chmod(store, modes[i]), 0);
        assert_true(ncm_state_open(scratch(own), true, &db, &err));
        ncm_db_close(db);
        assert_int_equal(mode_of(scratch(own)), modes[i]);
    }
}

static void of_a_newer_release_is_left_alone(void **state)
{
    struct ncm_db *db;
    (void)state;
    const char *path = scratch("newer.ncmlops.db");
    assert_true(ncm_state_open(path, true, &db, &err));
    assert_true(ncm_db_exec(db, "PRAGMA user_version=99", &err));
    ncm_db_close(db);
    assert_false(ncm_state_open(path, true, &db, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
    assert_false(ncm_state_open(path, false, &db, &err));
    assert_int_equal(err.code, NCM_UNSUPPORTED);
}

static void cannot_be_rewritten_by_our_own_hands(void **state)
{
    struct ncm_db *db;
    (void)state;
    assert_true(ncm_state_open(scratch("kept.ncmlops.db"), true, &db, &err));
    assert_true(ncm_db_exec(db,
                            "INSERT INTO audit(seq,id,part,time_ms,actor,host,process,store,"
                            "action,subject,changes,previous,hash)"
                            " VALUES(1,'a','intent',1,'','','','','','','','','')",
                            &err));
    assert_false(ncm_db_exec(db, "UPDATE audit SET actor='x'", &err));
    assert_false(ncm_db_exec(db, "DELETE FROM audit", &err));
    ncm_db_close(db);
}

static int remove_scratch(void **state)
{
    (void)state;
    scratch_remove();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_made_once_and_opened_again),
        cmocka_unit_test(takes_the_mode_of_the_store_beside_it),
        cmocka_unit_test(of_a_newer_release_is_left_alone),
        cmocka_unit_test(cannot_be_rewritten_by_our_own_hands),
    };
    return cmocka_run_group_tests(tests, NULL, remove_scratch);
}
