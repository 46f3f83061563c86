/* An answer without an end: whoever waits for its lines is woken by them, not by the clock. */
#include "io/http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/num.h"

enum { LONG_MS = 20000, LINES = 3 };

static int listener;
static atomic_int taken; /* lines that the client has */

static void *serve(void *arg)
{
    static const char head[] = "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
                               "Transfer-Encoding: chunked\r\n\r\n";
    char asked[4096];
    int fd = accept(listener, NULL, NULL);
    (void)arg;
    if (fd < 0 || read(fd, asked, sizeof asked) <= 0 ||
        write(fd, head, sizeof head - 1) != (ssize_t)sizeof head - 1) {
        return NULL;
    }
    for (int i = 0; i < LINES; i++) {
        while (atomic_load(&taken) < i) {
            poll(NULL, 0, 1);
        }
        /* The client is waiting again, most likely: that is the case that matters. */
        poll(NULL, 0, 50);
        if (write(fd, "5\r\nline\n\r\n", 10) != 10) {
            break;
        }
    }
    while (read(fd, asked, sizeof asked) > 0) {
    }
    close(fd);
    return NULL;
}

static bool line(void *to, const char *p, size_t len)
{
    (void)to;
    assert_int_equal(len, 4);
    assert_memory_equal(p, "line", 4);
    atomic_fetch_add(&taken, 1);
    return true;
}

static void a_line_ends_the_wait(void **state)
{
    struct sockaddr_in at = {.sin_family = AF_INET};
    socklen_t size = sizeof at;
    struct ncm_http *h;
    struct ncm_err err;
    pthread_t server;
    char base[64];
    (void)state;
    at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    listener = socket(AF_INET, SOCK_STREAM, 0);
    assert_int_equal(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    assert_int_equal(listen(listener, 4), 0);
    assert_int_equal(getsockname(listener, (struct sockaddr *)&at, &size), 0);
    assert_int_equal(pthread_create(&server, NULL, serve, NULL), 0);
    snprintf(base, sizeof base, "http://127.0.0.1:%d", ntohs(at.sin_port));
    assert_true(ncm_http_open(base, NULL, &h, &err));
    const struct ncm_http_request rq = {.path = "/watch"};
    int64_t begin = ncm_mono_ms();
    struct ncm_http_stream *s = ncm_http_stream_start(h, &rq, 1 << 16, line, NULL);
    while (atomic_load(&taken) < LINES && ncm_mono_ms() - begin < 3 * LONG_MS) {
        int before = atomic_load(&taken);
        int64_t from = ncm_mono_ms();
        assert_true(ncm_http_stream_wait(h, LONG_MS, NULL, &err));
        /* A wait in which a line came is over with it. */
        if (atomic_load(&taken) > before) {
            assert_true(ncm_mono_ms() - from < LONG_MS / 2);
        }
    }
    assert_int_equal(atomic_load(&taken), LINES);
    ncm_http_stream_close(s);
    ncm_http_close(h);
    pthread_join(server, NULL);
    close(listener);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_line_ends_the_wait)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
