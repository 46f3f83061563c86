#include "base/log.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/num.h"
#include "base/text.h"

#define LINE_MAX_BYTES 4096

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static int log_fd = -1;

bool ncm_log_open(const char *path)
{
    int fd = -1;
    if (path) {
        fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0600);
        if (fd < 0)
            return false;
    }
    pthread_mutex_lock(&lock);
    int old = log_fd;
    log_fd = fd;
    pthread_mutex_unlock(&lock);
    if (old >= 0)
        close(old);
    return true;
}

void ncm_log(const char *fmt, ...)
{
    pthread_mutex_lock(&lock);
    bool on = log_fd >= 0;
    pthread_mutex_unlock(&lock);
    if (!on)
        return;
    char text[LINE_MAX_BYTES / 2];
    va_list ap;
    va_start(ap, fmt);
    int n = vsnprintf(text, sizeof text, fmt, ap);
    va_end(ap);
    if (n < 0)
        return;
    char stamp[40];
    struct ncm_buf line;
    ncm_buf_init(&line, LINE_MAX_BYTES);
    ncm_buf_printf(&line, "%s ", ncm_fmt_iso(stamp, sizeof stamp, ncm_now_ms()));
    ncm_text_escape(&line, text, strlen(text));
    line.p[line.len] = '\n'; /* in place of the final 0: one write a line keeps lines whole */
    pthread_mutex_lock(&lock);
    if (log_fd >= 0) {
        ssize_t written = write(log_fd, line.p, line.len + 1);
        (void)written; /* a log that cannot be written has nobody to tell */
    }
    pthread_mutex_unlock(&lock);
    ncm_buf_release(&line);
}

void ncm_log_close(void)
{
    (void)ncm_log_open(NULL);
}
