#include "ui/table_size.h"

/* What the shown columns need at least, gaps included. */
static int needed(const struct table_column *columns, size_t n, const int *width)
{
    int sum = 0, shown = 0;

    for (size_t i = 0; i < n; i++) {
        if (width[i] > 0) {
            sum += columns[i].min > 0 ? columns[i].min : 1;
            shown++;
        }
    }
    return sum + (shown > 1 ? (shown - 1) * TABLE_GAP : 0);
}

/* The next column to go; n where none may. */
static size_t next_to_drop(const struct table_column *columns, size_t n, const int *width)
{
    size_t worst = n;

    for (size_t i = 1; i < n; i++) {
        if (width[i] > 0 && columns[i].priority > 0 &&
            (worst == n || columns[i].priority >= columns[worst].priority)) {
            worst = i;
        }
    }
    for (size_t i = n; worst == n && i > 1; i--) {
        if (width[i - 1] > 0) {
            worst = i - 1;
        }
    }
    return worst;
}

/* Gives `left` cells one by one in turn to the columns that still want some. */
static int grow_to_want(const struct table_column *columns, size_t n, int *width, int left)
{
    bool grew = true;

    while (left > 0 && grew) {
        grew = false;
        for (size_t i = 0; i < n && left > 0; i++) {
            if (width[i] > 0 && width[i] < columns[i].want) {
                width[i]++;
                left--;
                grew = true;
            }
        }
    }
    return left;
}

static void share_rest(const struct table_column *columns, size_t n, int *width, int left)
{
    int takers = 0;

    for (size_t i = 0; i < n; i++) {
        takers += width[i] > 0 && columns[i].want == 0;
    }
    for (size_t i = 0; i < n && takers > 0; i++) {
        if (width[i] > 0 && columns[i].want == 0) {
            int part = left / takers;
            width[i] += part;
            left -= part;
            takers--;
        }
    }
}

int table_widths(const struct table_column *columns, size_t n, int fixed, int first, int room,
                 int *width)
{
    int dropped = 0;

    for (size_t i = 0; i < n; i++) {
        bool away = (int)i >= fixed && (int)i < fixed + first;
        width[i] = away ? 0 : 1;
    }
    while (needed(columns, n, width) > room) {
        size_t worst = next_to_drop(columns, n, width);
        if (worst == n) {
            break;
        }
        width[worst] = 0;
        dropped++;
    }
    int left = room - needed(columns, n, width);
    for (size_t i = 0; i < n; i++) {
        if (width[i] > 0) {
            width[i] = columns[i].min > 0 ? columns[i].min : 1;
        }
    }
    if (left < 0) { /* not even the first one has its room */
        for (size_t i = 0; i < n; i++) {
            if (width[i] > 0) {
                width[i] = width[i] + left > 0 ? width[i] + left : 0;
                break;
            }
        }
        return dropped;
    }
    left = grow_to_want(columns, n, width, left);
    share_rest(columns, n, width, left);
    return dropped;
}
