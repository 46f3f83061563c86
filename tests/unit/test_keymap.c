#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <ctype.h>
#include <string.h>

#include "api/session.h"
#include "api/text.h"
#include "term/term.h"
#include "ui/action.h"
#include "ui/key_name.h"

static struct ncm_config config_of(struct ncm_config_key *keys, size_t n)
{
    struct ncm_config c;
    memset(&c, 0, sizeof c);
    c.path = (char *)"config.yaml";
    c.keys = keys;
    c.n_keys = n;
    return c;
}

static struct ncm_config_key key(const char *action, const char *keys)
{
    return (struct ncm_config_key){(char *)action, (char *)keys, 7, 3};
}

static void every_action_is_complete(void **state)
{
    bool seen[N_ACTIONS] = {false};
    size_t n = 0;
    (void)state;
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++, n++) {
        assert_false(seen[a->id]);
        seen[a->id] = true;
        assert_true(a->name[0] != '\0' && a->label[0] != '\0' && a->help[0] != '\0');
        assert_true(a->contexts != 0);
        for (const char *p = a->name; *p != '\0'; p++) {
            assert_true(islower((unsigned char)*p) || *p == '-');
        }
        assert_ptr_equal(ui_action_of(a->id), a);
        assert_ptr_equal(ui_action_named(a->name), a);
    }
    assert_int_equal(n, N_ACTIONS - 1);
}

static void every_default_key_is_a_key(void **state)
{
    (void)state;
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        const char *list = a->keys;
        char word[32];
        int code;
        while (key_word(&list, word, sizeof word)) {
            assert_true(key_parse(word, &code));
        }
    }
}

/* Built as if each action's own default were configured: any clash is an error. */
static void no_two_actions_share_a_key(void **state)
{
    struct ncm_config_key keys[N_ACTIONS];
    size_t n = 0;
    struct ncm_err err = {0};
    (void)state;
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        keys[n++] = key(a->name, a->keys);
    }
    struct ncm_config c = config_of(keys, n);
    bool ok = keymap_build(&c, &err);
    assert_string_equal(err.what, "");
    assert_true(ok);
}

static void lower_case_never_changes_anything(void **state)
{
    struct ncm_err err;
    (void)state;
    assert_true(keymap_build(NULL, &err));
    for (int k = 'a'; k <= 'z'; k++) {
        for (unsigned context = 1; context <= IN_DEPLOY_LOGS; context *= 2) {
            const struct ui_action *a = ui_action_of(keymap_find(k, context));
            assert_true(a == NULL || !(a->flags & ACT_CHANGES));
        }
    }
    const struct ui_action *promote = ui_action_of(keymap_find('P', IN_REGISTRY));
    assert_true(promote != NULL && promote->id == A_PROMOTE && (promote->flags & ACT_CHANGES));
}

static void the_promised_keys_are_there(void **state)
{
    static const struct {
        int key;
        unsigned in;
        enum ui_action_id id;
    } promised[] = {
        {'j', 0, A_DOWN},
        {TK_UP, 0, A_UP},
        {'g', 0, A_TOP},
        {'G', 0, A_BOTTOM},
        {',', 0, A_PAGE_UP},
        {'.', 0, A_PAGE_DOWN},
        {'h', 0, A_LEFT},
        {TK_RIGHT, 0, A_RIGHT},
        {'2', 0, A_PANE_2},
        {TK_TAB, 0, A_NEXT_PART},
        {TK_BTAB, 0, A_PREV_PART},
        {TK_ENTER, 0, A_OPEN},
        {TK_ESC, 0, A_BACK},
        {'q', 0, A_QUIT},
        {':', 0, A_PALETTE},
        {'/', 0, A_FILTER},
        {'?', 0, A_HELP},
        {'n', 0, A_NEXT_MATCH},
        {'N', 0, A_PREV_MATCH},
        {' ', IN_LIST, A_MARK},
        {'v', IN_LIST, A_RANGE},
        {'*', IN_LIST, A_BASELINE},
        {'s', IN_LIST, A_SORT},
        {'r', IN_LIST, A_REVERSE},
        {'c', IN_LIST, A_COLUMNS},
        {'f', 0, A_FULL},
        {'m', IN_PLOT, A_METRIC},
        {'x', IN_PLOT, A_XAXIS},
        {'=', IN_PLOT, A_ZOOM_IN},
        {'-', IN_PLOT, A_ZOOM_OUT},
        {'0', IN_PLOT, A_ZOOM_RESET},
        {'t', IN_PLOT, A_SMOOTH},
        {'w', IN_PLOT, A_LOGSCALE},
        {'d', IN_RUNS, A_COMPARE},
        {'d', IN_REGISTRY, A_DIFF},
        {'i', 0, A_DETAILS},
        {'e', IN_RUNS, A_NOTE},
        {'o', IN_RUN, A_ARTIFACTS},
        {'y', 0, A_COPY},
        {'Y', 0, A_COPY_ROW},
        {'u', 0, A_REFRESH},
        {'z', 0, A_PAUSE},
        {'P', IN_VERSION, A_PROMOTE},
        {'l', 0, A_RIGHT},
        {'l', IN_DEPLOY, A_LOGS},
        {TK_RIGHT, IN_DEPLOY, A_RIGHT},
        {'l', IN_DEPLOY_LOGS, A_RIGHT},
        {'F', IN_DEPLOYMENT, A_TRAFFIC},
        {'P', IN_DEPLOY, A_PROMOTE},
        {'B', IN_DEPLOY_LOGS, A_ROLLBACK},
        {'R', IN_DEPLOY, A_RESTART},
        {'B', IN_REGISTRY, A_ROLLBACK},
        {'U', 0, A_UNDO},
        {'D', IN_RUNS, A_DELETE},
        {'M', 0, A_LOCK},
        {'[', 0, A_PREV_TAB},
        {']', 0, A_NEXT_TAB},
    };
    struct ncm_err err;
    (void)state;
    assert_true(keymap_build(NULL, &err));
    for (size_t i = 0; i < sizeof promised / sizeof *promised; i++) {
        assert_int_equal(keymap_find(promised[i].key, promised[i].in), promised[i].id);
    }
    assert_int_equal(keymap_find('P', IN_LOG), A_NONE);
    assert_string_equal(keymap_label(A_PROMOTE), "P");
    assert_string_equal(keymap_label(A_THEME), "");
}

static void keys_can_be_changed(void **state)
{
    struct ncm_config_key keys[] = {key("promote", "F4, Z"), key("rollback", "P")};
    struct ncm_config c = config_of(keys, 2);
    struct ncm_err err;
    (void)state;
    assert_true(keymap_build(&c, &err));
    assert_int_equal(keymap_find(TK_F4, IN_REGISTRY), A_PROMOTE);
    assert_int_equal(keymap_find('Z', IN_REGISTRY), A_PROMOTE);
    assert_int_equal(keymap_find('P', IN_REGISTRY), A_ROLLBACK);
    assert_string_equal(keymap_label(A_PROMOTE), "F4");
}

static void mistakes_are_named_with_their_place(void **state)
{
    struct ncm_config_key wrong[] = {key("promot", "P")}, taken[] = {key("promote", "B")},
                          odd[] = {key("promote", "Hyper-P")}, lower[] = {key("promote", "p")};
    struct ncm_err err;
    (void)state;
    struct ncm_config c = config_of(wrong, 1);
    assert_false(keymap_build(&c, &err));
    assert_string_equal(err.what,
                        "config.yaml:7:3: unknown action 'promot', did you mean 'promote'?");
    c = config_of(taken, 1);
    assert_false(keymap_build(&c, &err));
    assert_non_null(strstr(err.what, "config.yaml:7:3:"));
    assert_non_null(strstr(err.what, "'promote'"));
    assert_non_null(strstr(err.what, "'rollback'"));
    c = config_of(odd, 1);
    assert_false(keymap_build(&c, &err));
    assert_non_null(strstr(err.what, "Hyper-P"));
    c = config_of(lower, 1);
    assert_false(keymap_build(&c, &err));
    assert_non_null(strstr(err.what, "promote"));
}

static void words_are_keys(void **state)
{
    int code;
    (void)state;
    assert_true(key_parse("S-Tab", &code) && code == TK_BTAB);
    assert_true(key_parse("space", &code) && code == ' ');
    assert_true(key_parse("F12", &code) && code == TK_F12);
    assert_false(key_parse("F13", &code));
    assert_true(key_parse("C-l", &code) && code == 12);
    assert_true(key_parse("P", &code) && code == 'P');
    assert_false(key_parse("", &code));
    assert_false(key_parse("PP", &code));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_action_is_complete),
        cmocka_unit_test(every_default_key_is_a_key),
        cmocka_unit_test(no_two_actions_share_a_key),
        cmocka_unit_test(lower_case_never_changes_anything),
        cmocka_unit_test(the_promised_keys_are_there),
        cmocka_unit_test(keys_can_be_changed),
        cmocka_unit_test(mistakes_are_named_with_their_place),
        cmocka_unit_test(words_are_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
