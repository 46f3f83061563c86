#include "provider/fake_monitoring.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/buf.h"
#include "base/mem.h"

const char *const mon_generations[2] = {"prom2.42_am0.25", "prom3.15_am0.34"};

const char *mon_text(const char *folder, const char *file)
{
    static char texts[4][16384];
    static size_t next;
    char path[256];
    char *out = texts[next++ % 4];
    snprintf(path, sizeof path, "tests/fixtures/monitoring/%s/%s", folder, file);
    FILE *f = fopen(path, "rb");
    if (f == NULL) {
        fail_msg("%s is missing", path);
        return "";
    }
    size_t n = fread(out, 1, sizeof texts[0] - 1, f);
    out[n] = '\0';
    assert_true(n < sizeof texts[0] - 1);
    fclose(f);
    return out;
}

void mon_says(const char *on, int status, const char *type, const char *text)
{
    mlf_rule((struct mlf_rule){.on = on, .status = status, .type = type, .text = text});
}

void mon_answer(const char *on, int status, const char *folder, const char *file)
{
    size_t n = strlen(file);
    bool plain = n > 4 && strcmp(file + n - 4, ".txt") == 0;
    mon_says(on, status, plain ? "text/plain; charset=utf-8" : "application/json",
             mon_text(folder, file));
}

int mon_fresh(void **state)
{
    mlf_fresh(state);
    return mlf_done(state);
}

struct ncm_place mon_place(void)
{
    return (struct ncm_place){.location = mlf_url()};
}

static void keep(void *to, struct ncm_snapshot *s)
{
    struct ncm_snapshot **last = to;
    ncm_snapshot_unref(*last);
    *last = s;
}

const void *mon_fetch(const struct ncm_provider *p, struct ncm_conn *c, enum ncm_topic topic,
                      struct ncm_err *err)
{
    struct ncm_snapshot *last = NULL;
    struct ncm_query *q = ncm_query_new(topic);
    struct ncm_fetch f = {.query = q, .publish = keep, .to = &last};
    *err = (struct ncm_err){0};
    bool ok = p->fetch(c, &f, err);
    ncm_query_free(q);
    assert_true(ok == (last != NULL));
    return last;
}
