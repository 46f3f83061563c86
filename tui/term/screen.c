#include "term/screen.h"

#include <string.h>

#include "term/term.h"

static struct screen back, front;

struct screen *screen_back(void)
{
    return &back;
}

struct screen *screen_front(void)
{
    return &front;
}

struct cell *screen_row(const struct screen *s, int y)
{
    return s->cells + (size_t)y * (size_t)s->cols;
}

static void blank(struct cell *c)
{
    *c = (struct cell){.ch = {' '}, .width = 1, .role = ROLE_TEXT, .over = ROLE_NONE};
}

static void erase(struct screen *s)
{
    if (s->rows == 0 || s->cols == 0)
        return;
    size_t row = (size_t)s->cols * sizeof *s->cells;
    for (int x = 0; x < s->cols; x++)
        blank(&s->cells[x]);
    for (int y = 1; y < s->rows; y++)
        memcpy(screen_row(s, y), s->cells, row);
    s->cursor_y = s->cursor_x = 0;
    s->cursor_visible = false;
}

static void resize(struct screen *s, int rows, int cols)
{
    if (s->rows != rows || s->cols != cols) {
        ncm_free(s->cells);
        s->cells = ncm_alloc((size_t)rows * (size_t)cols + 1, sizeof *s->cells);
        s->rows = rows;
        s->cols = cols;
    }
    erase(s);
}

void screen_size(int rows, int cols)
{
    resize(&back, rows, cols);
    resize(&front, rows, cols);
}

void screen_release(void)
{
    ncm_free(back.cells);
    ncm_free(front.cells);
    back = front = (struct screen){0};
}

void screen_erase(void)
{
    erase(&back);
}

/* Something is about to be written at x: the other half of a wide character there goes blank. */
static void unpair(struct cell *row, int x)
{
    if (row[x].width == 0 && x > 0) {
        row[x - 1].width = 1;
        memcpy(row[x - 1].ch, (const uint32_t[1 + CELL_MARKS]){' '}, sizeof row->ch);
    } else if (row[x].width == 2 && x + 1 < back.cols) {
        row[x + 1].width = 1;
        memcpy(row[x + 1].ch, (const uint32_t[1 + CELL_MARKS]){' '}, sizeof row->ch);
    }
}

void screen_put(int y, int x, const struct cell *c)
{
    struct cell *row = screen_row(&back, y);
    if (row[x].width != 1)
        unpair(row, x);
    row[x] = *c;
    if (c->width == 2) {
        if (row[x + 1].width != 1)
            unpair(row, x + 1);
        row[x] = *c;
        row[x + 1] = *c;
        row[x + 1].width = 0;
        memset(row[x + 1].ch, 0, sizeof row->ch);
    }
}

void screen_row_text(const struct screen *s, int y, struct ncm_buf *out)
{
    const struct cell *row = screen_row(s, y);
    int end = s->cols;
    while (end > 0 && row[end - 1].ch[0] == ' ' && row[end - 1].ch[1] == 0)
        end--;
    for (int x = 0; x < end; x++) {
        for (int i = 0; i <= CELL_MARKS && row[x].ch[i] != 0; i++) {
            char utf8[5];
            ncm_buf_add(out, utf8, ncm_utf8_encode(row[x].ch[i], utf8));
        }
    }
}

bool screen_shows(const char *text)
{
    struct ncm_buf line;
    bool found = false;
    ncm_buf_init(&line, 1 << 20);
    for (int y = 0; y < front.rows && !found; y++) {
        ncm_buf_clear(&line);
        screen_row_text(&front, y, &line);
        found = strstr(line.p, text) != NULL;
    }
    ncm_buf_release(&line);
    return found;
}

/* One letter a role, in the order of enum role; listed in script.h. */
static const char letters[] = ".dhbB-fsSmktowFru/+~Xil0GPA1234567aT_qveHOQ";
_Static_assert(sizeof letters - 1 == N_ROLES, "a letter for each role");

void term_dump(struct ncm_buf *out)
{
    for (int y = 0; y < front.rows; y++) {
        screen_row_text(&front, y, out);
        ncm_buf_putc(out, '\n');
    }
    ncm_buf_printf(out, "---- %dx%d\n", front.cols, front.rows);
    for (int y = 0; y < front.rows; y++) {
        const struct cell *row = screen_row(&front, y);
        int end = front.cols;
        while (end > 0 && row[end - 1].role == ROLE_TEXT && row[end - 1].over == ROLE_NONE)
            end--;
        for (int x = 0; x < end; x++)
            ncm_buf_putc(out, letters[row[x].over != ROLE_NONE ? row[x].over : row[x].role]);
        ncm_buf_putc(out, '\n');
    }
}
