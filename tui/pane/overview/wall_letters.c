/* Block letters: five dots high, as wide as each needs, of capitals, digits and a few signs. */
#include "pane/overview/overview.h"

#include <ctype.h>
#include <string.h>

enum { DOTS = 5 };

static const struct letter {
    char c;
    const char *rows[DOTS];
} letters[] = {
    {'A', {" ## ", "#  #", "####", "#  #", "#  #"}},
    {'B', {"### ", "#  #", "### ", "#  #", "### "}},
    {'C', {" ###", "#   ", "#   ", "#   ", " ###"}},
    {'D', {"### ", "#  #", "#  #", "#  #", "### "}},
    {'E', {"####", "#   ", "### ", "#   ", "####"}},
    {'F', {"####", "#   ", "### ", "#   ", "#   "}},
    {'G', {" ###", "#   ", "# ##", "#  #", " ###"}},
    {'H', {"#  #", "#  #", "####", "#  #", "#  #"}},
    {'I', {"###", " # ", " # ", " # ", "###"}},
    {'J', {"  ##", "   #", "   #", "#  #", " ## "}},
    {'K', {"#  #", "# # ", "##  ", "# # ", "#  #"}},
    {'L', {"#   ", "#   ", "#   ", "#   ", "####"}},
    {'M', {"#   #", "## ##", "# # #", "#   #", "#   #"}},
    {'N', {"#  #", "## #", "# ##", "#  #", "#  #"}},
    {'O', {" ## ", "#  #", "#  #", "#  #", " ## "}},
    {'P', {"### ", "#  #", "### ", "#   ", "#   "}},
    {'Q', {" ## ", "#  #", "#  #", "# ##", " ###"}},
    {'R', {"### ", "#  #", "### ", "# # ", "#  #"}},
    {'S', {" ###", "#   ", " ## ", "   #", "### "}},
    {'T', {"#####", "  #  ", "  #  ", "  #  ", "  #  "}},
    {'U', {"#  #", "#  #", "#  #", "#  #", " ## "}},
    {'V', {"#   #", "#   #", " # # ", " # # ", "  #  "}},
    {'W', {"#   #", "#   #", "# # #", "## ##", "#   #"}},
    {'X', {"#   #", " # # ", "  #  ", " # # ", "#   #"}},
    {'Y', {"#   #", " # # ", "  #  ", "  #  ", "  #  "}},
    {'Z', {"####", "   #", " ## ", "#   ", "####"}},
    {'0', {" ## ", "#  #", "#  #", "#  #", " ## "}},
    {'1', {" # ", "## ", " # ", " # ", "###"}},
    {'2', {"### ", "   #", " ## ", "#   ", "####"}},
    {'3', {"### ", "   #", " ## ", "   #", "### "}},
    {'4', {"#  #", "#  #", "####", "   #", "   #"}},
    {'5', {"####", "#   ", "### ", "   #", "### "}},
    {'6', {" ## ", "#   ", "### ", "#  #", " ## "}},
    {'7', {"####", "   #", "  # ", " #  ", " #  "}},
    {'8', {" ## ", "#  #", " ## ", "#  #", " ## "}},
    {'9', {" ## ", "#  #", " ###", "   #", " ## "}},
    {'-', {"   ", "   ", "###", "   ", "   "}},
    {'_', {"    ", "    ", "    ", "    ", "####"}},
    {'.', {" ", " ", " ", " ", "#"}},
    {':', {" ", "#", " ", "#", " "}},
    {'/', {"   #", "  # ", "  # ", " #  ", "#   "}},
    {'%', {"#  #", "  # ", " ## ", " #  ", "#  #"}},
    {'@', {" ## ", "# ##", "# ##", "#   ", " ###"}},
    {'!', {"#", "#", "#", " ", "#"}},
    {' ', {"  ", "  ", "  ", "  ", "  "}},
};

static const struct letter *letter_of(char c)
{
    for (size_t i = 0; i < sizeof letters / sizeof *letters; i++) {
        if (letters[i].c == toupper((unsigned char)c)) {
            return &letters[i];
        }
    }
    return NULL;
}

/* Cells across of a dot. */
static int dot_cells(int scale)
{
    return scale <= 1 ? 1 : scale == 2 ? 2 : 4;
}

int letters_height(int scale)
{
    return scale <= 1 ? (ncm_text_utf8() ? (DOTS + 1) / 2 : DOTS) : scale == 2 ? DOTS : 2 * DOTS;
}

int letters_width(const char *text, int scale)
{
    int dots = 0;

    for (const char *p = text; *p != '\0'; p++) {
        const struct letter *l = letter_of(*p);
        if (l == NULL) {
            return -1;
        }
        dots += (int)strlen(l->rows[0]) + (p[1] != '\0');
    }
    return dots * dot_cells(scale);
}

static bool is_dot(const struct letter *l, int x, int y)
{
    return y < DOTS && l->rows[y][x] == '#';
}

/* Two dots above each other in one cell. */
static void paint_half(const struct canvas *c, int y, int x, const struct letter *l, enum role role)
{
    for (int dx = 0; l->rows[0][dx] != '\0'; dx++) {
        for (int dy = 0; dy < DOTS; dy += 2) {
            bool up = is_dot(l, dx, dy), down = is_dot(l, dx, dy + 1);
            if (up || down) {
                uint32_t glyph = up && down ? 0x2588 : up ? 0x2580 : 0x2584;
                paint_glyph(c, y + dy / 2, x + dx, role, ATTR_BOLD, glyph);
            }
        }
    }
}

static void paint_full(const struct canvas *c, int y, int x, const struct letter *l, int w, int h,
                       enum role role)
{
    for (int dx = 0; l->rows[0][dx] != '\0'; dx++) {
        for (int dy = 0; dy < DOTS; dy++) {
            for (int k = 0; is_dot(l, dx, dy) && k < w * h; k++) {
                paint_glyph(c, y + dy * h + k / w, x + dx * w + k % w, role, ATTR_BOLD,
                            ncm_text_utf8() ? 0x2588 : '#');
            }
        }
    }
}

int letters_paint(const struct canvas *c, int y, int x, const char *text, int scale,
                  enum role role)
{
    int from = x, w = dot_cells(scale);

    for (const char *p = text; *p != '\0'; p++) {
        const struct letter *l = letter_of(*p);
        if (l == NULL) {
            break;
        }
        if (scale <= 1 && ncm_text_utf8()) {
            paint_half(c, y, x, l, role);
        } else {
            paint_full(c, y, x, l, w, scale >= 3 ? 2 : 1, role);
        }
        x += ((int)strlen(l->rows[0]) + 1) * w;
    }
    return x - from;
}
