/* Which model version a server runs: what each text says, what several come to, how another version
 * is spelled in the same place. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "base/num.h"
#include "model/serving.h"

#define ID32 "0123456789abcdef0123456789abcdef"
#define S(text)                                                                                    \
    {                                                                                              \
        text, sizeof(text) - 1                                                                     \
    }

static const char *shown(struct ncm_str s)
{
    return s.p ? s.p : "-";
}

/* "rule model version @alias /stage run model_id ?" of a text. */
static char *told(enum ncm_claim_place place, const char *key, const char *text)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_claim c;
    char *out = ncm_strdup("nothing");
    if (ncm_claim_of(a, place, key, text, &c)) {
        ncm_free(out);
        out = ncm_sprintf("%s %s %s%s%s%s%s%s%s%s%s%s", ncm_claim_word(c.rule), shown(c.model),
                          shown(c.version), c.alias.p ? " @" : "", ncm_cstr(c.alias),
                          c.stage.p ? " /" : "", ncm_cstr(c.stage), c.run_id.p ? " run " : "",
                          ncm_cstr(c.run_id), c.model_id.p ? " id " : "", ncm_cstr(c.model_id),
                          c.guess ? " ?" : "");
        assert_true(c.since_ms == NCM_NO_TIME);
        assert_null(c.where.p);
    }
    ncm_arena_free(a);
    return out;
}

struct reading {
    enum ncm_claim_place place;
    const char *key, *text, *says;
};

static void check(const struct reading *all, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *is = told(all[i].place, all[i].key, all[i].text);
        if (strcmp(is, all[i].says) != 0) {
            print_error("%s=%s\n", all[i].key ? all[i].key : "", all[i].text);
        }
        assert_string_equal(is, all[i].says);
        ncm_free(is);
    }
}
#define CHECK(all) check(all, sizeof(all) / sizeof *(all))

static void uris_of_models_are_read(void **state)
{
    static const struct reading all[] = {
        {NCM_PLACE_ENV, "MODEL_URI", "models:/churn/7", "uri churn 7"},
        {NCM_PLACE_ENV, "X", " models:/churn/7\n", "uri churn 7"},
        {NCM_PLACE_URI, "storageUri", "models:/churn@champion", "uri churn - @champion"},
        {NCM_PLACE_ENV, "X", "models:/churn/Production", "uri churn - /Production"},
        {NCM_PLACE_ENV, "X", "models:/churn/pRoDuCtIoN", "uri churn - /pRoDuCtIoN"},
        {NCM_PLACE_ENV, "X", "models:/churn/latest", "uri churn - /latest"},
        {NCM_PLACE_ENV, "X", "models:/m-" ID32, "uri - - id m-" ID32},
        {NCM_PLACE_ENV, "X", "models:/m-" ID32 "/model.pkl", "uri - - id m-" ID32},
        {NCM_PLACE_ENV, "X", "models:/cat.schema.model/12", "uri cat.schema.model 12"},
        {NCM_PLACE_ENV, "X", "models:/fraud%20detector/3", "uri fraud detector 3"},
        {NCM_PLACE_ENV, "X", "models:/fraud detector/3", "uri fraud detector 3"},
        {NCM_PLACE_ENV, "X", "models:/%EC%9D%B4%ED%83%88/3", "uri 이탈 3"},
        {NCM_PLACE_ENV, "X", "models:/이탈 예측/3", "uri 이탈 예측 3"},
        {NCM_PLACE_ENV, "X", "models:/a@b@champion", "uri a@b - @champion"},
        {NCM_PLACE_ENV, "X", "models:/a@b/4", "uri a@b 4"},
        {NCM_PLACE_ENV, "X", "models:/100%25/4", "uri 100% 4"},
        {NCM_PLACE_ENV, "X", "models:/a%00b/4", "uri a%00b 4"},
        {NCM_PLACE_ENV, "X", "models:/a%zz/4", "uri a%zz 4"},
        {NCM_PLACE_ENV, "X", "models://registry@databricks/churn/7", "uri churn 7"},
        {NCM_PLACE_ENV, "X", "models:///churn/7", "uri churn 7"},
        {NCM_PLACE_ENV, "X", "models:/churn/7/", "uri churn 7"},
        {NCM_PLACE_ENV, "X", "models:/churn/7?x=1", "uri churn 7"},
        {NCM_PLACE_ARG, NULL, "--model-uri=models:/churn/7", "uri churn 7"},
        {NCM_PLACE_ARG, NULL, "--model-uri=models:/my model/7", "uri my model 7"},
        {NCM_PLACE_ARG, NULL, "mlflow models serve -m models:/churn/7 -p 5000", "uri churn 7"},
        {NCM_PLACE_ARG, NULL, "mlflow models serve -m models:/churn@live -p 5000",
         "uri churn - @live"},
        {NCM_PLACE_ARG, NULL, "serve -m 'models:/my model/7' --port 8", "uri my model 7"},
        {NCM_PLACE_ARG, NULL, "serve -m \"models:/my model@live\"; x", "uri my model - @live"},
        {NCM_PLACE_ARG, NULL, "models:/churn/7 -p 5000", "uri churn 7"},
        {NCM_PLACE_LABEL, "note", "models:/churn/7", "uri churn 7"},
        {NCM_PLACE_ENV, "X", "models:/", "nothing"},
        {NCM_PLACE_ENV, "X", "models:/churn", "nothing"},
        {NCM_PLACE_ENV, "X", "models:/churn/", "nothing"},
        {NCM_PLACE_ENV, "X", "models:/churn@", "nothing"},
        {NCM_PLACE_ENV, "X", "models:/@champion", "nothing"},
        {NCM_PLACE_ENV, "X", "models://7", "nothing"},
        {NCM_PLACE_ENV, "X", "mymodels:/churn/7", "nothing"},
        {NCM_PLACE_ENV, "X", "", "nothing"},
        {NCM_PLACE_ENV, "X", NULL, "nothing"},
    };
    CHECK(all);
    (void)state;
}

static void labels_and_variables_are_read(void **state)
{
    static const struct reading all[] = {
        {NCM_PLACE_LABEL, "ncmlops/model", "churn", "label churn -"},
        {NCM_PLACE_LABEL, "ncmlops/model-version", "7", "label - 7"},
        {NCM_PLACE_LABEL, "ncmlops/model-version", "v7", "label - 7"},
        {NCM_PLACE_LABEL, "ncmlops.model-version", "7", "label - 7"},
        {NCM_PLACE_LABEL, "app.kubernetes.io/version", "1.4.2", "common - 1.4.2 ?"},
        {NCM_PLACE_LABEL, "app.kubernetes.io/name", "churn", "common churn - ?"},
        {NCM_PLACE_LABEL, "version", "v7", "common - 7 ?"},
        {NCM_PLACE_LABEL, "model", "churn", "common churn -"},
        {NCM_PLACE_LABEL, "model_version", "7", "common - 7"},
        {NCM_PLACE_LABEL, "modelVersion", "7", "common - 7"},
        {NCM_PLACE_LABEL, "mlflow.org/model-version", "7", "common - 7"},
        {NCM_PLACE_LABEL, "pod-template-hash", "7", "nothing"},
        {NCM_PLACE_LABEL, NULL, "7", "nothing"},
        {NCM_PLACE_ENV, "MODEL_NAME", "churn", "common churn -"},
        {NCM_PLACE_ENV, "MODEL_VERSION", "7", "common - 7"},
        {NCM_PLACE_ENV, "VERSION", "7", "nothing"}, /* of the program */
        {NCM_PLACE_ENV, "MODEL_VERSION", "not a version", "nothing"},
        {NCM_PLACE_ARG, "model", "churn", "nothing"},
    };
    CHECK(all);
    (void)state;
}

static void ids_and_paths_are_read(void **state)
{
    static const struct reading all[] = {
        {NCM_PLACE_ENV, "X", "runs:/" ID32 "/model", "run - - run " ID32},
        {NCM_PLACE_ARG, NULL, "serve -m runs:/" ID32 "/model -p 1", "run - - run " ID32},
        {NCM_PLACE_ENV, "X", "runs:/", "nothing"},
        {NCM_PLACE_ENV, "X", "s3://b/1/" ID32 "/artifacts/model", "run - - run " ID32},
        {NCM_PLACE_ENV, "X", "s3://b/1/" ID32 "/model", "run - - run " ID32 " ?"},
        {NCM_PLACE_ENV, "X", "s3://b/1/models/m-" ID32 "/artifacts", "run - - id m-" ID32},
        {NCM_PLACE_ENV, "MLFLOW_RUN_ID", ID32, "run - - run " ID32},
        {NCM_PLACE_ENV, "PASSWORD_HASH", ID32, "nothing"},
        {NCM_PLACE_ENV, "MODEL_ID", "m-" ID32, "run - - id m-" ID32},
        {NCM_PLACE_URI, "storageUri", "s3://b/models/churn/7/", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "gs://b/churn/v7", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "pvc://claim/churn/7", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "s3://b/churn/versions/7/model", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "s3://b/churn/version=7", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "https://h/models/churn/7/model.tar.gz", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "s3://b/churn/7.tar.gz", "path churn 7 ?"},
        {NCM_PLACE_URI, "storageUri", "s3://b/my%20model/7", "path my model 7 ?"},
        {NCM_PLACE_URI, "storageUri", "s3://b/7", "path - - ?"}, /* no name: perhaps a source */
        {NCM_PLACE_URI, "storageUri", "s3://b/exp/model", "path - - ?"},
        {NCM_PLACE_ENV, "MODEL_PATH", "/mnt/models/churn/7", "path churn 7 ?"},
        {NCM_PLACE_ENV, "MODEL_PATH", "/mnt/models", "nothing"},
        {NCM_PLACE_ENV, "DATA", "s3://b/data/7", "nothing"},
        {NCM_PLACE_ENV, "DATA", "s3://b/models/churn/7", "path churn 7 ?"},
        {NCM_PLACE_ENV, "API", "http://h:8080/api/v1", "nothing"},
        {NCM_PLACE_ENV, "HOME", "/home/v1", "nothing"},
        {NCM_PLACE_ARG, NULL, "--model-dir=s3://b/churn/7", "path churn 7 ?"},
        {NCM_PLACE_ARG, NULL, "--data=s3://b/churn/7", "nothing"},
    };
    CHECK(all);
    (void)state;
}

static void images_are_read(void **state)
{
    static const struct reading all[] = {
        {NCM_PLACE_IMAGE, NULL, "churn:7", "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "reg.example.com:5000/ml/churn:7", "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "reg.example.com:5000/ml/churn", "nothing"},
        {NCM_PLACE_IMAGE, NULL, "churn:v7", "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "churn:7-abc123", "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "serving:churn-v7", "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "churn:7@sha256:" ID32 ID32, "image churn 7 ?"},
        {NCM_PLACE_IMAGE, NULL, "churn@sha256:" ID32 ID32, "nothing"},
        {NCM_PLACE_IMAGE, NULL, "churn:latest", "nothing"},
        {NCM_PLACE_IMAGE, NULL, "mlserver:1.7.1", "nothing"},
        {NCM_PLACE_IMAGE, NULL, "churn:20260501", "nothing"}, /* a date */
        {NCM_PLACE_IMAGE, NULL, "churn:", "nothing"},
        {NCM_PLACE_IMAGE, NULL, ":7", "nothing"},
        {NCM_PLACE_IMAGE, NULL, "", "nothing"},
    };
    CHECK(all);
    (void)state;
}

static void another_version_is_spelled_as_the_running_one(void **state)
{
    static const struct {
        enum ncm_claim_place place;
        const char *key, *text, *version, *is;
    } all[] = {
        {NCM_PLACE_ENV, "X", "models:/churn/7", "8", "models:/churn/8"},
        {NCM_PLACE_ENV, "X", "models:/churn7/7", "8", "models:/churn7/8"},
        {NCM_PLACE_ARG, NULL, "serve -m models:/churn/7 -p 7", "12",
         "serve -m models:/churn/12 -p 7"},
        {NCM_PLACE_ENV, "X", "models:/my%20model/7", "8", "models:/my%20model/8"},
        {NCM_PLACE_IMAGE, NULL, "h:7/churn:v7", "8", "h:7/churn:v8"},
        {NCM_PLACE_IMAGE, NULL, "h/churn:v7", "v8", "h/churn:v8"},
        {NCM_PLACE_IMAGE, NULL, "h/serving:churn-v7", "8", "h/serving:churn-v8"},
        {NCM_PLACE_URI, NULL, "s3://b/churn/7/", "8", "s3://b/churn/8/"},
        {NCM_PLACE_URI, NULL, "gs://b/churn/v7", "8", "gs://b/churn/v8"},
        {NCM_PLACE_ARG, NULL, "--model-dir=s3://b/churn/7", "8", "--model-dir=s3://b/churn/8"},
        {NCM_PLACE_LABEL, "ncmlops/model-version", "7", "8", "8"},
        {NCM_PLACE_LABEL, "model-version", "v7", "8", "v8"},
        {NCM_PLACE_ENV, "MODEL_VERSION", "7", "8", "8"},
        /* What does not hold its version as such. */
        {NCM_PLACE_ENV, "X", "models:/churn@champion", "8", NULL},
        {NCM_PLACE_ENV, "X", "models:/churn/Production", "8", NULL},
        {NCM_PLACE_ENV, "X", "runs:/" ID32 "/model", "8", NULL},
        {NCM_PLACE_IMAGE, NULL, "churn:7-abc123", "8", NULL},
        {NCM_PLACE_IMAGE, NULL, "churn:7@sha256:" ID32, "8", NULL},
        {NCM_PLACE_URI, NULL, "s3://b/churn/7/churn-7.pkl", "8", NULL},
        {NCM_PLACE_LABEL, "ncmlops/model", "churn", "8", NULL},
        {NCM_PLACE_ENV, "X", "models:/churn/7", "8/../x", NULL},
        {NCM_PLACE_ENV, "X", "models:/churn/7", "", NULL},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        struct ncm_arena *a = ncm_arena_new();
        struct ncm_claim c;
        assert_true(ncm_claim_of(a, all[i].place, all[i].key, all[i].text, &c));
        char *is = ncm_claim_respell(&c, all[i].version);
        if (is == NULL || all[i].is == NULL) {
            assert_true(is == NULL && all[i].is == NULL);
        } else {
            assert_string_equal(is, all[i].is);
        }
        ncm_free(is);
        ncm_arena_free(a);
    }
    (void)state;
}

/* ---- with a registry ---- */

static struct ncm_model_version churn_versions[] = {
    {.model = S("churn"),
     .version = S("8"),
     .stage = NCM_STAGE_PRODUCTION,
     .creation_ms = 8000,
     .last_updated_ms = 8500,
     .source = S("s3://b/exp/8/artifacts/model"),
     .run_id = S("fedcba9876543210fedcba9876543210")},
    {.model = S("churn"),
     .version = S("7"),
     .stage = NCM_STAGE_ARCHIVED,
     .creation_ms = 7000,
     .last_updated_ms = 7500,
     .source = S("models:/m-" ID32),
     .run_id = S(ID32)},
};
static struct ncm_alias churn_aliases[] = {
    {S("champion"), S("8"), false},
    {S("old"), S("7"), false},
};
static struct ncm_model_version fraud_versions[] = {
    {.model = S("fraud detector"), .version = S("3"), .run_id = S(ID32)},
};
static struct ncm_model models[] = {
    {.name = S("churn"),
     .versions = churn_versions,
     .n_versions = 2,
     .aliases = churn_aliases,
     .n_aliases = 2},
    {.name = S("fraud detector"), .versions = fraud_versions, .n_versions = 1},
};

struct written {
    enum ncm_claim_place place;
    const char *key, *text;
};

/* "model version [by] [!version against] [moved] [?]" of statements that hold since 8200. */
static char *decided(const struct written *w, size_t n, bool registry)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_claim claims[8];
    size_t used = 0;
    for (size_t i = 0; i < n && w[i].text != NULL; i++) {
        if (w[i].key != NULL && strcmp(w[i].key, "answer") == 0) {
            claims[used++] = (struct ncm_claim){.rule = NCM_CLAIM_ANSWER,
                                                .version = ncm_arena_cstr(a, w[i].text)};
        } else if (w[i].key != NULL && strcmp(w[i].key, "config") == 0) {
            claims[used++] =
                (struct ncm_claim){.rule = NCM_CLAIM_CONFIG, .model = ncm_arena_cstr(a, w[i].text)};
        } else {
            assert_true(ncm_claim_of(a, w[i].place, w[i].key, w[i].text, &claims[used]));
            claims[used++].since_ms = 8200;
        }
    }
    struct ncm_verdict_version v;
    ncm_claims_decide(claims, used, registry ? models : NULL, registry ? 2 : 0, &v);
    char *out = ncm_sprintf("%s %s %s%s%s%s%s%s%s", shown(v.model), shown(v.version),
                            v.by ? ncm_claim_word(v.by->rule) : "-", v.against ? " !" : "",
                            v.against ? shown(v.against_version) : "", v.against ? " " : "",
                            v.against ? ncm_claim_word(v.against->rule) : "",
                            v.alias_moved ? " moved" : "", v.guess ? " ?" : "");
    ncm_arena_free(a);
    return out;
}

static void statements_come_to_one_version(void **state)
{
    static const struct {
        struct written w[5];
        const char *with, *without; /* a registry */
    } all[] = {
        {{{NCM_PLACE_ENV, "X", "models:/churn/7"}}, "churn 7 uri", "churn 7 uri"},
        {{{NCM_PLACE_LABEL, "ncmlops/model", "churn"},
          {NCM_PLACE_LABEL, "ncmlops/model-version", "v8"},
          {NCM_PLACE_ENV, "X", "models:/churn/8"}},
         "churn 8 label",
         "churn 8 label"},
        /* Two that disagree. */
        {{{NCM_PLACE_LABEL, "ncmlops/model", "churn"},
          {NCM_PLACE_LABEL, "ncmlops/model-version", "8"},
          {NCM_PLACE_IMAGE, NULL, "h/churn:7"}},
         "churn 8 label !7 image",
         "churn 8 label !7 image"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/8"}, {0, "answer", "7"}},
         "churn 7 answer !8 uri",
         "churn 7 answer !8 uri"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/8"},
          {NCM_PLACE_ENV, "Y", "models:/fraud detector/3"}},
         "churn 8 uri !3 uri",
         "churn 8 uri !3 uri"},
        /* The tag of a program says nothing of the model that it loads. */
        {{{NCM_PLACE_ENV, "X", "models:/churn/8"}, {NCM_PLACE_IMAGE, NULL, "h/scorer:7"}},
         "churn 8 uri",
         "churn 8 uri"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/8"},
          {NCM_PLACE_LABEL, "app.kubernetes.io/version", "1.4.2"}},
         "churn 8 uri",
         "churn 8 uri"},
        /* Aliases and stages are what the registry says now. */
        {{{NCM_PLACE_ENV, "X", "models:/churn@champion"}}, "churn 8 uri", "churn - -"},
        {{{NCM_PLACE_ENV, "X", "models:/churn@none"}}, "churn - -", "churn - -"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/production"}}, "churn 8 uri moved ?", "churn - -"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/Staging"}}, "churn - -", "churn - -"},
        {{{NCM_PLACE_ENV, "X", "models:/churn/latest"}}, "churn 8 uri", "churn - -"},
        /* Where a version was made. */
        {{{NCM_PLACE_ENV, "X", "runs:/fedcba9876543210fedcba9876543210/model"}},
         "churn 8 run",
         "- - -"},
        {{{NCM_PLACE_ENV, "X", "runs:/" ID32 "/model"}}, "churn 7 run ?", "- - -"},
        {{{NCM_PLACE_ENV, "X", "runs:/" ID32 "/model"}, {0, "config", "fraud-detector"}},
         "fraud detector 3 run",
         "fraud-detector - -"},
        {{{NCM_PLACE_ENV, "X", "models:/m-" ID32}}, "churn 7 uri", "- - -"},
        {{{NCM_PLACE_URI, "X", "s3://b/exp/8/artifacts/model/"}}, "churn 8 path", "exp 8 path ?"},
        /* Guesses. */
        {{{NCM_PLACE_IMAGE, NULL, "h/churn:7"}}, "churn 7 image ?", "churn 7 image ?"},
        {{{NCM_PLACE_IMAGE, NULL, "h/churn-server:7"}},
         "churn 7 image ?",
         "churn-server 7 image ?"},
        {{{NCM_PLACE_IMAGE, NULL, "h/fraud_detector:3"}},
         "fraud detector 3 image ?",
         "fraud_detector 3 image ?"},
        {{{NCM_PLACE_IMAGE, NULL, "h/scorer:7"}, {0, "config", "churn"}},
         "churn 7 image ?",
         "scorer 7 image ?"},
        {{{NCM_PLACE_LABEL, "model", "churn"}, {NCM_PLACE_LABEL, "model-version", "7"}},
         "churn 7 common",
         "churn 7 common"},
        {{{0, "config", "churn"}, {0, "answer", "8"}}, "churn 8 answer", "churn 8 answer"},
        {{{0, "config", "churn"}}, "churn - -", "churn - -"},
        {{{0, NULL, NULL}}, "- - -", "- - -"},
    };
    for (size_t i = 0; i < sizeof all / sizeof *all; i++) {
        char *with = decided(all[i].w, 5, true), *without = decided(all[i].w, 5, false);
        if (strcmp(with, all[i].with) != 0 || strcmp(without, all[i].without) != 0) {
            print_error("case %zu %s: %s, %s\n", i, all[i].w[0].text, with, without);
        }
        assert_string_equal(with, all[i].with);
        assert_string_equal(without, all[i].without);
        ncm_free(with);
        ncm_free(without);
    }
    (void)state;
}

static void an_alias_that_moved_is_told(void **state)
{
    struct ncm_arena *a = ncm_arena_new();
    struct ncm_claim c;
    struct ncm_verdict_version v;
    assert_true(ncm_claim_of(a, NCM_PLACE_ENV, "X", "models:/churn@champion", &c));
    c.since_ms = 7900; /* version 8 was made later than this started */
    ncm_claims_decide(&c, 1, models, 2, &v);
    assert_true(v.alias_moved);
    assert_true(v.guess);
    c.since_ms = NCM_NO_TIME; /* nobody knows */
    ncm_claims_decide(&c, 1, models, 2, &v);
    assert_false(v.alias_moved);
    assert_string_equal(ncm_cstr(v.version), "8");
    ncm_arena_free(a);
    (void)state;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(uris_of_models_are_read),
        cmocka_unit_test(labels_and_variables_are_read),
        cmocka_unit_test(ids_and_paths_are_read),
        cmocka_unit_test(images_are_read),
        cmocka_unit_test(another_version_is_spelled_as_the_running_one),
        cmocka_unit_test(statements_come_to_one_version),
        cmocka_unit_test(an_alias_that_moved_is_told),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
