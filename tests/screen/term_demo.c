#include "screen/term_demo.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "screen/vt.h"
#include "term/paint.h"
#include "term/script.h"
#include "term/term.h"

static struct {
    char last[200];
    int events, frames, bar, quit;
    bool fill;
} demo;

static void styles(void)
{
    struct role_style s[N_ROLES];
    for (int i = 0; i < N_ROLES; i++)
        s[i] = (struct role_style){RGB_DEFAULT, RGB_DEFAULT, -1, -1, 0, 0};
    s[ROLE_OK] = (struct role_style){0x00C000, RGB_DEFAULT, 2, -1, 0, 0};
    s[ROLE_FAIL] = (struct role_style){0xE06060, RGB_DEFAULT, 1, -1, ATTR_BOLD, ATTR_BOLD};
    s[ROLE_SELECT] = (struct role_style){RGB_DEFAULT, 0x303050, -1, 4, 0, ATTR_REVERSE};
    term_set_styles(s);
}

static void tell(const struct term_event *ev)
{
    static const char *const kinds[] = {"key",   "paste",   "mouse", "resize",
                                        "focus", "resumed", "quit"};
    int n = snprintf(demo.last, sizeof demo.last, "%s", kinds[ev->kind]);
    char *out = demo.last + n;
    size_t left = sizeof demo.last - (size_t)n;
    if (ev->kind == TERM_KEY && ev->key > 32 && ev->key < 127)
        snprintf(out, left, " %s%c", ev->alt ? "alt-" : "", ev->key);
    else if (ev->kind == TERM_KEY)
        snprintf(out, left, " %s%d", ev->alt ? "alt-" : "",
                 ev->key > KEY_BASE_ ? ev->key - KEY_BASE_ : ev->key);
    else if (ev->kind == TERM_PASTE)
        snprintf(out, left, " %zu", strlen(ev->text));
    else if (ev->kind == TERM_MOUSE)
        snprintf(out, left, " %d at %d,%d", ev->button, ev->y, ev->x);
    else if (ev->kind == TERM_FOCUS)
        snprintf(out, left, " %d", ev->focused);
}

static void handle(const struct term_event *ev)
{
    demo.events++;
    tell(ev);
    if (ev->kind == TERM_QUIT)
        demo.quit = ev->signal ? 128 + ev->signal : -1;
    if (ev->kind != TERM_KEY)
        return;
    switch (ev->key) {
    case 'q':
        demo.quit = -1;
        break;
    case 'c':
        raise(SIGSEGV);
        break;
    case 'a':
        abort();
    case 'e':
        exit(7);
    case 's':
        term_suspend();
        break;
    case 'r':
        term_run((const char *const[]){"sh", "-c", "echo CHILD RUNS; exit 3", NULL});
        break;
    case 'C':
        term_copy("copied text");
        break;
    case 'f':
        demo.fill = !demo.fill;
        break;
    case 'j':
        demo.bar++;
        break;
    case 'k':
        demo.bar--;
        break;
    default:
        break;
    }
}

static void draw(void)
{
    struct canvas c = canvas_screen();
    if (term_too_small()) {
        paintf(&c, 0, 0, ROLE_TEXT, 0, "terminal too small (%dx%d)", term_cols(), term_rows());
        return;
    }
    paint_head(&c, 0, "Demo", "right", true);
    paintf(&c, 1, 1, ROLE_TEXT, 0, "size %dx%d colors %d ladder %d", term_cols(), term_rows(),
           term_colors(), (int)term_ladder());
    paintf(&c, 2, 1, ROLE_OK, 0, "event %d: %s;", demo.events, demo.last);
    paint(&c, 3, 1, ROLE_FAIL, 0, "FAIL");
    paint(&c, 3, 10, ROLE_TEXT, 0, "한글 이름 e\xcc\x81 end");
    struct canvas box = canvas_part(&c, 4, 0, 4, 20);
    paint_box(&box, ROLE_BORDER);
    struct canvas inner = canvas_part(&box, 1, 1, 2, 18);
    struct raster *r = raster_new(2, 18);
    raster_line(r, 0, 0, raster_dots_x(r) - 1, raster_dots_y(r) - 1, 0);
    raster_paint(r, &inner);
    raster_free(r);
    for (int y = 8; y < c.h; y++) {
        paintf(&c, y, 1, ROLE_TEXT, 0, "row %d", y - 8);
        for (int x = 10; demo.fill && x < c.w; x++)
            paint_glyph(&c, y, x, (enum role)(ROLE_SERIES1 + (x + y + demo.events) % 7), 0,
                        (uint32_t)('a' + (x * 7 + y * 3 + demo.events) % 26));
    }
    if (8 + demo.bar < c.h) {
        paint_restyle(&c, 8 + demo.bar, 0, c.w, ROLE_SELECT);
        paint_cursor(&c, 8 + demo.bar, 1, false);
    }
}

int term_demo(int argc, char **argv)
{
    struct term_options o = {.escdelay_ms = 25};
    struct ncm_err err;
    struct term_event ev;
    ncm_text_init(NULL, false);
    for (int i = 0; i < argc; i++) {
        if (strcmp(argv[i], "mouse") == 0)
            o.mouse = true;
        else if (strcmp(argv[i], "plain") == 0)
            o.plain_frames = true;
        else if (strcmp(argv[i], "script") == 0 && ++i < argc && !script_load(argv[i], &err))
            return fprintf(stderr, "%s\n", err.what), 2;
    }
    styles();
    if (!term_start(&o, &err))
        return fprintf(stderr, "%s\nhint: %s\n", err.what, err.hint), 2;
    for (bool dirty = true; !demo.quit;) {
        if (dirty && term_can_paint()) {
            term_frame_begin();
            draw();
            term_frame_end();
            dirty = false;
        }
        term_wait(NULL, 0, NULL, -1);
        while (!demo.quit && term_next(&ev)) {
            handle(&ev);
            dirty = true;
        }
    }
    term_stop();
    if (!script_done(&err))
        return fprintf(stderr, "%s\n", err.what), 1;
    return demo.quit > 0 ? demo.quit : 0;
}

static int status;

bool demo_main(int argc, char **argv)
{
    if (argc < 2 || strcmp(argv[1], "--demo") != 0)
        return false;
    status = term_demo(argc - 2, argv + 2);
    return true;
}

int demo_status(void)
{
    return status;
}

const char *demo_self(void)
{
    static char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    self[n > 0 ? n : 0] = 0;
    return self;
}

struct vt *demo_start(int rows, int cols, const char *const *env, const char *option)
{
    const char *argv[] = {demo_self(), "--demo", option, NULL};
    struct vt *vt = vt_spawn(rows, cols, env, argv);
    vt_wait(vt, rows < 8 || cols < 40 ? "too small" : "event 0", 0);
    return vt;
}
