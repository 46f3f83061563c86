#include "ops/process.h"

#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "io/file.h"

/* The start time (field 22 of the kernel's line): a number reused by a later process differs. NULL
 * where there is none, or only what nobody has asked for yet of one that has ended. */
static char *start_of(const char *pid)
{
    struct ncm_buf b;
    struct ncm_err err;
    bool cut;
    ncm_buf_init(&b, 4096);
    char *path = ncm_sprintf("/proc/%s/stat", pid);
    char *out = NULL;
    if (ncm_file_read(path, 0, 4000, &b, &cut, &err)) {
        const char *p = strrchr(b.p, ')'); /* the name before may hold anything */
        p = p != NULL && p[1] == ' ' && (p[2] == 'Z' || p[2] == 'X') ? NULL : p;
        for (int field = 2; p != NULL && field < 22; field++) {
            p = strchr(p + 1, ' ');
        }
        if (p != NULL) {
            out = ncm_strndup(p + 1, strcspn(p + 1, " \n"));
        }
    }
    ncm_free(path);
    ncm_buf_release(&b);
    return out;
}

/* Numbers mean something only within one PID namespace. */
static char *namespace_of_self(void)
{
    struct ncm_file_info info = {0};
    struct ncm_err err;
    if (!ncm_file_stat("/proc/self/ns/pid", &info, &err)) {
        info.inode = 0;
    }
    return ncm_sprintf("%llu", (unsigned long long)info.inode);
}

char *ncm_process_self(void)
{
    char *pid = ncm_sprintf("%ld", (long)getpid());
    char *start = start_of(pid);
    char *space = namespace_of_self();
    char *out = ncm_sprintf("%s:%s:%s", pid, start != NULL ? start : "", space);
    ncm_free(pid);
    ncm_free(start);
    ncm_free(space);
    return out;
}

enum ncm_process_state ncm_process_state(const char *process, const char *host)
{
    char *here = ncm_hostname();
    char *space = namespace_of_self();
    const char *colon = strchr(process, ':');
    const char *last = strrchr(process, ':');
    bool visible = strcmp(here, host) == 0 && colon != NULL && last > colon &&
                   strcmp(last + 1, space) == 0 && strcmp(space, "0") != 0;
    enum ncm_process_state state = NCM_PROCESS_ELSEWHERE;
    if (visible) {
        char *pid = ncm_strndup(process, (size_t)(colon - process));
        char *then = ncm_strndup(colon + 1, (size_t)(last - colon - 1));
        char *now = start_of(pid);
        state = now != NULL && strcmp(now, then) == 0 ? NCM_PROCESS_ALIVE : NCM_PROCESS_DEAD;
        ncm_free(pid);
        ncm_free(then);
        ncm_free(now);
    }
    ncm_free(here);
    ncm_free(space);
    return state;
}
