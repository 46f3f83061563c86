/* Pane 4 in the real program, with a cluster that answers recorded lists and servers over HTTP. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "screen/store.h"
#include "screen/vt.h"

static FILE *servers;                                /* they end with their standard input */
static char folder[] = "/tmp/ncmlops-deploy-XXXXXX"; /* theirs; each test's store comes and goes */

static int start_servers(void **state)
{
    char command[1200];

    if (mkdtemp(folder) == NULL || store_setup(state) != 0) {
        return -1;
    }
    store_shell("mkdir \"$1/srv\" && mkfifo \"$1/ready\"", folder, "");
    snprintf(command, sizeof command,
             "python3 tests/lib/fake_deploy.py '%s/srv' 2>/dev/null | tee '%s/ports' >'%s/ready'", folder,
             folder, folder);
    servers = popen(command, "w");
    store_shell(
        "grep -qx ready \"$1/ready\" && port() { sed -n \"s/^$1=//p\" \"$2/ports\"; } && "
        "cat >\"$1/c.yaml\" <<EOF\n"
        "clock: false\n"
        "current-context: lab\n"
        "contexts:\n"
        "  lab:\n"
        "    deployments:\n"
        "      - {type: kubernetes, name: seoul, kubeconfig: $1/srv/kubeconfig}\n"
        "      - {type: http, name: well, url: \"http://127.0.0.1:$(port well \"$1\")\", protocol: "
        "generic, model: churn, health: /health, info: /model/info, version: .model.version}\n"
        "      - {type: http, name: gone, url: \"http://127.0.0.1:$(port gone \"$1\")\", protocol: "
        "generic, health: /health, metrics: none}\n"
        "EOF\n"
        "chmod 600 \"$1/c.yaml\"",
        folder, "");
    return servers != NULL ? 0 : -1;
}

static int stop_servers(void **state)
{
    pclose(servers);
    store_shell("rm -rf \"$1\"", folder, "");
    return store_teardown(state);
}

static struct vt *start(int rows, int cols)
{
    char file[512], home[600];

    snprintf(file, sizeof file, "%s/c.yaml", folder);
    snprintf(home, sizeof home, "HOME=%s", folder);
    const char *env[] = {home, "KUBECONFIG", NULL};
    struct vt *vt =
        vt_spawn(rows, cols, env, (const char *const[]){"ncmlops", "--config", file, NULL});
    vt_wait(vt, "In production", 10000);
    vt_send(vt, "4");
    vt_wait(vt, "Deployments (16", 10000);
    return vt;
}

static void leave(struct vt *vt)
{
    vt_send(vt, "\003");
    assert_true(WIFEXITED(vt_close(vt)));
}

static bool contacted(void)
{
    char log[512];
    struct stat st;

    snprintf(log, sizeof log, "%s/srv/kube.log", folder);
    return stat(log, &st) == 0;
}

/* Without any configuration the kubeconfig's context is offered; it is not asked before Enter, and
 * then only read. First of all tests, while nobody has asked the server yet. */
static void an_offered_cluster_is_asked_after_enter(void **state)
{
    char db[512], home[600], kube[600];
    (void)state;
    snprintf(db, sizeof db, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s", store_folder());
    snprintf(kube, sizeof kube, "KUBECONFIG=%s/srv/kubeconfig", folder);
    const char *env[] = {home, kube, NULL};
    struct vt *vt = vt_spawn(24, 140, env, (const char *const[]){"ncmlops", "--store", db, NULL});
    vt_wait(vt, "All active", 0);
    assert_true(vt_has(vt, "4 Deploy"));
    vt_send(vt, "4");
    vt_wait(vt, "a kubeconfig is here", 0);
    assert_true(vt_has(vt, "seoul"));
    vt_wait(vt, "connect", 0);
    vt_wait_quiet(vt, 300);
    assert_false(contacted());
    assert_true(vt_has(vt, "not connected") && !vt_has(vt, "live"));
    vt_key(vt, "Enter");
    vt_wait(vt, "Deployments (14", 10000);
    assert_true(contacted());
    vt_send(vt, "R");
    vt_wait(vt, "it is only read", 0);
    leave(vt);
}

static void without_any_source_the_pane_says_what_to_do(void **state)
{
    char db[512], home[600];
    (void)state;
    snprintf(db, sizeof db, "%s/mlflow.db", store_folder());
    snprintf(home, sizeof home, "HOME=%s/empty", store_folder());
    const char *env[] = {home, "KUBECONFIG", NULL};
    struct vt *vt = vt_spawn(24, 140, env, (const char *const[]){"ncmlops", "--store", db, NULL});
    vt_wait(vt, "All active", 0);
    assert_false(vt_has(vt, "4 Deploy"));
    vt_send(vt, "4");
    vt_wait(vt, "{type: kubernetes, context: seoul, namespaces: [ml]}", 0);
    leave(vt);
}

/* From the list into one deployment, through its parts, and back. */
static void a_broken_rollout_is_found_and_read(void **state)
{
    int failed, healthy;
    (void)state;
    struct vt *vt = start(24, 80);
    assert_true(vt_find(vt, "failed ", &failed, NULL));
    assert_true(vt_find(vt, "healthy", &healthy, NULL));
    assert_true(failed < healthy);
    vt_send(vt, "/fraud");
    vt_key(vt, "Enter");
    vt_wait(vt, "filter: fraud", 0);
    vt_wait(vt, "v3 → v4", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Findings", 0);
    vt_wait(vt, "our label", 0);
    vt_send(vt, "]");
    vt_wait(vt, "0 of 3 new replicas are available", 0);
    vt_send(vt, "]");
    vt_wait(vt, "CrashLoopBac", 0);
    vt_send(vt, "l");
    vt_wait(vt, "line 2 of fraud-", 5000);
    vt_wait(vt, "following", 0);
    vt_send(vt, "t");
    vt_wait(vt, "05:30:02", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "REPLICA", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "filter: fraud", 0);
    vt_key(vt, "Esc");
    vt_wait(vt, "Deployments (16", 0);
    leave(vt);
}

/* One source that is away is a line and a row of its own; the others are there. */
static void what_does_not_answer_is_told(void **state)
{
    (void)state;
    struct vt *vt = start(34, 120);
    vt_send(vt, "/gone");
    vt_key(vt, "Enter");
    vt_wait(vt, "refuses the connection", 5000);
    leave(vt);
}

static void a_small_screen_is_usable(void **state)
{
    (void)state;
    struct vt *vt = start(10, 40);
    vt_wait(vt, "huge", 0);
    vt_key(vt, "Enter");
    vt_wait(vt, "Overview", 0);
    vt_send(vt, "]");
    vt_wait(vt, "Rollout", 0);
    vt_resize(vt, 50, 200);
    vt_wait(vt, "History", 0);
    vt_resize(vt, 8, 40);
    vt_wait(vt, "Rollout", 0);
    leave(vt);
}

/* A cluster where nothing happens writes nothing to the terminal. */
static void the_screen_is_quiet(void **state)
{
    (void)state;
    struct vt *vt = start(24, 80);
    vt_wait_quiet(vt, 1500);
    leave(vt);
}

static void every_change_has_its_key_and_its_reason(void **state)
{
    (void)state;
    struct vt *vt = start(40, 120);
    vt_send(vt, "/search-canary");
    vt_key(vt, "Enter");
    vt_wait(vt, "filter: search-canary", 0);
    vt_wait(vt, "candidate", 5000);
    vt_send(vt, "F");
    vt_wait(vt, "Traffic for search-canary (now 10 %)", 0);
    vt_key(vt, "Esc");
    vt_wait_gone(vt, "another share", 0);
    vt_send(vt, ":resume-rollout");
    vt_key(vt, "Enter");
    vt_wait(vt, "it is not paused", 0);
    vt_send(vt, ":scale many");
    vt_key(vt, "Enter");
    vt_wait(vt, "a number of replicas, 0 to 10000", 0);
    leave(vt);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(an_offered_cluster_is_asked_after_enter, store_fresh),
        cmocka_unit_test_setup(without_any_source_the_pane_says_what_to_do, store_fresh),
        cmocka_unit_test(a_broken_rollout_is_found_and_read),
        cmocka_unit_test(what_does_not_answer_is_told),
        cmocka_unit_test(a_small_screen_is_usable),
        cmocka_unit_test(the_screen_is_quiet),
        cmocka_unit_test(every_change_has_its_key_and_its_reason),
    };
    return cmocka_run_group_tests(tests, start_servers, stop_servers);
}
