/* Signals: those of the terminal go through a pipe to the one thread that may act on them; fatal
 * ones put the terminal back before the process dies. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "term/internal.h"

static int pipe_fd[2] = {-1, -1};

static const int watched[] = {SIGWINCH, SIGTSTP, SIGCONT, SIGTERM, SIGHUP, SIGINT, SIGQUIT};
static const int fatal[] = {SIGSEGV, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGTRAP, SIGSYS, SIGXCPU};
enum { N_WATCHED = sizeof watched / sizeof *watched, N_FATAL = sizeof fatal / sizeof *fatal };

static struct sigaction old_watched[N_WATCHED], old_fatal[N_FATAL], old_pipe;

/* ---- the pipe ---- */

static volatile sig_atomic_t own_stop;

static void on_signal(int number)
{
    int saved = errno;
    if (number == SIGCONT && own_stop)
        return;
    unsigned char byte = (unsigned char)number;
    ssize_t ignored = write(pipe_fd[1], &byte, 1); /* a full pipe holds the news already */
    (void)ignored;
    errno = saved;
}

static void watch(void)
{
    struct sigaction sa = {.sa_handler = on_signal, .sa_flags = SA_RESTART};
    sigset_t set;
    sigemptyset(&sa.sa_mask);
    sigemptyset(&set);
    for (int i = 0; i < N_WATCHED; i++) {
        sigaction(watched[i], &sa, NULL);
        sigaddset(&set, watched[i]);
    }
    pthread_sigmask(SIG_UNBLOCK, &set, NULL);
}

bool signals_on(struct ncm_err *err)
{
    struct sigaction ignore = {.sa_handler = SIG_IGN};
    if (pipe2(pipe_fd, O_CLOEXEC | O_NONBLOCK) != 0)
        return ncm_fail(err, NCM_IO, _("no pipe for signals: %s"), strerror(errno));
    for (int i = 0; i < N_WATCHED; i++)
        sigaction(watched[i], NULL, &old_watched[i]);
    watch();
    sigemptyset(&ignore.sa_mask);
    sigaction(SIGPIPE, &ignore, &old_pipe);
    return true;
}

void signals_off(void)
{
    if (pipe_fd[0] < 0)
        return;
    for (int i = 0; i < N_WATCHED; i++)
        sigaction(watched[i], &old_watched[i], NULL);
    sigaction(SIGPIPE, &old_pipe, NULL);
    close(pipe_fd[0]);
    close(pipe_fd[1]);
    pipe_fd[0] = pipe_fd[1] = -1;
}

int signals_fd(void)
{
    return pipe_fd[0];
}

int signals_take(void)
{
    unsigned char byte;
    if (pipe_fd[0] >= 0 && read(pipe_fd[0], &byte, 1) == 1)
        return byte;
    return 0;
}

void signals_stop_self(void)
{
    struct sigaction stop = {.sa_handler = SIG_DFL};
    sigemptyset(&stop.sa_mask);
    sigaction(SIGTSTP, &stop, NULL);
    own_stop = 1;
    /* The whole group, so that a make or a shell script around us stops too. */
    kill(0, SIGTSTP);
    own_stop = 0;
    watch();
}

void signals_for_child(bool child_runs)
{
    struct sigaction sa = {.sa_handler = SIG_IGN};
    if (!child_runs) {
        watch();
        return;
    }
    sigemptyset(&sa.sa_mask);
    sigaction(SIGINT, &sa, NULL);
    sigaction(SIGQUIT, &sa, NULL);
    sa.sa_handler = SIG_DFL;
    sigaction(SIGTSTP, &sa, NULL);
}

/* ---- fatal signals: only what is safe inside a handler ---- */

static int crash_fd = -1;
static struct termios crash_modes;
static char crash_words[256];
static char alt_stack[65536];

static const char restore[] = TERM_MODES_OFF TERM_SCREEN_OFF;

static void on_crash(int number)
{
    int fd = crash_fd;
    crash_fd = -1;
    if (fd >= 0) {
        ssize_t ignored = write(fd, restore, sizeof restore - 1);
        (void)ignored;
        tcsetattr(fd, TCSANOW, &crash_modes);
        ignored = write(2, crash_words, strlen(crash_words));
        (void)ignored;
    }
    /* SA_RESETHAND: the default action follows. */
    raise(number);
}

void crash_arm(int fd, const struct termios *shell)
{
    stack_t stack = {.ss_sp = alt_stack, .ss_size = sizeof alt_stack};
    struct sigaction sa = {.sa_handler = on_crash, .sa_flags = (int)SA_RESETHAND | SA_ONSTACK};
    sigemptyset(&sa.sa_mask);
    crash_modes = *shell;
    snprintf(crash_words, sizeof crash_words, "%s\n",
             _("ncmlops: a fault in the program ended it; the terminal has been put back"));
    crash_fd = fd;
    sigaltstack(&stack, NULL);
    for (int i = 0; i < N_FATAL; i++)
        sigaction(fatal[i], &sa, &old_fatal[i]);
}

void crash_disarm(void)
{
    if (crash_fd < 0)
        return;
    crash_fd = -1;
    for (int i = 0; i < N_FATAL; i++)
        sigaction(fatal[i], &old_fatal[i], NULL);
    sigaltstack(&(stack_t){.ss_flags = SS_DISABLE}, NULL);
}
