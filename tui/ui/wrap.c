#include "ui/wrap.h"

#include <string.h>

#include "api/text.h"

size_t wrap_row(const char *clean, int cells, size_t *skip)
{
    const char *nl = strchr(clean, '\n');
    int used = 0;
    size_t fit = ncm_text_fit(clean, cells > 0 ? cells : 1, &used);

    *skip = 0;
    if (nl != NULL && (size_t)(nl - clean) <= fit) {
        *skip = 1;
        return (size_t)(nl - clean);
    }
    if (clean[fit] == '\0') {
        return fit;
    }
    if (fit == 0) { /* a wide character in one cell: it is dropped by the clipping */
        uint32_t cp;
        return ncm_utf8_decode(clean, strlen(clean), &cp);
    }
    if (clean[fit] == ' ') {
        *skip = 1;
        return fit;
    }
    for (size_t i = fit; i > fit / 2; i--) {
        if (clean[i - 1] == ' ') {
            *skip = 1;
            return i - 1;
        }
    }
    return fit;
}

int wrap_paint(const struct canvas *c, int y, int x, int w, int max_rows, enum role role,
               const char *clean)
{
    int rows = 0;

    while (*clean != '\0' && rows < max_rows) {
        char line[1024];
        size_t skip;
        size_t n = wrap_row(clean, w, &skip);
        size_t cut = n < sizeof line ? n : sizeof line - 1;
        memcpy(line, clean, cut);
        line[cut] = '\0';
        paint(c, y + rows, x, role, 0, line);
        clean += n + skip;
        rows++;
    }
    return rows;
}

int wrap_rows(const char *clean, int w)
{
    int rows = 0;

    while (*clean != '\0') {
        size_t skip;
        size_t n = wrap_row(clean, w, &skip);
        clean += n + skip;
        rows++;
    }
    return rows;
}
