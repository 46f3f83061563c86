#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "overview_made.h"
#include "painted.h"

static struct overview o;

static void draw(int rows, int cols)
{
    painted_begin(rows, cols);
    struct canvas c = canvas_screen();
    overview_draw(&o, &c);
    if (getenv("SHOW_PAINTED") != NULL) {
        fprintf(stderr, "==== %dx%d\n", cols, rows);
        for (int y = 0; y < rows; y++) {
            fprintf(stderr, "%s\n", painted_row(y));
        }
    }
}

static int row_of(const char *text)
{
    for (int y = 0; y < 50; y++) {
        if (strstr(painted_row(y), text) != NULL) {
            return y;
        }
    }
    return -1;
}

static void begin(void)
{
    overview_made_begin(&o);
}

static void end(void)
{
    painted_end();
    overview_made_end(&o);
}

static void a_small_screen_tells_what_is_wrong_and_what_fires(void **state)
{
    (void)state;
    begin();
    draw(20, 80);
    end();
}

static void a_wide_screen_has_all_of_it(void **state)
{
    (void)state;
    begin();
    draw(46, 200);
    o.history_chosen = o.history = true;
    draw(46, 200);
    end();
}

static void the_smallest_screen_has_the_part_that_is_looked_at(void **state)
{
    (void)state;
    begin();
    draw(8, 40);
    o.part = OVER_FIRING;
    draw(8, 40);
    end();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_screen_tells_what_is_wrong_and_what_fires),
        cmocka_unit_test(a_wide_screen_has_all_of_it),
        cmocka_unit_test(the_smallest_screen_has_the_part_that_is_looked_at),
    };
    (void)row_of;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
