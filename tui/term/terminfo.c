/* Apart from the rest because <term.h> makes macros of a hundred everyday words. */
#include <curses.h>
#include <term.h>

#include "term/internal.h"

/* Asked first, because newterm leaks where the answer is no. */
bool display_knows(const char *term, int fd)
{
    int error;
    if (setupterm(term, fd, &error) != OK)
        return false;
    del_curterm(cur_term);
    return true;
}
