/* Every key in every view: nothing crashes, nothing outside the screen changes by a lower-case key,
 * and thousands of keys and sizes in a random but fixed order do no harm either. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "screen/withstand.h"

static uint32_t seed;

static uint32_t next_random(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % below;
}

static bool frame_or_pause(struct vt *vt)
{
    size_t frames = vt_frames(vt);
    for (int i = 0; i < 5 && vt_frames(vt) == frames; i++)
        vt_wait_quiet(vt, 10);
    return vt_frames(vt) > frames;
}

static void to_the_top(struct vt *vt)
{
    for (int i = 0; i < 6; i++) {
        vt_key(vt, "Esc");
        vt_wait_quiet(vt, 40);
    }
}

/* Keys that lead to a view from the top of the program. */
static const char *const views[][5] = {
    {"2", NULL},
    {"2", "Tab", NULL},
    {"2", "Tab", "Enter", NULL},
    {"2", "Tab", "Enter", "]", NULL},
    {"2", "Tab", "Space", "d", NULL},
    {"3", NULL},
    {"3", "j", "Enter", NULL},
    {"3", "j", "d", NULL},
    {"3", "b", NULL},
    {"9", NULL},
};

static void every_lower_case_key_in_every_view(void **state)
{
    static const char keys[] = "abcdefghijklmnoprstuvwxyz[]+-=*0\\,.";
    static const char *const versions[] = {"1.30.1", "3.17.2"};
    char key[2] = "";
    (void)state;
    for (size_t s = 0; s < sizeof versions / sizeof *versions; s++) {
        withstand_store(versions[s]);
        withstand_shell("cp \"$1/mlflow.db\" \"$1/before.db\"", "");
        struct vt *vt = withstand_open(24, 80, (const char *[]){"EDITOR=true", NULL});
        vt_wait(vt, "Default", 0);
        for (size_t v = 0; v < sizeof views / sizeof *views; v++) {
            to_the_top(vt);
            for (const char *const *k = views[v]; *k; k++) {
                vt_key(vt, *k);
                vt_wait_quiet(vt, 20);
            }
            for (const char *k = keys; *k; k++) {
                key[0] = *k;
                vt_key(vt, key);
                frame_or_pause(vt);
                vt_key(vt, "Esc");
            }
        }
        to_the_top(vt);
        vt_key(vt, "2");
        withstand_alive(vt);
        withstand_check_raw(vt);
        withstand_quit(vt);
        withstand_shell("cmp \"$1/mlflow.db\" \"$1/before.db\"", "");
    }
}

/* What a person may type; ctrl-z and what ends the program stay out. */
static const char *const any[] = {"j",
                                  "k",
                                  "j",
                                  "k",
                                  "g",
                                  "G",
                                  "h",
                                  "l",
                                  "Up",
                                  "Down",
                                  "Left",
                                  "Right",
                                  "Home",
                                  "End",
                                  "PgUp",
                                  "PgDn",
                                  "Enter",
                                  "Enter",
                                  "Enter",
                                  "Esc",
                                  "Esc",
                                  "Tab",
                                  "S-Tab",
                                  "Space",
                                  "Backspace",
                                  "Del",
                                  "2",
                                  "3",
                                  "9",
                                  "1",
                                  "5",
                                  "[",
                                  "]",
                                  "a",
                                  "b",
                                  "c",
                                  "d",
                                  "e",
                                  "f",
                                  "i",
                                  "m",
                                  "n",
                                  "N",
                                  "o",
                                  "p",
                                  "r",
                                  "s",
                                  "t",
                                  "u",
                                  "v",
                                  "w",
                                  "x",
                                  "y",
                                  "Y",
                                  "z",
                                  "*",
                                  "\\",
                                  "+",
                                  "-",
                                  "=",
                                  "0",
                                  "/",
                                  ":",
                                  "?",
                                  "P",
                                  "B",
                                  "U",
                                  "R",
                                  "D",
                                  "M",
                                  "V",
                                  "A",
                                  "S",
                                  "F1",
                                  "F5",
                                  "C-l",
                                  "한",
                                  "ㅓ",
                                  "é",
                                  "\033[200~q\033[201~",
                                  "\033[<0;10;5M",
                                  "\033[<64;30;9M",
                                  "\033[I",
                                  "\033[O",
                                  "\033[99;99~",
                                  "tag a=b",
                                  "loss",
                                  "metrics.loss < 1",
                                  "'",
                                  "y",
                                  "\033[<65;60;12M",
                                  "\033[3;4H",
                                  "\377\376"};

static bool ended_or_asks(struct vt *vt)
{
    return vt_has(vt, "Leave ncmlops?");
}

static void monkey(const char *version, uint32_t start, int count, const char *lang)
{
    static const int sizes[][2] = {{24, 80},  {50, 200}, {8, 40},   {5, 20}, {10, 40},
                                   {30, 100}, {3, 12},   {60, 300}, {24, 39}};
    char env[32];
    withstand_store(version);
    snprintf(env, sizeof env, "LC_ALL=%s", lang);
    struct vt *vt = withstand_open(24, 80, (const char *[]){env, "EDITOR=true", NULL});
    seed = start;
    for (int i = 0; i < count; i++) {
        uint32_t r = next_random(100);
        if (r < 2) {
            const int *size = sizes[next_random(sizeof sizes / sizeof *sizes)];
            vt_resize(vt, size[0], size[1]);
        } else {
            vt_key(vt, any[next_random(sizeof any / sizeof *any)]);
        }
        if (next_random(8) == 0)
            vt_wait_quiet(vt, 1 + (int)next_random(20));
        if (ended_or_asks(vt)) {
            vt_key(vt, "Esc");
            vt_wait_gone(vt, "Leave ncmlops?", 0);
        }
    }
    vt_resize(vt, 24, 80);
    vt_wait_quiet(vt, 200);
    to_the_top(vt);
    vt_key(vt, "2");
    withstand_alive(vt);
    withstand_check_raw(vt);
    withstand_quit(vt);
}

static void a_monkey(void **state)
{
    (void)state;
    const char *many = getenv("NCMLOPS_MONKEY");
    int count = many ? (int)strtol(many, NULL, 10) : 800;
    const char *from = getenv("NCMLOPS_SEED");
    uint32_t start = from ? (uint32_t)strtoul(from, NULL, 10) : 7;
    monkey("3.17.2", start, count, "C.UTF-8");
    monkey("2.22.5", start + 1, count, "C.UTF-8");
    monkey("2.9.2", start + 2, count, "C.UTF-8");
    monkey("1.30.1", start + 3, count, "C");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_lower_case_key_in_every_view),
        cmocka_unit_test(a_monkey),
    };
    return cmocka_run_group_tests(tests, withstand_setup, withstand_teardown);
}
