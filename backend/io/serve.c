#include "io/serve.h"

#include <arpa/inet.h>
#include <microhttpd.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/mem.h"

enum { BODY_MOST = 64 * 1024, ANSWER_MOST = 4 * 1024 * 1024, CONNECTIONS = 64, SILENCE_S = 30 };

struct ncm_serve {
    struct MHD_Daemon *daemon;
    ncm_serve_fn answer;
    void *to;
    int port;
};

/* What one connection has sent so far. */
struct asked {
    struct ncm_buf body;
};

static struct sockaddr_in loopback(int port)
{
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    return a;
}

static enum MHD_Result reply(struct MHD_Connection *connection, const struct ncm_serve_answer *a)
{
    struct MHD_Response *r =
        MHD_create_response_from_buffer(a->body.len, a->body.p, MHD_RESPMEM_MUST_COPY);
    if (r == NULL) {
        return MHD_NO;
    }
    MHD_add_response_header(r, "Content-Type", a->type);
    enum MHD_Result queued = MHD_queue_response(connection, (unsigned)a->status, r);
    MHD_destroy_response(r);
    return queued;
}

static enum MHD_Result handle(void *cls, struct MHD_Connection *connection, const char *url,
                              const char *method, const char *version, const char *data,
                              size_t *size, void **state)
{
    struct ncm_serve *s = cls;
    struct asked *asked = *state;
    (void)version;
    if (asked == NULL) { /* the head is here */
        asked = ncm_alloc(1, sizeof *asked);
        ncm_buf_init(&asked->body, BODY_MOST);
        *state = asked;
        return MHD_YES;
    }
    if (*size > 0) {
        ncm_buf_add(&asked->body, data, *size);
        *size = 0;
        return MHD_YES;
    }
    struct ncm_serve_answer a = {.status = 404, .type = "application/json"};
    ncm_buf_init(&a.body, ANSWER_MOST);
    ncm_buf_putc(&asked->body, '\0');
    const struct ncm_serve_request rq = {method, url, asked->body.p, asked->body.len - 1};
    s->answer(s->to, &rq, &a);
    enum MHD_Result queued = reply(connection, &a);
    ncm_buf_release(&a.body);
    return queued;
}

static void over(void *cls, struct MHD_Connection *connection, void **state,
                 enum MHD_RequestTerminationCode why)
{
    struct asked *asked = *state;
    (void)cls;
    (void)connection;
    (void)why;
    if (asked != NULL) {
        ncm_buf_release(&asked->body);
        ncm_free(asked);
    }
    *state = NULL;
}

static int bound_port(int fd)
{
    struct sockaddr_in a;
    socklen_t len = sizeof a;
    return getsockname(fd, (struct sockaddr *)&a, &len) == 0 ? ntohs(a.sin_port) : 0;
}

bool ncm_serve_open(int port, ncm_serve_fn answer, void *to, struct ncm_serve **out,
                    struct ncm_err *err)
{
    struct ncm_serve *s = ncm_alloc(1, sizeof *s);
    struct sockaddr_in at = loopback(port);
    *s = (struct ncm_serve){.answer = answer, .to = to};
    s->daemon = MHD_start_daemon(
        MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, handle, s, MHD_OPTION_SOCK_ADDR,
        (struct sockaddr *)&at, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS,
        MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)SILENCE_S, MHD_OPTION_NOTIFY_COMPLETED, over, NULL,
        MHD_OPTION_LISTENING_ADDRESS_REUSE, 1U, MHD_OPTION_END);
    if (s->daemon == NULL) {
        ncm_free(s);
        return ncm_fail(err, NCM_IO, _("Port %d of this machine is taken."), port);
    }
    const union MHD_DaemonInfo *info = MHD_get_daemon_info(s->daemon, MHD_DAEMON_INFO_LISTEN_FD);
    s->port = info != NULL ? bound_port(info->listen_fd) : port;
    *out = s;
    return true;
}

int ncm_serve_port(const struct ncm_serve *s)
{
    return s->port;
}

void ncm_serve_close(struct ncm_serve *s)
{
    if (s != NULL) {
        MHD_stop_daemon(s->daemon);
        ncm_free(s);
    }
}

int ncm_serve_free_port(void)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in at = loopback(0);
    int port = 0;
    if (fd >= 0) {
        port = bind(fd, (struct sockaddr *)&at, sizeof at) == 0 ? bound_port(fd) : 0;
        close(fd);
    }
    return port;
}
