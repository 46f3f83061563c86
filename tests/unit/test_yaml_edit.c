/* Keys of a YAML file are changed and nothing else is. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "io/node.h"
#include "io/yaml_edit.h"

static struct ncm_err err;

/* The document after the edits; static memory. */
static const char *edited(const char *text, const struct ncm_yaml_edit *edits, size_t n)
{
    static char out[4096];
    struct ncm_buf b;
    ncm_buf_init(&b, sizeof out - 1);
    bool ok = ncm_yaml_edit("f", text, text != NULL ? strlen(text) : 0, edits, n, &b, &err);
    memcpy(out, b.p, b.len + 1);
    ncm_buf_release(&b);
    return ok ? out : NULL;
}

static const char *with_text(const char *text, const char *key, const char *value)
{
    const struct ncm_yaml_edit edit = {.key = key, .what = NCM_YAML_TEXT, .text = value};
    return edited(text, &edit, 1);
}

#define LONG_WORDS                                                                                 \
    "long words that are folded over "                                                             \
    "several lines because they do not fit into the width that the emitter keeps to"

static void only_the_key_changes(void **state)
{
    static const char text[] = "aliases: {}\n"
                               "description: 'two\n\n  lines'\n"
                               "flag: null\n"
                               "name: \"x \\U0001F680\"\n"
                               "nested:\n  a: '1'\n"
                               "tags: []\n"
                               "version: 4\n";
    (void)state;
    const char *got = with_text(text, "flag", "Production");
    assert_string_equal(got, "aliases: {}\n"
                             "description: 'two\n\n  lines'\n"
                             "flag: Production\n"
                             "name: \"x \\U0001F680\"\n"
                             "nested:\n  a: '1'\n"
                             "tags: []\n"
                             "version: 4\n");
}

static void new_keys_come_in_order_and_keys_go(void **state)
{
    static const char *const pairs[] = {"prod", "1"};
    const struct ncm_yaml_edit edits[] = {
        {.key = "z", .what = NCM_YAML_INT, .i = INT64_MAX},
        {.key = "b", .what = NCM_YAML_TEXTS, .pairs = pairs, .n_pairs = 1},
        {.key = "e", .what = NCM_YAML_EMPTY},
        {.key = "c", .what = NCM_YAML_GONE},
        {.key = "never", .what = NCM_YAML_GONE},
        {.key = "a", .what = NCM_YAML_TEXT},
    };
    (void)state;
    assert_string_equal(edited("a: x\nc: {d: [1, 2]}\nf: 1\n", edits, 6),
                        "a: null\nb:\n  prod: '1'\ne: []\nf: 1\nz: 9223372036854775807\n");
    assert_string_equal(edited(NULL, edits, 3), "z: 9223372036854775807\nb:\n  prod: '1'\ne: []\n");
}

/* Whatever the text is, YAML 1.1 and 1.2 both read it back as that text. */
static void texts_stay_texts(void **state)
{
    static const char *const texts[] = {
        "",
        "plain",
        "None",
        "null",
        "~",
        "yes",
        "No",
        "on",
        "y",
        "true",
        "1",
        "1.5",
        "1e3",
        "0x1F",
        "1_000",
        "12:30:45",
        ".inf",
        "nan",
        "2024-01-01",
        "- a",
        "a: b",
        "a #b",
        "# c",
        "'q'",
        "\"q\"",
        "[a]",
        "{a: b}",
        "a\nb",
        "a\n\nb\n",
        " lead",
        "trail ",
        "tab\tx",
        "한글",
        "x 🚀 y",
        "file:///a/b",
        "&a",
        "*a",
        "!x",
        "%x",
        "@x",
        "\x01",
        "e\xCC\x81",
        "---",
        "...",
        "a:",
        LONG_WORDS,
    };
    (void)state;
    for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
        struct ncm_doc *doc;
        const char *got = with_text("k: old\nz: 1\n", "k", texts[i]);
        assert_non_null(got);
        assert_true(ncm_yaml_parse("f", got, strlen(got), &doc, &err));
        assert_string_equal(ncm_node_str(ncm_doc_root(doc), "k", "not a text"), texts[i]);
        assert_int_equal(ncm_node_i64(ncm_doc_root(doc), "z", 0), 1);
        ncm_doc_free(doc);
    }
    /* Words that YAML 1.1 (Python's reader) takes for something else are quoted. */
    assert_non_null(strstr(with_text("k: 1\n", "k", "yes"), "'yes'"));
    assert_non_null(strstr(with_text("k: 1\n", "k", "12:30:45"), "'12:30:45'"));
    assert_non_null(strstr(with_text("k: 1\n", "k", "1_000"), "'1_000'"));
}

static void what_is_no_map_or_no_text_is_refused(void **state)
{
    (void)state;
    assert_null(with_text("- a\n", "k", "v"));
    assert_null(with_text("", "k", "v"));
    assert_null(with_text("a: [", "k", "v"));
    assert_int_equal(err.code, NCM_INVALID_DATA);
    assert_null(with_text("a: 1\n", "k", "\xff"));
    assert_int_equal(err.code, NCM_INVALID_DATA);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(only_the_key_changes),
        cmocka_unit_test(new_keys_come_in_order_and_keys_go),
        cmocka_unit_test(texts_stay_texts),
        cmocka_unit_test(what_is_no_map_or_no_text_is_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
