#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "engine/internal.h"

static bool quiet(int fd)
{
    int flags = fcntl(fd, F_GETFL);
    return flags >= 0 && fcntl(fd, F_SETFL, flags | O_NONBLOCK) == 0 &&
           fcntl(fd, F_SETFD, FD_CLOEXEC) == 0;
}

bool ncm_bell_init(struct ncm_bell *b, struct ncm_err *err)
{
    int fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (fd >= 0) {
        b->read_fd = b->write_fd = fd;
        return true;
    }
    int ends[2];
    if (pipe(ends) != 0) {
        b->read_fd = b->write_fd = -1;
        ncm_fail(err, NCM_IO, _("No file descriptor is left to start with"));
        return ncm_detail(err, "%s", strerror(errno));
    }
    b->read_fd = ends[0];
    b->write_fd = ends[1];
    if (quiet(ends[0]) && quiet(ends[1])) {
        return true;
    }
    ncm_bell_release(b);
    return ncm_fail(err, NCM_IO, _("No file descriptor is left to start with"));
}

void ncm_bell_ring(const struct ncm_bell *b)
{
    const uint64_t one = 1;
    /* Full means that it rings already. */
    ssize_t n = write(b->write_fd, &one, sizeof one);
    (void)n;
}

void ncm_bell_clear(const struct ncm_bell *b)
{
    uint64_t trash[32];
    while (read(b->read_fd, trash, sizeof trash) == (ssize_t)sizeof trash) {}
}

void ncm_bell_release(struct ncm_bell *b)
{
    if (b->read_fd >= 0) {
        close(b->read_fd);
    }
    if (b->write_fd >= 0 && b->write_fd != b->read_fd) {
        close(b->write_fd);
    }
    b->read_fd = b->write_fd = -1;
}
