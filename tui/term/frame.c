/* Frames. Curses writes once per cursor movement; here it writes a frame into a file in memory,
 * which goes to the terminal in one write, bracketed as a synchronized update, followed by a
 * question whose answer tells that the terminal has taken it. The next frame waits for that, so
 * that a slow link never gets more than one frame behind. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "term/internal.h"
#include "term/screen.h"

enum {
    MAX_QUEUE = 64 << 20,
    MAX_ASKED = 8,
    GIVE_UP_MS = 1000, /* for this frame's answer */
    SILENT_MS = 5000,  /* then the terminal is taken for one that does not answer */
    DRAIN_MS = 200,
    STUCK_MS = 1500, /* without taking a single byte */
};

static struct {
    int mem;
    struct ncm_buf queue;
    size_t written; /* of the queue */
    uint64_t bytes;
    bool force;
    bool line_set; /* a character set other than ASCII was switched on */
    /* answers */
    int64_t asked[MAX_ASKED];
    int n_asked;
    bool answers; /* one has been seen */
    bool silent;
    int round_trip_ms;
} f = {.mem = -1, .round_trip_ms = -1};

static int memory_file(void)
{
    int fd = memfd_create("frame", MFD_CLOEXEC);
    if (fd >= 0)
        return fd;
    FILE *file = tmpfile();
    if (!file)
        return -1;
    fd = fcntl(fileno(file), F_DUPFD_CLOEXEC, 3);
    fclose(file);
    return fd;
}

void frame_open(void)
{
    ncm_buf_init(&f.queue, MAX_QUEUE);
    f.written = 0;
    f.bytes = 0;
    f.n_asked = 0;
    f.answers = f.silent = false;
    f.round_trip_ms = -1;
    f.force = true;
    f.mem = term_state.options.plain_frames || term_state.offscreen ? -1 : memory_file();
}

void frame_close(void)
{
    ncm_buf_release(&f.queue);
    if (f.mem >= 0)
        close(f.mem);
    f.mem = -1;
}

bool frame_pending(void)
{
    return f.written < f.queue.len;
}

void frame_flush(void)
{
    while (frame_pending() && !term_state.gone) {
        ssize_t n = write(term_state.async_fd, f.queue.p + f.written, f.queue.len - f.written);
        if (n > 0) {
            f.written += (size_t)n;
            f.bytes += (uint64_t)n;
        } else if (n < 0 && errno == EINTR) {
            continue;
        } else if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
            return;
        } else {
            term_state.gone = true;
        }
    }
    ncm_buf_clear(&f.queue);
    f.written = 0;
}

void frame_raw(const char *p, size_t len)
{
    if (!term_state.on || term_state.offscreen || term_state.gone)
        return;
    ncm_buf_add(&f.queue, p, len);
    frame_flush();
}

/* ---- answers ---- */

void frame_acknowledged(void)
{
    if (f.n_asked > 0) {
        f.round_trip_ms = (int)(ncm_mono_ms() - f.asked[0]);
        memmove(f.asked, f.asked + 1, sizeof f.asked - sizeof *f.asked);
        f.n_asked--;
    }
    f.answers = true;
    f.silent = false;
}

/* Whether the next frame ends with the question: always once the terminal is known to answer,
 * else one question is enough to find out. */
static bool will_ask(void)
{
    if (f.mem < 0 || f.silent)
        return false;
    return f.answers ? f.n_asked < MAX_ASKED : f.n_asked == 0;
}

static void look_for_silence(int64_t now)
{
    if (f.n_asked > 0 && now - f.asked[0] >= SILENT_MS) {
        f.silent = true;
        f.answers = false;
        f.n_asked = 0;
    }
}

int frame_due(void)
{
    if (!f.answers || f.n_asked == 0)
        return -1;
    int64_t left = f.asked[f.n_asked - 1] + GIVE_UP_MS - ncm_mono_ms();
    return left > 0 ? (int)left : -1;
}

bool term_can_paint(void)
{
    if (!term_state.on)
        return false;
    if (term_state.offscreen || term_state.gone)
        return true;
    look_for_silence(ncm_mono_ms());
    return !frame_pending() && frame_due() < 0;
}

int term_round_trip_ms(void)
{
    return f.round_trip_ms;
}

uint64_t term_bytes_written(void)
{
    return f.bytes;
}

/* ---- a frame ---- */

void term_repaint(void)
{
    f.force = true;
}

void term_frame_begin(void)
{
    screen_erase();
}

/* Curses ends every coloured stretch by the colour's end, the ASCII set and the end of all: the
 * last alone does, as long as no other character set was ever switched on. */
static void add_lean(const char *p, size_t len)
{
    static const char ascii[] = "\033(B", plain[] = "\033[39m\033(B\033[m";
    f.line_set = f.line_set || memmem(p, len, "\033(0", 3) != NULL || memchr(p, 016, len) != NULL;
    size_t from = 0;
    for (size_t i = 0; !f.line_set && i + sizeof ascii - 1 <= len;) {
        size_t skip = 0;
        if (p[i] == 27 && i + sizeof plain - 1 <= len &&
            memcmp(p + i, plain, sizeof plain - 1) == 0)
            skip = sizeof plain - 1 - (sizeof "\033[m" - 1);
        else if (p[i] == 27 && memcmp(p + i, ascii, sizeof ascii - 1) == 0)
            skip = sizeof ascii - 1;
        if (skip > 0) {
            ncm_buf_add(&f.queue, p + from, i - from);
            from = i + skip;
        }
        i += skip > 0 ? skip : 1;
    }
    ncm_buf_add(&f.queue, p + from, len - from);
}

/* Curses' output of one update, behind what is queued already. */
static void collect(void)
{
    static const char begin[] = "\033[?2026h", end[] = "\033[?2026l", ask[] = "\033[5n";
    if (ftruncate(f.mem, 0) != 0 || lseek(f.mem, 0, SEEK_SET) != 0 ||
        dup3(f.mem, display_fd(), O_CLOEXEC) < 0)
        return;
    display_update(f.force);
    dup3(term_state.out_fd, display_fd(), O_CLOEXEC);
    off_t size = lseek(f.mem, 0, SEEK_END);
    if (size <= 0)
        return;
    char *bytes = ncm_alloc((size_t)size, 1);
    ssize_t n = pread(f.mem, bytes, (size_t)size, 0);
    if (n > 0) {
        ncm_buf_add(&f.queue, begin, sizeof begin - 1);
        add_lean(bytes, (size_t)n);
        ncm_buf_add(&f.queue, end, sizeof end - 1);
        if (will_ask()) {
            ncm_buf_add(&f.queue, ask, sizeof ask - 1);
            f.asked[f.n_asked++] = ncm_mono_ms();
        }
    }
    ncm_free(bytes);
    frame_flush();
}

void term_frame_end(void)
{
    struct screen *back = screen_back(), *front = screen_front();
    if (!term_state.on)
        return;
    if (!term_state.offscreen && !term_state.gone) {
        if (f.mem >= 0)
            collect();
        else
            display_update(f.force);
    }
    f.force = false;
    memcpy(front->cells, back->cells,
           (size_t)back->rows * (size_t)back->cols * sizeof *back->cells);
    front->cursor_y = back->cursor_y;
    front->cursor_x = back->cursor_x;
    front->cursor_visible = back->cursor_visible;
}

/* Waits for room to write or something to read; false when the time is over. */
static bool wait_fd(int fd, short events, int64_t until)
{
    struct pollfd p = {.fd = fd, .events = events};
    int64_t left = until - ncm_mono_ms();
    return left > 0 && poll(&p, 1, (int)left) > 0;
}

bool frame_drain(void)
{
    if (term_state.offscreen || term_state.gone)
        return false;
    frame_flush();
    /* A slow line gets its time as long as it moves. */
    while (frame_pending()) {
        size_t before = f.written;
        if (wait_fd(term_state.async_fd, POLLOUT, ncm_mono_ms() + STUCK_MS))
            frame_flush();
        if (frame_pending() && f.written == before)
            return false;
    }
    look_for_silence(ncm_mono_ms());
    int64_t until = ncm_mono_ms() + DRAIN_MS;
    while (f.n_asked > 0 && !term_state.gone && wait_fd(term_state.in_fd, POLLIN, until))
        input_read();
    f.n_asked = 0;
    return !term_state.gone;
}
