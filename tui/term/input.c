/* Events: what the keyboard, the script and signals bring, in one queue. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "term/decode.h"
#include "term/internal.h"
#include "term/script.h"

enum { MAX_EVENTS = 512, MAX_FDS = 32, CTRL_C = 3, CTRL_Z = 26 };

static struct {
    struct term_event events[MAX_EVENTS];
    char *texts[MAX_EVENTS]; /* of pastes, owned */
    size_t first, n;
    char *shown; /* the paste that was handed out last */
    bool quit;   /* said once */
    bool stop;   /* ^Z was typed */
    struct decoder decoder;
} q;

void input_open(void)
{
    int escdelay = term_state.options.escdelay_ms > 0 ? term_state.options.escdelay_ms : 25;
    decode_init(&q.decoder, escdelay);
    q.first = q.n = 0;
    q.quit = q.stop = false;
}

void input_close(void)
{
    for (size_t i = 0; i < MAX_EVENTS; i++) {
        ncm_free(q.texts[i]);
        q.texts[i] = NULL;
    }
    ncm_free(q.shown);
    q.shown = NULL;
    q.n = 0;
    decode_release(&q.decoder);
}

void input_push(const struct term_event *ev)
{
    if (q.n == MAX_EVENTS)
        return;
    size_t at = (q.first + q.n++) % MAX_EVENTS;
    q.events[at] = *ev;
    q.texts[at] = ncm_strdup(ev->text);
}

bool term_next(struct term_event *ev)
{
    ncm_free(q.shown);
    q.shown = NULL;
    if (q.n == 0)
        return false;
    *ev = q.events[q.first];
    q.shown = q.texts[q.first];
    ev->text = q.shown;
    q.texts[q.first] = NULL;
    q.first = (q.first + 1) % MAX_EVENTS;
    q.n--;
    return true;
}

void input_quit(int number)
{
    if (q.quit)
        return;
    q.quit = true;
    input_push(&(struct term_event){.kind = TERM_QUIT, .signal = number});
}

static void on_key(const struct decoded *d)
{
    if (d->key == CTRL_C)
        input_quit(SIGINT);
    else if (d->key == CTRL_Z)
        q.stop = true;
    else
        input_push(&(struct term_event){.kind = TERM_KEY, .key = d->key, .alt = d->alt});
}

static void on_decoded(void *ctx, const struct decoded *d)
{
    (void)ctx;
    switch (d->kind) {
    case DECODED_KEY:
        on_key(d);
        break;
    case DECODED_PASTE:
        input_push(&(struct term_event){.kind = TERM_PASTE, .text = d->text});
        break;
    case DECODED_MOUSE:
        if (term_state.options.mouse)
            input_push(&(struct term_event){
                .kind = TERM_MOUSE, .y = d->y, .x = d->x, .button = d->button});
        break;
    case DECODED_FOCUS:
        input_push(&(struct term_event){.kind = TERM_FOCUS, .focused = d->focused});
        break;
    case DECODED_BACKGROUND:
        if (term_state.options.ask_background)
            input_push(&(struct term_event){.kind = TERM_BACKGROUND, .light = d->light});
        break;
    case DECODED_ANSWER:
        frame_acknowledged();
        break;
    }
}

void input_paste(const char *text)
{
    int64_t now = ncm_mono_ms();
    decode_feed(&q.decoder, "\033[200~", 6, now, on_decoded, NULL);
    decode_feed(&q.decoder, text, strlen(text), now, on_decoded, NULL);
    decode_feed(&q.decoder, "\033[201~", 6, now, on_decoded, NULL);
}

void input_read(void)
{
    char bytes[4096];
    if (term_state.offscreen || term_state.gone)
        return;
    /* A full queue: the rest stays with the kernel. */
    while (q.n < MAX_EVENTS / 2) {
        size_t want = sizeof bytes < MAX_EVENTS / 4 ? sizeof bytes : MAX_EVENTS / 4;
        struct pollfd p = {.fd = term_state.in_fd, .events = POLLIN};
        if (poll(&p, 1, 0) <= 0 || !(p.revents & (POLLIN | POLLHUP | POLLERR | POLLNVAL)))
            return;
        ssize_t n = read(term_state.in_fd, bytes, want);
        if (n > 0) {
            decode_feed(&q.decoder, bytes, (size_t)n, ncm_mono_ms(), on_decoded, NULL);
        } else if (n < 0 && (errno == EINTR || errno == EAGAIN)) {
            return;
        } else {
            term_state.gone = true;
            input_quit(SIGHUP);
            return;
        }
    }
}

static void take_signals(void)
{
    bool winch = false, cont = false;
    int number;
    while ((number = signals_take()) != 0) {
        if (number == SIGWINCH)
            winch = true;
        else if (number == SIGTSTP)
            q.stop = true;
        else if (number == SIGCONT)
            cont = true;
        else
            input_quit(number);
    }
    if (cont && !q.stop) {
        term_continued();
    }
    int rows, cols;
    if (winch && term_read_size(&rows, &cols))
        term_resized(rows, cols);
}

static int sooner(int a, int b)
{
    if (a < 0)
        return b;
    return b >= 0 && b < a ? b : a;
}

/* One poll over everything; true where a caller's descriptor is ready. */
static bool poll_once(const int *fds, size_t n, bool *ready, int timeout_ms)
{
    struct pollfd p[MAX_FDS + 3];
    bool some = false;
    nfds_t all = 0;
    for (size_t i = 0; i < n; i++)
        p[all++] = (struct pollfd){.fd = fds[i], .events = POLLIN};
    bool tty = !term_state.offscreen && !term_state.gone;
    nfds_t own = all;
    p[all++] = (struct pollfd){.fd = signals_fd(), .events = POLLIN};
    p[all++] = (struct pollfd){.fd = tty && q.n < MAX_EVENTS / 2 ? term_state.in_fd : -1,
                               .events = POLLIN};
    p[all++] =
        (struct pollfd){.fd = tty && frame_pending() ? term_state.async_fd : -1, .events = POLLOUT};
    if (poll(p, all, timeout_ms) <= 0)
        return false;
    for (size_t i = 0; i < n; i++) {
        if (p[i].revents) {
            ready[i] = true;
            some = true;
        }
    }
    if (p[own].revents)
        take_signals();
    if (p[own + 1].revents)
        input_read();
    if (p[own + 2].revents)
        frame_flush();
    if (q.stop)
        term_suspend();
    q.stop = false;
    if (term_state.gone)
        input_quit(SIGHUP);
    return some;
}

bool term_wait(const int *fds, size_t n, bool *ready, int timeout_ms)
{
    int64_t end = ncm_mono_ms() + timeout_ms;
    bool could_paint = term_can_paint(), some = false;
    if (n > MAX_FDS)
        ncm_bug("term_wait: %zu descriptors", n);
    if (n)
        memset(ready, 0, n * sizeof *ready);
    for (;;) {
        int64_t now = ncm_mono_ms();
        int wait = timeout_ms < 0 ? -1 : end > now ? (int)(end - now) : 0;
        bool over = wait == 0;
        if (q.n == 0)
            wait = sooner(wait, script_step());
        if (q.n > 0)
            wait = 0;
        wait = sooner(wait, decode_due(&q.decoder, now));
        wait = sooner(wait, frame_due());
        some |= poll_once(fds, n, ready, wait);
        decode_expire(&q.decoder, ncm_mono_ms(), on_decoded, NULL);
        if (some || q.n > 0 || over || (!could_paint && term_can_paint()))
            return q.n > 0;
    }
}
