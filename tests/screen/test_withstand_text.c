/* Names and values that mean harm, and stores without or with too much of something. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "screen/withstand.h"

#define RUN(sql_values)                                                                            \
    "INSERT INTO runs(run_uuid,name,user_id,status,start_time,end_time,lifecycle_stage,"           \
    "artifact_uri,experiment_id,source_type) VALUES " sql_values ";"

/* A recursive word: n times 'x'. */
#define MANY(n) "replace(hex(zeroblob(" #n "/2)),'0','x')"

static const char hostile_sql[] =
    "UPDATE experiments SET name = 'evil'||char(27)||'[2J'||char(27)||']0;owned'||char(7)||'end'"
    " WHERE experiment_id = 3;"
    "INSERT INTO experiments(experiment_id,name,lifecycle_stage,creation_time,last_update_time) "
    "VALUES (90,'rtl'||char(8238)||'gnp.exe'||char(8236)||'end','active',1,9000000000001),"
    "(91,'zero'||char(8203)||char(8205)||char(65279)||'width','active',1,9000000000002),"
    "(92," MANY(
        4096) ",'active',1,9000000000003),"
              "(93,CAST(x'62616421ff80fe21656e64' AS TEXT),'active',1,9000000000004),"
              "(94,'line'||char(10)||'feed'||char(9)||'tab'||char(13)||'cr','active',1,"
              "9000000000005),"
              "(95,'c1'||char(155)||'31mred'||char(144)||'q','active',1,9000000000006);" RUN(
                  "('a0000000000000000000000000000001','run'||char(27)||'[31mred'||char(27)||'c','"
                  "u'||"
                  "char(27)||'[5m','RUNNING',9000000000000,NULL,'active','x'||char(27)||'x',3,'"
                  "LOCAL'),"
                  "('a0000000000000000000000000000002','rtl'||char(8238)||'x','u'||char(8203),'"
                  "FINISHED',"
                  "9000000000000,9000000000009,'active','x',3,'LOCAL'),"
                  "('a0000000000000000000000000000003'," MANY(
                      4096) ",'u','FAILED',9000000000000,1,"
                            "'active','x',3,'LOCAL'),"
                            "('a0000000000000000000000000000004',CAST(x'62ff80fe64' AS "
                            "TEXT),'u','FINISHED',"
                            "1,2,'active','x',3,'LOCAL'),"
                            "('a0000000000000000000000000000005','한글'||char(10)||'e'||char(769)||"
                            "char(769)||char(769)"
                            "||char(769)||char(769),'u','KILLED',5,6,'active','x',3,'LOCAL'),"
                            "('a0000000000000000000000000000006','a'||char(0)||'b','u','SCHEDULED',"
                            "5,NULL,'active',"
                            "'x',3,'LOCAL')") "INSERT INTO params(key,value,run_uuid) VALUES "
                                              "('long'," MANY(
                                                  6000) ",'a0000000000000000000000000000001'),"
                                                        "('esc'||char(27)||'[2J','v'||char(27)||']"
                                                        "52;c;AAAA'||char(7),"
                                                        "'a0000000000000000000000000000001'),"
                                                        "('p'||char(10)||'q','a'||char(10)||'b'||"
                                                        "char(8238),'"
                                                        "a0000000000000000000000000000001');"
                                                        "INSERT INTO tags(key,value,run_uuid) "
                                                        "VALUES "
                                                        "('t'||char(27)||'P','v'||char(155)||'2J','"
                                                        "a0000000000000000000000000000001'),"
                                                        "('mlflow.note.content','# "
                                                        "note'||char(27)||'[41m'||char(10)||char("
                                                        "8238)||'two',"
                                                        "'a0000000000000000000000000000001');"
                                                        "INSERT INTO "
                                                        "latest_metrics(key,value,timestamp,step,"
                                                        "is_nan,run_uuid) VALUES "
                                                        "('m'||char(27)||'[7m',0.5,9000000000000,0,"
                                                        "0,'a0000000000000000000000000000001'),"
                                                        "('nan',0,9000000000000,0,1,'"
                                                        "a0000000000000000000000000000001'),"
                                                        "('inf',1.7976931348623157e308,"
                                                        "9000000000000,0,0,'"
                                                        "a0000000000000000000000000000001');"
                                                        "INSERT INTO "
                                                        "metrics(key,value,timestamp,step,is_nan,"
                                                        "run_uuid) VALUES "
                                                        "('m'||char(27)||'[7m',0.25,8999999999999,-"
                                                        "1,0,'a0000000000000000000000000000001'),"
                                                        "('m'||char(27)||'[7m',0.5,9000000000000,0,"
                                                        "0,'a0000000000000000000000000000001'),"
                                                        "('nan',0,9000000000000,0,1,'"
                                                        "a0000000000000000000000000000001'),"
                                                        "('inf',1.7976931348623157e308,"
                                                        "9000000000000,0,0,'"
                                                        "a0000000000000000000000000000001');"
                                                        "INSERT INTO "
                                                        "registered_models(name,creation_time,last_"
                                                        "updated_time,description) VALUES "
                                                        "('aaa'||char(27)||'[2J'||char(8238)||'z',"
                                                        "1,9000000000000,'d'||char(27)||'[41m'),"
                                                        "('aab'||char(8203)||" MANY(
                                                            4096) ",1,9000000000000,'');"
                                                                  "INSERT INTO "
                                                                  "model_versions(name,version,"
                                                                  "creation_time,last_updated_time,"
                                                                  "description,user_id,"
                                                                  "current_stage,source,run_id,"
                                                                  "status) VALUES "
                                                                  "('aaa'||char(27)||'[2J'||char("
                                                                  "8238)||'z',1,1,9000000000000,'d'"
                                                                  "||char(27)||'[2J','u',"
                                                                  "'Production','s'||char(27)||'x',"
                                                                  "'a000000000000000000000000000000"
                                                                  "1','READY'),"
                                                                  "('aaa'||char(27)||'[2J'||char("
                                                                  "8238)||'z',2,1,9000000000000,'',"
                                                                  "'u','St'||char(27)||'[2J',"
                                                                  "'','nosuchrun','FAILED'||char("
                                                                  "27));";

/* Walks what there is in every pane, looking at nothing but that it goes on. */
static void walk(struct vt *vt)
{
    static const char *const keys[] = {
        "2", "j",     "j",   "Enter", "j",     "j",   "i",     "]",   "]",   "]",   "]",
        "]", "]",     "[",   "Esc",   "Space", "j",   "Space", "d",   "Tab", "j",   "Esc",
        "c", "Esc",   "s",   "Esc",   "m",     "Esc", "o",     "Esc", "3",   "j",   "Enter",
        "]", "d",     "Esc", "Esc",   "b",     "j",   "l",     "l",   "w",   "Esc", "9",
        "j", "Enter", "Esc", ":",     "a",     "a",   "a",     "Esc", "2",   "y",   "Y"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        vt_key(vt, keys[i]);
        vt_wait_quiet(vt, strcmp(keys[i], "Esc") == 0 ? 60 : 15);
    }
    for (int i = 0; i < 4; i++) {
        vt_key(vt, "Esc");
        vt_wait_quiet(vt, 40);
    }
}

/* The bar at the right of a table row, or the columns, stand where they stand in the row above. */
static int column_of(struct vt *vt, const char *text)
{
    int y, x = -1;
    assert_true(vt_find(vt, text, &y, &x));
    return x;
}

static void hostile_names_stay_text(void **state)
{
    static const int sizes[][2] = {{24, 80}, {50, 200}};
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        withstand_store("3.17.2");
        withstand_sql(hostile_sql);
        struct vt *vt = withstand_open(sizes[i][0], sizes[i][1], NULL);
        vt_wait(vt, "line feed", 0);
        walk(vt);
        withstand_alive(vt);
        withstand_check_raw(vt);
        assert_false(vt_saw(vt, "owned\a"));
        assert_null(strstr(vt_title(vt), "owned"));
        withstand_quit(vt);
    }
}

/* The same in a locale without UTF-8: nothing above ASCII leaves. */
static void hostile_names_in_ascii(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql(hostile_sql);
    struct vt *vt = withstand_open(24, 80, (const char *[]){"LC_ALL=C", NULL});
    vt_wait(vt, "line feed", 0);
    walk(vt);
    withstand_alive(vt);
    withstand_check_raw(vt);
    for (int b = 0x80; b < 0x100; b++)
        assert_false(vt_saw(vt, (char[]){(char)b, 0}));
    withstand_quit(vt);
}

static void columns_stay_aligned(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql(hostile_sql);
    struct vt *vt = withstand_open(60, 200, NULL);
    vt_wait(vt, "hpo-parent", 0);
    vt_wait(vt, "● running", 0);
    int at = column_of(vt, "running");
    assert_int_equal(column_of(vt, "finished"), at);
    assert_int_equal(column_of(vt, "failed"), at);
    assert_int_equal(column_of(vt, "killed"), at);
    /* the line between the two parts stands straight beside every name */
    int x = -1;
    for (int y = 3; y < 50; y++) {
        int here = 0;
        while (here < vt_cols(vt) && vt_cell(vt, y, here).ch != 0x2502)
            here++;
        x = x < 0 ? here : x;
        assert_int_equal(here, x);
    }
    withstand_quit(vt);
}

/* ---- nothing, or too much ---- */

static void an_empty_store(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql("PRAGMA foreign_keys=OFF; DELETE FROM metrics; DELETE FROM latest_metrics;"
                  "DELETE FROM params; DELETE FROM tags; DELETE FROM runs; DELETE FROM inputs;"
                  "DELETE FROM model_versions; DELETE FROM registered_models;"
                  "DELETE FROM registered_model_aliases; DELETE FROM logged_models;"
                  "DELETE FROM experiments WHERE experiment_id > 0;");
    struct vt *vt = withstand_open(24, 80, NULL);
    vt_wait(vt, "live", 0);
    walk(vt);
    withstand_alive(vt);
    withstand_quit(vt);

    withstand_sql("DELETE FROM experiments;");
    vt = withstand_open(24, 80, NULL);
    vt_wait(vt, "live", 0);
    walk(vt);
    withstand_alive(vt);
    withstand_quit(vt);
}

static void not_an_mlflow_database(void **state)
{
    static const char *const makes[] = {
        ": >\"$1/mlflow.db\"", "yes text | head -c 9000 >\"$1/mlflow.db\"",
        "truncate -s 30000 \"$1/mlflow.db\"", "rm \"$1/mlflow.db\"; mkdir \"$1/mlflow.db\""};
    (void)state;
    for (size_t i = 0; i < sizeof makes / sizeof *makes; i++) {
        withstand_store("2.9.2");
        withstand_shell(makes[i], "");
        const char *argv[] = {"ncmlops", "--store", withstand_path("mlflow.db"), NULL};
        struct vt *vt = vt_spawn(24, 80, NULL, argv);
        vt_wait_frame(vt, 0, 0);
        vt_wait_quiet(vt, 1500); /* either it says why and ends, or it stays up and says why */
        assert_false(vt_has(vt, "● live"));
        vt_send(vt, "\003");
        vt_wait_quiet(vt, 100);
        assert_true(WIFEXITED(vt_close(vt)));
    }
}

static void twenty_thousand_metrics(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql(
        RUN("('c0000000000000000000000000000001','very-many','u','RUNNING',9000000000000,NULL,"
            "'active','x',5,'LOCAL')") "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM "
                                       "n WHERE i<20000) "
                                       "INSERT INTO "
                                       "latest_metrics(key,value,timestamp,step,is_nan,run_uuid) "
                                       "SELECT "
                                       "printf('layer.%05d/grad',i),i*0.5,9000000000000,0,0,"
                                       "'c0000000000000000000000000000001' FROM n;"
                                       "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM "
                                       "n WHERE i<20000) "
                                       "INSERT INTO "
                                       "metrics(key,value,timestamp,step,is_nan,run_uuid) SELECT "
                                       "printf('layer.%05d/grad',i),i*0.5,9000000000000,0,0,"
                                       "'c0000000000000000000000000000001' FROM n;");
    struct vt *vt = withstand_open(40, 140, NULL);
    vt_wait(vt, "very-many", 0);
    vt_key(vt, "Tab");
    vt_wait_quiet(vt, 100);
    vt_key(vt, "Enter");
    vt_wait(vt, "layer.0000", 5000);
    static const char *const keys[] = {"j", "PgDn", "k", "End", "Home", "j"};
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        vt_wait_quiet(vt, 150);
        size_t frames = vt_frames(vt);
        int64_t start = withstand_ms();
        vt_key(vt, keys[i]);
        vt_wait_frame(vt, frames + 1, 0);
        assert_true(withstand_ms() - start < 100 * withstand_slow());
    }
    withstand_quit(vt);
}

static void odd_times(void **state)
{
    (void)state;
    withstand_store("3.17.2");
    withstand_sql(
        RUN("('d0000000000000000000000000000001','ahead','u','FINISHED',9223372036854775807,"
            "-9223372036854775807,'active','x',5,'LOCAL'),"
            "('d0000000000000000000000000000002','backward','u','FINISHED',9000000000000,"
            "8999999000000,'active','x',5,'LOCAL'),"
            "('d0000000000000000000000000000003','no-start','u','FINISHED',NULL,5,'active','x',5,"
            "'LOCAL'),"
            "('d0000000000000000000000000000004','negative','u','RUNNING',-62135596800000,NULL,"
            "'active','x',5,'LOCAL')"));
    struct vt *vt = withstand_open(60, 200, NULL);
    vt_wait(vt, "backward", 0);
    vt_wait(vt, "ahead", 0);
    walk(vt);
    withstand_alive(vt);
    withstand_check_raw(vt);
    withstand_quit(vt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hostile_names_stay_text),
        cmocka_unit_test(hostile_names_in_ascii),
        cmocka_unit_test(columns_stay_aligned),
        cmocka_unit_test(an_empty_store),
        cmocka_unit_test(not_an_mlflow_database),
        cmocka_unit_test(twenty_thousand_metrics),
        cmocka_unit_test(odd_times),
    };
    return cmocka_run_group_tests(tests, withstand_setup, withstand_teardown);
}
