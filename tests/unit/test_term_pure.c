/* The parts of the terminal layer that need no terminal: decoding, Hangul, colours, painting into
 * cells, plot dots, scripts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "term/color.h"
#include "term/decode.h"
#include "term/paint.h"
#include "term/screen.h"
#include "term/script.h"
#include "term/term.h"

/* ---- Hangul ---- */

static const char initial_keys[19][3] = {"r", "R", "s", "e", "E", "f", "a", "q", "Q", "t",
                                         "T", "d", "w", "W", "c", "z", "x", "v", "g"};
static const char medial_keys[21][3] = {"k",  "o",  "i",  "O",  "j",  "p",  "u",
                                        "P",  "h",  "hk", "ho", "hl", "y",  "n",
                                        "nj", "np", "nl", "b",  "m",  "ml", "l"};
static const char final_keys[28][3] = {"",   "r",  "R",  "rt", "s",  "sw", "sg", "e", "f",  "fr",
                                       "fa", "fq", "ft", "fx", "fv", "fg", "a",  "q", "qt", "t",
                                       "T",  "d",  "w",  "c",  "z",  "x",  "v",  "g"};

static void every_syllable_becomes_its_keys(void **state)
{
    (void)state;
    size_t longest = 0;
    for (uint32_t i = 0; i < 11172; i++) {
        char want[16], out[6];
        snprintf(want, sizeof want, "%s%s%s", initial_keys[i / 588], medial_keys[i % 588 / 28],
                 final_keys[i % 28]);
        size_t n = term_hangul_keys(0xAC00 + i, out);
        assert_int_equal(n, strlen(want));
        assert_memory_equal(out, want, n);
        longest = n > longest ? n : longest;
    }
    assert_int_equal(longest, 5);
}

static void jamo_and_full_width_letters(void **state)
{
    static const struct {
        uint32_t cp;
        const char *keys;
    } rows[] = {{0x3153, "j"},  {0x314F, "k"}, {0x3142, "q"}, {0x3143, "Q"}, {0x3133, "rt"},
                {0x3162, "ml"}, {0x3163, "l"}, {0xFF2A, "J"}, {0xFF5E, "~"}, {0x3000, " "},
                {'j', ""},      {0x4E00, ""},  {0x1100, ""},  {0x3130, ""},  {0x3164, ""},
                {0xD7A4, ""},   {0xABFF, ""}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[6];
        size_t n = term_hangul_keys(rows[i].cp, out);
        assert_int_equal(n, strlen(rows[i].keys));
        assert_memory_equal(out, rows[i].keys, n);
    }
}

/* ---- decoding ---- */

static char told[4096];

static void tell(void *ctx, const struct decoded *d)
{
    size_t n = strlen(told);
    (void)ctx;
    switch (d->kind) {
    case DECODED_KEY:
        if (d->key > KEY_BASE_)
            snprintf(told + n, sizeof told - n, "%s<%d>", d->alt ? "A-" : "", d->key - KEY_BASE_);
        else if (d->key > 32 && d->key < 127)
            snprintf(told + n, sizeof told - n, "%s%c", d->alt ? "A-" : "", d->key);
        else
            snprintf(told + n, sizeof told - n, "%s(%d)", d->alt ? "A-" : "", d->key);
        break;
    case DECODED_PASTE:
        snprintf(told + n, sizeof told - n, "[%s]", d->text);
        break;
    case DECODED_MOUSE:
        snprintf(told + n, sizeof told - n, "{%d@%d,%d}", d->button, d->y, d->x);
        break;
    case DECODED_FOCUS:
        snprintf(told + n, sizeof told - n, "f%d", d->focused);
        break;
    case DECODED_ANSWER:
        snprintf(told + n, sizeof told - n, "!");
        break;
    case DECODED_BACKGROUND:
        snprintf(told + n, sizeof told - n, d->light ? "(light)" : "(dark)");
        break;
    }
}

static const struct {
    const char *bytes, *told;
} inputs[] = {
    {"jk", "jk"},
    {"\033]11;rgb:ffff/ffff/ffff\033\\j\033]11;rgb:00/00/00\a", "(light)j(dark)"},
    {"\033]11;rgb:f/f/e\a\033]11;rgb:ffff/ffff\a\033]10;rgb:f/f/f\aj", "(light)j"},
    {"\033]11;rgb:ffff/ffff/ffff0\a\033P11;rgb:f/f/f\033\\\033]11;rgb:f/f/f\030j", "j"},
    {"\033[A\033OB\033[C\033OD", "<1><2><4><3>"},
    {"\033[H\033[F\033[1~\033[4~\033[7~\033[8~", "<5><6><5><6><5><6>"},
    {"\033[5~\033[6~\033[2~\033[3~", "<7><8><9><10>"},
    {"\r\t\177\b\033[Z", "<12><13><11><11><14>"},
    {"\033OP\033[Q\033[[A\033[[E\033[15~\033[24~\033[1;2S", "<16><17><16><20><20><27><19>"},
    {"\033[1;5A\033[1;3B\033[5;2~\033[3^\033[a\033Od", "<1>A-<2><7><10><1><3>"},
    {"\033j\033J\033\033[A\033\r", "A-jA-JA-<1>A-<12>"},
    {"\033\033[0n\033\033[I\033\033[<0;10;5M\033\033[?64;1;2c", "<15>!<15>f1<15>{1@4,9}<15>"},
    {"\033]0;abc\033jk\033Pq\033[Ax\033]0;t\033\\y\033]u\033\033z", "A-jk<1>xy<15>A-z"},
    {"\001\030", "(1)(24)"},
    {"\033OM\033Oq\033Ok", "<12>1+"},
    {"\xea\xb0\x80\xc3\xa9", "(44032)(233)"},
    {"\xff"
     "a\xc3"
     "b\xed\xa0\x80"
     "c\xf4\x90\x80\x80"
     "d\xc2\x9b"
     "e",
     "abcde"},
    {"\033[106;5u\033[97u\033[27;3;113~\033[13u\033[9;2u\033[57399u", "(10)aA-q<12><14>"},
    {"\033[I\033[O\033[0n\033[3n\033[1n", "f1f0!!"},
    {"\033[<0;10;5M\033[<0;10;5m\033[<2;1;1M\033[<64;300;9M\033[<65;1;1M\033[<32;4;4M",
     "{1@4,9}{3@0,0}{4@8,299}{5@0,0}"},
    {"\033[M *%\033[M#*%x", "{1@4,9}x"},
    {"\033[200~q\r\n:\033[Ax\ty\003\033[201~z", "[q\n:[Ax y]z"},
    {"\033[200~\033[201\033[201~z", "[[201]z"},
    {"\033[200~a\rb\xc2\x85"
     "c\177\033[201~",
     "[a\nbc]"},
    {"\033[200~\033[201~z", "z"},
    {"\033[99;99Xj\033[?64;1;2cj\033[>0;276;0cj\033[12;40Rj\033[1;1Rj\033[ "
     "qj\033[4$yj\033[?2026;0$yj",
     "jjjjjjjj"},
    {"\033]11;rgb:ff/qq/"
     "jj\aj\033]52;c;qq\033\\j\033P1+rq\033\\j\033_Gq\033\\j\033^q\033\\j\033Xq\033\\j",
     "jjjjjj"},
    {"\033[1\033[Aj", "<1>j"},
    {"\033[12\030j", "j"},
    {"\033O5Aj", "<1>j"},
};

static void bytes_become_events(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof inputs / sizeof *inputs; i++) {
        /* Whole, then byte by byte: where the network cuts makes no difference. */
        for (int cut = 0; cut < 2; cut++) {
            struct decoder d;
            size_t len = strlen(inputs[i].bytes);
            decode_init(&d, 25);
            told[0] = 0;
            for (size_t j = 0; cut && j < len; j++)
                decode_feed(&d, inputs[i].bytes + j, 1, 1000, tell, NULL);
            if (!cut)
                decode_feed(&d, inputs[i].bytes, len, 1000, tell, NULL);
            assert_int_equal(decode_due(&d, 1000), -1);
            assert_string_equal(told, inputs[i].told);
            decode_release(&d);
        }
    }
}

static void time_ends_what_is_unfinished(void **state)
{
    struct decoder d;
    (void)state;
    decode_init(&d, 25);
    told[0] = 0;
    decode_feed(&d, "\033", 1, 1000, tell, NULL);
    assert_int_equal(decode_due(&d, 1010), 15);
    decode_expire(&d, 1010, tell, NULL);
    assert_string_equal(told, "");
    decode_expire(&d, 1025, tell, NULL);
    assert_string_equal(told, "<15>");

    /* The rest of a sequence that came late is no command. */
    decode_feed(&d, "OA", 2, 1040, tell, NULL);
    assert_string_equal(told, "<15><1>");
    decode_feed(&d, "\033", 1, 2000, tell, NULL);
    decode_expire(&d, 2025, tell, NULL);
    decode_feed(&d, "OA", 2, 2200, tell, NULL);
    assert_string_equal(told, "<15><1><15>OA");

    told[0] = 0;
    decode_feed(&d, "\033[12", 4, 3000, tell, NULL);
    decode_expire(&d, 3600, tell, NULL);
    decode_feed(&d, "j\033]never ends", 13, 3600, tell, NULL);
    decode_expire(&d, 5000, tell, NULL);
    decode_feed(&d, "k\033[200~lost end", 15, 5000, tell, NULL);
    assert_string_equal(told, "jk");
    decode_expire(&d, 15000, tell, NULL);
    assert_string_equal(told, "jk[lost end]");
    decode_feed(&d, "\033\033", 2, 20000, tell, NULL);
    decode_expire(&d, 20100, tell, NULL);
    assert_string_equal(told, "jk[lost end]<15><15>");
    decode_release(&d);
}

static void a_huge_paste_is_cut(void **state)
{
    struct decoder d;
    static char block[65536];
    (void)state;
    memset(block, 'x', sizeof block);
    decode_init(&d, 25);
    told[0] = 0;
    decode_feed(&d, "\033[200~", 6, 0, tell, NULL);
    for (int i = 0; i < 100; i++)
        decode_feed(&d, block, sizeof block, 0, tell, NULL);
    assert_true(d.paste.len <= 1 << 20);
    decode_feed(&d, "\033[201~q", 7, 0, tell, NULL);
    assert_int_equal(d.state, IN_GROUND);
    decode_release(&d);
}

/* ---- colours ---- */

static void nearest_colors(void **state)
{
    static const struct {
        uint32_t rgb;
        int index;
    } rows[] = {{0xE69F00, 214}, {0x56B4E9, 74},  {0x009E73, 36}, {0xF0E442, 227}, {0x0072B2, 32},
                {0xD55E00, 166}, {0xCC79A7, 175}, {0x000000, 16}, {0xFFFFFF, 231}};
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        assert_int_equal(color_nearest_256(rows[i].rgb, false), rows[i].index);
    for (int i = 16; i < 256; i++)
        assert_int_equal(color_of_256(color_nearest_256(color_of_256(i), true)), color_of_256(i));
    assert_int_equal(color_nearest_basic(0xFF2020, false, 8), 1);
    assert_int_equal(color_nearest_basic(0xFF2020, false, 16), 9);
    assert_int_equal(color_nearest_basic(0x101010, true, 8), 0);
}

/* ---- painting ---- */

static const char *row(int y)
{
    static char text[4096];
    struct ncm_buf b;
    ncm_buf_init(&b, sizeof text);
    screen_row_text(screen_front(), y, &b);
    snprintf(text, sizeof text, "%s", b.p);
    ncm_buf_release(&b);
    return text;
}

static int screen_up(void **state)
{
    (void)state;
    ncm_text_init(NULL, false);
    term_start_offscreen(10, 20);
    term_frame_begin();
    return 0;
}

static int screen_down(void **state)
{
    (void)state;
    term_stop();
    return 0;
}

static void clips_at_every_edge(void **state)
{
    (void)state;
    struct canvas s = canvas_screen(), c = canvas_part(&s, 2, 5, 2, 6);
    paint(&c, 0, -2, ROLE_TEXT, 0, "abcdefghijkl");
    paint(&c, 1, 4, ROLE_TEXT, 0, "xyz");
    paint(&c, 2, 0, ROLE_TEXT, 0, "below");
    paint(&c, -1, 0, ROLE_TEXT, 0, "above");
    assert_int_equal(paint(&s, 5, 18, ROLE_TEXT, 0, "0123"), 4);
    assert_int_equal(paint(&s, 99, 0, ROLE_TEXT, 0, "0123"), 4);
    term_frame_end();
    assert_string_equal(row(1), "");
    assert_string_equal(row(2), "     cdefgh");
    assert_string_equal(row(3), "         xy");
    assert_string_equal(row(4), "");
    assert_string_equal(row(5), "                  01");
}

static void wide_characters_are_never_halved(void **state)
{
    (void)state;
    struct canvas s = canvas_screen(), c = canvas_part(&s, 0, 3, 3, 5);
    paint(&s, 0, 0, ROLE_TEXT, 0, "....................");
    paint(&c, 0, -1, ROLE_TEXT, 0, "가나다라");
    term_frame_end();
    /* Cells: one half of 가 outside, 나, 다, one half of 라 outside. */
    assert_string_equal(row(0), "... 나다............");

    term_frame_begin();
    paint(&s, 1, 0, ROLE_TEXT, 0, "가나다");
    paint(&s, 1, 1, ROLE_TEXT, 0, "x");
    paint(&s, 1, 4, ROLE_TEXT, 0, "y");
    paint(&s, 2, 0, ROLE_TEXT, 0, "가나다");
    paint(&s, 2, 1, ROLE_TEXT, 0, "라");
    paint(&s, 3, 19, ROLE_TEXT, 0, "가");
    paint(&s, 4, 0, ROLE_TEXT, 0, "e\xcc\x81x\xcc\x81");
    term_frame_end();
    assert_string_equal(row(1), " x나y");
    assert_string_equal(row(2), " 라 다");
    assert_string_equal(row(3), "");
    assert_string_equal(row(4), "e\xcc\x81x\xcc\x81");
}

static void fields_are_cut_and_padded(void **state)
{
    static const char hostile[] = "a\033[31mb\xe2\x80\xae";
    (void)state;
    struct canvas s = canvas_screen();
    paint(&s, 0, 0, ROLE_TEXT, 0, "####################");
    assert_int_equal(paint_cut(&s, 0, 2, 8, 0, ROLE_TEXT, 0, "fraud-detector"), 8);
    paint(&s, 1, 0, ROLE_TEXT, 0, "####################");
    paint_cut(&s, 1, 2, 8, 1, ROLE_TEXT, 0, "42");
    paint_cut(&s, 2, 0, 6, 0, ROLE_TEXT, 0, "가나다라");
    paint(&s, 2, 6, ROLE_TEXT, 0, "|");
    paint_raw(&s, 3, 0, 12, 0, ROLE_TEXT, 0, (struct ncm_str){hostile, sizeof hostile - 1});
    paint_cut(&s, 4, 0, 0, 0, ROLE_TEXT, 0, "x");
    paint_cut(&s, 5, 0, 1, 0, ROLE_TEXT, 0, "xyz");
    term_frame_end();
    assert_string_equal(row(0), "##fraud-d…##########");
    assert_string_equal(row(1), "##      42##########");
    assert_string_equal(row(2), "가나… |");
    assert_string_equal(row(3), "a\xef\xbf\xbd[31mb\xef\xbf\xbd");
    assert_string_equal(row(4), "");
    assert_string_equal(row(5), "…");
}

static void heads_boxes_and_bars(void **state)
{
    struct ncm_buf dump;
    (void)state;
    struct canvas s = canvas_screen(), box = canvas_part(&s, 1, 0, 3, 5);
    paint_head(&s, 0, "Runs", "3/12", false);
    paint_box(&box, ROLE_BORDER);
    paint(&s, 5, 0, ROLE_FAIL, 0, "FAIL x");
    paint_restyle(&s, 5, 2, 100, ROLE_SELECT);
    term_frame_end();
    assert_string_equal(row(0), "─ Runs ────── 3/12 ─");
    assert_string_equal(row(1), "┌───┐");
    assert_string_equal(row(2), "│   │");
    assert_string_equal(row(3), "└───┘");
    ncm_buf_init(&dump, 1 << 16);
    term_dump(&dump);
    assert_non_null(strstr(dump.p, "---- 20x10\n"));
    assert_non_null(strstr(dump.p, "\nFFssssssssssssssssss\n"));
    ncm_buf_release(&dump);
}

static void nonsense_sizes_do_no_harm(void **state)
{
    (void)state;
    struct canvas s = canvas_screen();
    struct canvas none = canvas_part(&s, 50, 50, 5, 5), left = canvas_part(&s, -3, -3, 5, 5);
    assert_true(none.h == 0 && none.w == 0);
    assert_true(left.y == 0 && left.x == 0 && left.h == 2 && left.w == 2);
    paint_box(&none, ROLE_BORDER);
    paint_head(&none, 0, "x", "y", true);
    paint_fill(&s, -5, -5, 100, 100, ROLE_BAR);
    paint_cursor(&s, 50, 50, true);
    paint_spark(&s, 0, 15, 100, (const double[]){1, 2, 3}, 3, ROLE_TEXT);
    paint_spark(&s, 0, 0, -4, NULL, 0, ROLE_TEXT);
    struct raster *r = raster_new(0, -1);
    raster_line(r, 0, 0, 5, 5, 0);
    raster_paint(r, &s);
    raster_free(r);
    raster_free(NULL);
    term_frame_end();
}

/* ---- dots ---- */

static void each_dot_has_its_bit(void **state)
{
    static const unsigned char bits[4][2] = {
        {0x01, 0x08}, {0x02, 0x10}, {0x04, 0x20}, {0x40, 0x80}};
    (void)state;
    struct canvas s = canvas_screen();
    for (int y = 0; y < 4; y++) {
        for (int x = 0; x < 2; x++) {
            struct raster *r = raster_new(1, 1);
            assert_int_equal(raster_dots_x(r), 2);
            assert_int_equal(raster_dots_y(r), 4);
            raster_dot(r, x, y, 0);
            raster_paint(r, &s);
            raster_free(r);
            assert_int_equal(screen_row(screen_back(), 0)->ch[0], 0x2800u + bits[y][x]);
        }
    }
}

static void crossings_follow_the_rule(void **state)
{
    (void)state;
    struct canvas s = canvas_screen();
    const struct cell *cell = screen_row(screen_back(), 0);
    struct raster *r = raster_new(1, 3);
    raster_dot(r, 0, 0, 2); /* one dot against two */
    raster_dot(r, 1, 1, 1);
    raster_dot(r, 1, 2, 1);
    raster_dot(r, 2, 0, 0); /* one against one: the later */
    raster_dot(r, 3, 0, 4);
    raster_dot(r, 4, 0, 3); /* painted over, but focused */
    raster_dot(r, 4, 0, 5);
    raster_dot(r, 5, 3, 5);
    raster_paint(r, &s);
    assert_int_equal(cell[0].role, ROLE_SERIES1 + 1);
    assert_int_equal(cell[0].ch[0], 0x2800 + 0x01 + 0x10 + 0x20);
    assert_int_equal(cell[1].role, ROLE_SERIES1 + 4);
    assert_int_equal(cell[2].role, ROLE_SERIES1 + 5);
    raster_focus(r, 3);
    raster_paint(r, &s);
    assert_int_equal(cell[2].role, ROLE_SERIES1 + 3);
    raster_free(r);
}

static void lines_are_clipped(void **state)
{
    (void)state;
    struct canvas s = canvas_screen();
    struct raster *r = raster_new(10, 20);
    raster_line(r, -2000000000, 20, 2000000000, 20, 0);
    raster_line(r, 10, -2000000000, 10, 2000000000, 1);
    raster_line(r, -5, -5, -1, -1, 2);
    raster_paint(r, &s);
    for (int x = 0; x < 20; x++)
        assert_true(screen_row(screen_back(), 5)[x].ch[0] > 0x2800);
    for (int y = 0; y < 10; y++)
        assert_true(screen_row(screen_back(), y)[5].ch[0] > 0x2800);
    assert_int_equal(screen_row(screen_back(), 0)[0].ch[0], ' ');
    raster_free(r);
}

static void sparks(void **state)
{
    static const double rising[] = {0, 1, 2, 3, 4, 5, 6, 7}, flat[] = {5, 5, 5};
    static const double gap[] = {1, NAN, 2}, large[] = {-1.7e308, 1.7e308, INFINITY, -INFINITY};
    static double spike[100];
    (void)state;
    struct canvas s = canvas_screen();
    spike[37] = 9;
    paint_spark(&s, 0, 0, 8, rising, 8, ROLE_TEXT);
    paint_spark(&s, 1, 0, 8, flat, 3, ROLE_TEXT);
    paint_spark(&s, 2, 0, 8, gap, 3, ROLE_TEXT);
    paint_spark(&s, 3, 0, 8, large, 4, ROLE_TEXT);
    paint_spark(&s, 4, 0, 10, spike, 100, ROLE_TEXT);
    term_frame_end();
    assert_string_equal(row(0), "▁▂▃▄▅▆▇█");
    assert_string_equal(row(1), "▄▄▄");
    assert_string_equal(row(2), "▁ █");
    assert_string_equal(row(3), "▁██▁");
    assert_string_equal(row(4), "▁▁▁█▁▁▁▁▁▁");
}

/* ---- scripts ---- */

static void scripts_with_errors_name_the_line(void **state)
{
    static const struct {
        const char *text, *start;
    } rows[] = {
        {"j\nwait x\n", "f:2: "},      {"<Foo>", "f:1: "},       {"wait \"x\" soon", "f:1: "},
        {"wait \"x", "f:1: "},         {"resize 80", "f:1: "},   {"resize 0x5", "f:1: "},
        {"# c\n\n  pause x", "f:3: "}, {"save-screen", "f:1: "}, {"quit now", "f:1: "},
        {"resize 99999x5", "f:1: "},   {"paste x", "f:1: "},     {"pause -1", "f:1: "},
    };
    (void)state;
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        struct ncm_err err = {0};
        assert_false(script_parse("f", rows[i].text, strlen(rows[i].text), &err));
        assert_int_equal(err.code, NCM_USAGE);
        assert_int_equal(strncmp(err.what, rows[i].start, 5), 0);
    }
}

static void scripts_give_keys_one_by_one(void **state)
{
    static const char text[] = "a <Enter>\n  <C-x><A-y>가 \n<lt>\n<<x\n";
    static const struct {
        int key;
        bool alt;
    } want[] = {{'a', false},    {' ', false}, {TK_ENTER, false}, {'x' & 31, false}, {'y', true},
                {0xAC00, false}, {'<', false}, {'<', false},      {'<', false},      {'x', false}};
    struct ncm_err err = {0};
    struct term_event ev;
    (void)state;
    assert_true(script_parse("f", text, sizeof text - 1, &err));
    assert_true(script_active());
    for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
        assert_true(term_wait(NULL, 0, NULL, -1));
        assert_true(term_next(&ev));
        assert_int_equal(ev.kind, TERM_KEY);
        assert_int_equal(ev.key, want[i].key);
        assert_int_equal(ev.alt, want[i].alt);
        assert_false(term_next(&ev));
    }
    assert_true(term_wait(NULL, 0, NULL, -1));
    assert_true(term_next(&ev));
    assert_int_equal(ev.kind, TERM_QUIT);
    assert_true(script_done(&err));
}

#define SCREEN(test) cmocka_unit_test_setup_teardown(test, screen_up, screen_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_syllable_becomes_its_keys),
        cmocka_unit_test(jamo_and_full_width_letters),
        cmocka_unit_test(bytes_become_events),
        cmocka_unit_test(time_ends_what_is_unfinished),
        cmocka_unit_test(a_huge_paste_is_cut),
        cmocka_unit_test(nearest_colors),
        SCREEN(clips_at_every_edge),
        SCREEN(wide_characters_are_never_halved),
        SCREEN(fields_are_cut_and_padded),
        SCREEN(heads_boxes_and_bars),
        SCREEN(nonsense_sizes_do_no_harm),
        SCREEN(each_dot_has_its_bit),
        SCREEN(crossings_follow_the_rule),
        SCREEN(lines_are_clipped),
        SCREEN(sparks),
        cmocka_unit_test(scripts_with_errors_name_the_line),
        SCREEN(scripts_give_keys_one_by_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
