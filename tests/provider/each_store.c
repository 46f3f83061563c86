#include "provider/each_store.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#include <cmocka.h>

#include "base/num.h"
#include "provider/fake_mlflow.h"
#include "provider/file_stores.h"
#include "provider/mlflow_files/mlflow_files.h"
#include "provider/mlflow_rest/mlflow_rest.h"

struct each_store each;
struct ncm_receipt each_receipt;

int each_sql(void **state)
{
    bool modern = *state != NULL;
    small_open(&each.sql, modern ? "monitor-new.db" : "monitor-old.db", modern);
    each.p = each.sql.ctx.provider;
    each.conn = each.sql.conn;
    return 0;
}

int each_sql_end(void **state)
{
    (void)state;
    small_close(&each.sql);
    return 0;
}

int each_files(void **state)
{
    static int serial;
    char name[32];
    (void)state;
    snprintf(name, sizeof name, "monitor-%d", serial++);
    each.root = folder_make(name);
    each.p = &ncm_mlflow_files;
    each.conn = folder_open(each.root);
    return 0;
}

int each_files_end(void **state)
{
    (void)state;
    folder_close(each.conn);
    ncm_free(each.root);
    each.root = NULL;
    return 0;
}

int each_rest(void **state)
{
    mlf_fresh(state);
    mlf_put("{'experiments':[{'experiment_id':'1','name':'exp','last_update_time':1}]}");
    each.p = &ncm_mlflow_rest;
    each.conn = mlf;
    return 0;
}

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **slot = to;
    ncm_snapshot_unref(*slot);
    *slot = s;
}

static void no_progress(void *to, int64_t done, int64_t total)
{
    (void)to;
    (void)done;
    (void)total;
}

const void *each_get(struct ncm_query *q)
{
    struct ncm_snapshot *got = NULL;
    struct ncm_err err = {0};
    struct ncm_fetch f = {
        .query = q, .count = 1000, .publish = keep, .progress = no_progress, .to = &got};
    if (!each.p->fetch(each.conn, &f, &err) || got == NULL) {
        fail_msg("%s", err.what);
    }
    ncm_query_free(q);
    return got;
}

bool each_apply(struct ncm_changes *c, struct ncm_err *err)
{
    struct ncm_control control = {.deadline_mono_ms = ncm_mono_ms() + 5000};
    *err = (struct ncm_err){0};
    bool ok = each.p->apply(each.conn, c, NULL, &control, &each_receipt, err);
    ncm_changes_release(c);
    return ok;
}
