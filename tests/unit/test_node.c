#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "io/node.h"

static struct ncm_doc *json(const char *text)
{
    struct ncm_doc *d = NULL;
    struct ncm_err e;
    if (!ncm_json_parse("t", text, strlen(text), &d, &e))
        fail_msg("%s: %s", text, e.what);
    return d;
}

static struct ncm_doc *yaml(const char *text)
{
    struct ncm_doc *d = NULL;
    struct ncm_err e;
    if (!ncm_yaml_parse("t.yaml", text, strlen(text), &d, &e))
        fail_msg("%s: %s", text, e.what);
    return d;
}

static void refused(bool is_yaml, const char *text, size_t len, enum ncm_code code,
                    const char *what)
{
    struct ncm_doc *d = NULL;
    struct ncm_err e;
    bool ok =
        is_yaml ? ncm_yaml_parse("t", text, len, &d, &e) : ncm_json_parse("t", text, len, &d, &e);
    if (ok)
        fail_msg("%.60s was taken", text);
    assert_null(d);
    if (e.code != code || (what && !strstr(e.what, what)))
        fail_msg("%.60s: %s %s", text, ncm_code_name(e.code), e.what);
}

static void json_values_of_every_kind(void **state)
{
    (void)state;
    struct ncm_doc *d = json("\xEF\xBB\xBF {\"n\":null,\"t\":true,\"f\":false,\"i\":-7,\"d\":0.5,"
                             "\"s\":\"a\\n\\u00e9\\ud83d\\ude00\",\"l\":[1,[2]],\"m\":{\"k\":1}} ");
    const struct ncm_node *r = ncm_doc_root(d);
    assert_int_equal(r->kind, NCM_NODE_MAP);
    assert_int_equal(r->n, 8);
    assert_int_equal(ncm_node_get(r, "n")->kind, NCM_NODE_NULL);
    assert_true(ncm_node_get(r, "t")->boolean);
    assert_false(ncm_node_get(r, "f")->boolean);
    assert_int_equal(ncm_node_i64(r, "i", 0), -7);
    assert_true(ncm_node_get(r, "d")->num == 0.5);
    assert_string_equal(ncm_node_str(r, "s", ""), "a\n\xC3\xA9\U0001F600");
    assert_int_equal(ncm_node_get(r, "l")->items[1].items[0].i, 2);
    assert_string_equal(ncm_node_get(r, "m")->items[0].key, "k");
    assert_null(ncm_node_get(r, "absent"));
    assert_null(ncm_node_get(NULL, "x"));
    assert_string_equal(ncm_node_str(r, "i", "no text"), "no text");
    assert_int_equal(ncm_node_i64(r, "s", 3), 3);
    ncm_doc_free(d);
    ncm_doc_free(NULL);
}

static void json_large_integers_survive(void **state)
{
    (void)state;
    struct ncm_doc *d = json("[9007199254740993,-9223372036854775808,9223372036854775807,"
                             "18446744073709551616,1e3,-0]");
    const struct ncm_node *r = ncm_doc_root(d);
    assert_true(r->items[0].kind == NCM_NODE_INT && r->items[0].i == 9007199254740993);
    assert_true(r->items[1].i == INT64_MIN);
    assert_true(r->items[2].i == INT64_MAX);
    assert_true(r->items[3].kind == NCM_NODE_NUM && r->items[3].num == 18446744073709551616.0);
    assert_true(r->items[4].kind == NCM_NODE_NUM && r->items[4].num == 1000);
    assert_true(r->items[5].kind == NCM_NODE_NUM && signbit(r->items[5].num));
    ncm_doc_free(d);
}

static void json_takes_bare_nan_and_infinities(void **state)
{
    (void)state;
    struct ncm_doc *d = json("{\"a\":NaN,\"b\":Infinity,\"c\":-Infinity,\"d\":\"NaN\"}");
    const struct ncm_node *r = ncm_doc_root(d);
    assert_true(r->items[0].kind == NCM_NODE_NUM && isnan(r->items[0].num));
    assert_true(isinf(r->items[1].num) && r->items[1].num > 0);
    assert_true(isinf(r->items[2].num) && r->items[2].num < 0);
    assert_int_equal(r->items[3].kind, NCM_NODE_STR);
    ncm_doc_free(d);
}

static void json_hostile_strings_become_valid_utf8(void **state)
{
    (void)state;
    struct ncm_doc *d = json("[\"a\\u0000b\",\"\\ud800\",\"\\udc00x\",\"\\ud800\\u0041\",\"\xFF\","
                             "\"n1\",\"s\"]");
    const struct ncm_node *r = ncm_doc_root(d);
    assert_string_equal(r->items[0].str, "a\uFFFDb");
    assert_string_equal(r->items[1].str, "\uFFFD");
    assert_string_equal(r->items[2].str, "\uFFFDx");
    assert_string_equal(r->items[3].str, "\uFFFD"
                                         "A");
    assert_string_equal(r->items[4].str, "\uFFFD");
    assert_string_equal(r->items[5].str, "n1");
    assert_string_equal(r->items[6].str, "s");
    ncm_doc_free(d);
}

static void json_repeated_key_the_last_counts(void **state)
{
    (void)state;
    struct ncm_doc *d = json("{\"a\":1,\"a\":2}");
    assert_int_equal(ncm_node_i64(ncm_doc_root(d), "a", 0), 2);
    ncm_doc_free(d);
}

static void json_faults_name_the_place(void **state)
{
    static const char *const bad[] = {
        "",      "[1,2",     "[1,]",     "{\"a\":}", "{1:2}",   "{\"a\" 1}", "01",     "1.",
        "-",     "+1",       ".5",       "\"open",   "\"\\x\"", "\"\\u12\"", "[1] x",  "tru",
        "nan",   "{\"a\":1", "}",        "]",        "[}",      "1e",        "--1",    "'a'",
        "[1 2]", "{NaN:1}",  "[\x01 1]", "Infinit",  "//",      "1,2",       "\"a\"b", "{,}",
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        refused(false, bad[i], strlen(bad[i]), NCM_INVALID_DATA, "t:1:");
    refused(false, "{\"a\":1,\n \"b\" 2}", 15, NCM_INVALID_DATA, "t:2:6:");
    refused(false, "\"a\0b\"", 5, NCM_INVALID_DATA, "t:1:3:");
}

static void json_limits(void **state)
{
    (void)state;
    char deep[140];
    memset(deep, '[', 65);
    memset(deep + 65, ']', 65);
    refused(false, deep, 130, NCM_TOO_LARGE, "64");
    deep[130] = '\0';
    deep[129] = '\0';
    struct ncm_doc *d = json(deep + 1); /* 64 levels */
    ncm_doc_free(d);
    char *flat = ncm_alloc(9000002, 1);
    for (size_t i = 0; i < 4500000; i++)
        memcpy(flat + 1 + 2 * i, "1,", 2);
    flat[0] = '[';
    flat[9000000] = ']';
    refused(false, flat, 9000001, NCM_TOO_LARGE, "4 million");
    ncm_free(flat);
    size_t huge = ((size_t)64 << 20) + 1;
    char *blank = ncm_alloc(huge, 1);
    refused(false, blank, huge, NCM_TOO_LARGE, "64 MiB");
    refused(true, blank, huge, NCM_TOO_LARGE, "64 MiB");
    ncm_free(blank);
}

static void yaml_scalars_of_the_core_schema(void **state)
{
    (void)state;
    struct ncm_doc *d =
        yaml("[~, null, '', true, False, 12, -3, 0o17, 0x1F, 1e3, .5, -.inf, .nan,\n"
             " no, 'true', \"12\", 2026-11-21, 1_000, 0b1, !!str 5, +.5, 08, ]");
    static const enum ncm_node_kind kinds[] = {
        NCM_NODE_NULL, NCM_NODE_NULL, NCM_NODE_STR, NCM_NODE_BOOL, NCM_NODE_BOOL, NCM_NODE_INT,
        NCM_NODE_INT,  NCM_NODE_INT,  NCM_NODE_INT, NCM_NODE_NUM,  NCM_NODE_NUM,  NCM_NODE_NUM,
        NCM_NODE_NUM,  NCM_NODE_STR,  NCM_NODE_STR, NCM_NODE_STR,  NCM_NODE_STR,  NCM_NODE_STR,
        NCM_NODE_STR,  NCM_NODE_STR,  NCM_NODE_NUM, NCM_NODE_INT,
    };
    const struct ncm_node *r = ncm_doc_root(d);
    assert_int_equal(r->n, sizeof kinds / sizeof kinds[0]);
    for (size_t i = 0; i < r->n; i++)
        if (r->items[i].kind != kinds[i])
            fail_msg("%s: kind %d", r->items[i].str, (int)r->items[i].kind);
    assert_int_equal(r->items[7].i, 15);
    assert_int_equal(r->items[8].i, 31);
    assert_string_equal(r->items[8].str, "0x1F");
    assert_true(isinf(r->items[11].num));
    ncm_doc_free(d);
}

static void yaml_knows_lines_and_columns(void **state)
{
    (void)state;
    struct ncm_doc *d =
        yaml("# comment\ncontexts:\n  prod:\n    store: /x\n    protect: yes please\n");
    const struct ncm_node *prod = ncm_node_get(ncm_node_get(ncm_doc_root(d), "contexts"), "prod");
    const struct ncm_node *p = ncm_node_get(prod, "protect");
    assert_int_equal(p->key_line, 5);
    assert_int_equal(p->key_column, 5);
    assert_int_equal(p->line, 5);
    assert_int_equal(p->column, 14);
    ncm_doc_free(d);
    d = yaml("");
    assert_int_equal(ncm_doc_root(d)->kind, NCM_NODE_NULL);
    ncm_doc_free(d);
}

static void yaml_aliases_repeat_their_anchor(void **state)
{
    (void)state;
    struct ncm_doc *d = yaml("a: &x {k: [1, 2]}\nb: *x\nc: [*x, &y z, *y]\n*y : 1\n");
    const struct ncm_node *r = ncm_doc_root(d);
    assert_int_equal(ncm_node_get(ncm_node_get(r, "b"), "k")->items[1].i, 2);
    assert_int_equal(ncm_node_get(ncm_node_get(r, "c")->items, "k")->n, 2);
    assert_string_equal(ncm_node_get(r, "c")->items[2].str, "z");
    assert_int_equal(ncm_node_i64(r, "z", 0), 1);
    ncm_doc_free(d);
    refused(true, "a: &a [*a]", 10, NCM_INVALID_DATA, "t:1:8:");
    refused(true, "*x", 2, NCM_INVALID_DATA, "*x");
}

static void yaml_bombs_end_in_too_large(void **state)
{
    char text[4096];
    size_t n = (size_t)snprintf(text, sizeof text, "a: &a [x,x,x,x,x,x,x,x,x,x]\n");
    (void)state;
    for (char c = 'b'; c <= 'k'; c++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%c: &%c [", c, c);
        for (int i = 0; i < 10; i++)
            n += (size_t)snprintf(text + n, sizeof text - n, "%s*%c", i ? "," : "", c - 1);
        n += (size_t)snprintf(text + n, sizeof text - n, "]\n");
    }
    refused(true, text, n, NCM_TOO_LARGE, "4 million");
    /* One more level a line: never large, but too deep for whoever walks it. */
    n = (size_t)snprintf(text, sizeof text, "- &a0 x\n");
    for (int i = 1; i < 80; i++)
        n += (size_t)snprintf(text + n, sizeof text - n, "- &a%d [*a%d]\n", i, i - 1);
    refused(true, text, n, NCM_TOO_LARGE, "64");
    memset(text, '[', 100);
    refused(true, text, 100, NCM_TOO_LARGE, "64");
}

static void yaml_faults_name_the_place(void **state)
{
    (void)state;
    refused(true, "a: 1\nb: 2\na: 3\n", 15, NCM_INVALID_DATA, "t:3:1:");
    refused(true, "a: {b: 1, b: 2}", 15, NCM_INVALID_DATA, "\"b\"");
    refused(true, "a: [1\nb: 2", 10, NCM_INVALID_DATA, "t:2:");
    refused(true, "? [a]\n: 1", 9, NCM_INVALID_DATA, "t:1:3:");
    refused(true, "a\n---\nb", 7, NCM_INVALID_DATA, "second document");
    refused(true, "a: \xFF", 4, NCM_INVALID_DATA, "YAML");
    refused(true, "\"a\\0b\": 1", 9, NCM_INVALID_DATA, "key");
}

static void writer(struct ncm_buf *b, bool pretty)
{
    struct ncm_json j;
    ncm_json_init(&j, b, pretty);
    ncm_json_obj(&j);
    ncm_json_key(&j, "list");
    ncm_json_arr(&j);
    ncm_json_i64(&j, 9007199254740993);
    ncm_json_num(&j, 0.1);
    ncm_json_num(&j, NAN);
    ncm_json_num(&j, -INFINITY);
    ncm_json_bool(&j, true);
    ncm_json_null(&j);
    ncm_json_str(&j, NULL);
    ncm_json_end_arr(&j);
    ncm_json_key_n(&j, "em\"pty", 6);
    ncm_json_obj(&j);
    ncm_json_end_obj(&j);
    ncm_json_key(&j, "s");
    ncm_json_str_n(&j, "a\0\n\x1b\\\xFF가\u202E\U000E0041", 16);
    ncm_json_end_obj(&j);
}

static void writer_puts_commas_and_escapes(void **state)
{
    struct ncm_buf b;
    (void)state;
    ncm_buf_init(&b, 4096);
    writer(&b, false);
    assert_string_equal(b.p,
                        "{\"list\":[9007199254740993,0.1,\"NaN\",\"-Infinity\",true,null,null],"
                        "\"em\\\"pty\":{},"
                        "\"s\":\"a\\u0000\\n\\u001b\\\\\uFFFD가\\u202e\\udb40\\udc41\"}");
    struct ncm_doc *d = json(b.p);
    assert_int_equal(ncm_doc_root(d)->n, 3);
    ncm_doc_free(d);
    ncm_buf_clear(&b);
    writer(&b, true);
    assert_non_null(strstr(b.p, "{\n  \"list\": [\n    9007199254740993,\n    0.1,"));
    assert_non_null(strstr(b.p, "\"em\\\"pty\": {},\n"));
    assert_non_null(strstr(b.p, "\"\n}"));
    ncm_buf_release(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(json_values_of_every_kind),
        cmocka_unit_test(json_large_integers_survive),
        cmocka_unit_test(json_takes_bare_nan_and_infinities),
        cmocka_unit_test(json_hostile_strings_become_valid_utf8),
        cmocka_unit_test(json_repeated_key_the_last_counts),
        cmocka_unit_test(json_faults_name_the_place),
        cmocka_unit_test(json_limits),
        cmocka_unit_test(yaml_scalars_of_the_core_schema),
        cmocka_unit_test(yaml_knows_lines_and_columns),
        cmocka_unit_test(yaml_aliases_repeat_their_anchor),
        cmocka_unit_test(yaml_bombs_end_in_too_large),
        cmocka_unit_test(yaml_faults_name_the_place),
        cmocka_unit_test(writer_puts_commas_and_escapes),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
