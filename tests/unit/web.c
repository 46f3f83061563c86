#include "unit/web.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static struct {
    char name[16], url[64];
} servers[8];
static size_t count;
static pid_t pid;
static int leash = -1; /* they end when this is closed, even if we crash */
static struct ncm_http *asker;

static bool read_lines(FILE *f)
{
    char line[128];
    while (fgets(line, sizeof line, f) != NULL) {
        if (strcmp(line, "ready\n") == 0) {
            return true;
        }
        if (count < sizeof servers / sizeof *servers &&
            sscanf(line, "%15[a-z_]=%63s", servers[count].name, servers[count].url) == 2) {
            count++;
        }
    }
    return false;
}

bool web_start(const char *dir)
{
    return web_run("tests/lib/web.py", dir);
}

bool web_run(const char *script, const char *dir)
{
    int in[2], out[2];
    if (pipe(in) != 0 || pipe(out) != 0) {
        return false;
    }
    posix_spawn_file_actions_t files;
    posix_spawn_file_actions_init(&files);
    posix_spawn_file_actions_adddup2(&files, in[0], STDIN_FILENO);
    posix_spawn_file_actions_adddup2(&files, out[1], STDOUT_FILENO);
    for (int i = 0; i < 2; i++) {
        posix_spawn_file_actions_addclose(&files, in[i]);
        posix_spawn_file_actions_addclose(&files, out[i]);
    }
    const char *const argv[] = {"python3", script, dir, NULL};
    int e = posix_spawnp(&pid, argv[0], &files, NULL, (char *const *)(uintptr_t)argv, environ);
    posix_spawn_file_actions_destroy(&files);
    close(in[0]);
    close(out[1]);
    leash = in[1];
    FILE *f = fdopen(out[0], "r");
    bool ok = e == 0 && f != NULL && read_lines(f);
    if (f != NULL) {
        fclose(f);
    }
    return ok;
}

void web_stop(void)
{
    ncm_http_close(asker);
    asker = NULL;
    web_get(NULL, NULL, 0);
    close(leash);
    if (pid > 0) {
        waitpid(pid, NULL, 0);
    }
}

const char *web_url(const char *name)
{
    for (size_t i = 0; i < count; i++) {
        if (strcmp(servers[i].name, name) == 0) {
            return servers[i].url;
        }
    }
    fail_msg("no server is called %s", name);
    return "";
}

struct ncm_http *web_open(const char *url, const struct ncm_access *access)
{
    struct ncm_http *h = NULL;
    struct ncm_err e;
    if (!ncm_http_open(url, access, &h, &e)) {
        fail_msg("%s: %s", url, e.what);
    }
    return h;
}

struct ncm_http_answer web_ask(struct ncm_http *h, struct ncm_http_request rq)
{
    struct ncm_http_answer a;
    struct ncm_err e;
    if (!ncm_http_do(h, &rq, &a, &e)) {
        fail_msg("%s: %s (%s)", rq.path, e.what, e.detail);
    }
    return a;
}

const char *web_get(struct ncm_http *h, const char *path, int status)
{
    static struct ncm_http_answer a;
    ncm_http_answer_release(&a);
    if (h == NULL) {
        return "";
    }
    a = web_ask(h, (struct ncm_http_request){.path = path, .timeout_ms = WEB_PATIENCE_MS});
    if (a.status != status) {
        fail_msg("%s: %d %s", path, a.status, a.body.p);
    }
    return a.body.p;
}

const struct ncm_err *web_fails(struct ncm_http *h, const char *path, enum ncm_code code)
{
    static struct ncm_err e;
    struct ncm_http_answer a;
    struct ncm_http_request rq = {.path = path, .timeout_ms = WEB_PATIENCE_MS};
    bool ok = ncm_http_do(h, &rq, &a, &e);
    ncm_http_answer_release(&a);
    if (ok || e.code != code) {
        fail_msg("%s: %s: %s (%s)", path, ok ? "ok" : ncm_code_name(e.code), e.what, e.detail);
    }
    return &e;
}

int64_t web_number(const char *json, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *p = strstr(json, key);
    if (p == NULL) {
        fail_msg("no %s in %s", name, json);
        return -1;
    }
    return strtoll(p + strlen(key), NULL, 10);
}

int web_seen(const char *server, const char *path, char authorization[256])
{
    char ask[256];
    if (asker == NULL) {
        asker = web_open(web_url("plain"), NULL);
    }
    snprintf(ask, sizeof ask, "/log?server=%s&path=%s", server, path);
    const char *body = web_get(asker, ask, 200);
    if (authorization != NULL) {
        authorization[0] = '\0';
        const char *p = strstr(body, "\"authorization\": \"");
        assert_non_null(p);
        sscanf(p + strlen("\"authorization\": \""), "%255[^\"]", authorization);
    }
    return (int)web_number(body, "n");
}
