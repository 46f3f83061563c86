#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
    wall_draw(&o, &c);
    if (getenv("SHOW_PAINTED") != NULL) {
        fprintf(stderr, "==== %dx%d\n", cols, rows);
        for (int y = 0; y < rows; y++) {
            fprintf(stderr, "%s\n", painted_row(y));
        }
    }
}

static void the_worst_is_in_block_letters(void **state)
{
    (void)state;
    overview_made_begin(&o);
    draw(24, 80);
    draw(50, 200);
    draw(10, 40);
    overview_made_well();
    draw(24, 80);
    draw(50, 200);
    painted_end();
    overview_made_end(&o);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_worst_is_in_block_letters),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
