#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>

#include "ui/layout.h"

/* Every part within the screen, none over another, the body never of negative size. */
static void parts_never_overlap(void **state)
{
    (void)state;
    for (int rows = 1; rows <= 60; rows++) {
        for (int cols = 1; cols <= 120; cols++) {
            struct frame_layout l;
            layout_frame(rows, cols, &l);
            const struct canvas *parts[] = {&l.header, &l.trail, &l.body, &l.keys};
            int used = l.own_message_row ? 1 : 0;
            for (size_t i = 0; i < 4; i++) {
                assert_true(parts[i]->h >= 0);
                assert_true(parts[i]->y >= 0 && parts[i]->y + parts[i]->h <= rows);
                assert_int_equal(parts[i]->w, cols);
                used += parts[i]->h;
            }
            assert_int_equal(used, rows);
            assert_true(l.header.y + l.header.h <= l.body.y + (l.trail.h > 0));
            assert_true(l.body.y + l.body.h <= l.keys.y || l.keys.h == 0);
            assert_true(l.message.h == 0 || l.message.y >= l.body.y + l.body.h);
        }
    }
}

static void useful_sizes_have_a_body(void **state)
{
    struct frame_layout l;
    (void)state;
    layout_frame(8, 40, &l);
    assert_int_equal(l.body.h, 6);
    layout_frame(24, 80, &l);
    assert_int_equal(l.body.h, 20);
    assert_int_equal(l.trail.h, 1);
    assert_true(l.own_message_row);
}

static void boxes_stay_inside(void **state)
{
    (void)state;
    for (int h = 0; h < 40; h++) {
        for (int w = 0; w < 100; w++) {
            struct canvas body = {2, 0, h, w}, box = layout_box(&body, 12, 50);
            assert_true(box.h >= 0 && box.w >= 0);
            assert_true(box.y >= body.y && box.y + box.h <= body.y + h);
            assert_true(box.x >= 0 && box.x + box.w <= w);
        }
    }
}

static void hints_are_whole_and_in_order(void **state)
{
    const int width[] = {6, 10, 12, 9, 8, 6}; /* the last three are always wanted */
    bool shown[6];
    (void)state;
    for (int room = 0; room < 80; room++) {
        int used = 0;
        layout_hints(width, 6, 3, room, shown);
        for (int i = 0; i < 6; i++) {
            used += shown[i] ? width[i] + (used > 0 ? 2 : 0) : 0;
        }
        assert_true(used <= room);
        assert_true(!shown[1] || shown[0]);
        assert_true(!shown[2] || shown[1]);
    }
    layout_hints(width, 6, 3, 35, shown);
    assert_true(shown[0] && shown[3] && shown[4] && shown[5] && !shown[1]);
    layout_hints(width, 6, 3, 70, shown);
    assert_true(shown[0] && shown[1] && shown[2]);
}

static void tabs_shrink_in_steps(void **state)
{
    (void)state;
    assert_int_equal(layout_tabs(30, 20, 10, 30), TABS_NAMES);
    assert_int_equal(layout_tabs(30, 20, 10, 29), TABS_NUMBERS);
    assert_int_equal(layout_tabs(30, 20, 10, 19), TABS_ACTIVE);
    assert_int_equal(layout_tabs(30, 20, 10, 9), TABS_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(parts_never_overlap),  cmocka_unit_test(useful_sizes_have_a_body),
        cmocka_unit_test(boxes_stay_inside),    cmocka_unit_test(hints_are_whole_and_in_order),
        cmocka_unit_test(tabs_shrink_in_steps),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
