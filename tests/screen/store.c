#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <limits.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "screen/store.h"

static char folder[] = "/tmp/ncmlops-screen-XXXXXX";

int store_setup(void **state)
{
    (void)state;
    return mkdtemp(folder) != NULL ? 0 : -1;
}

int store_teardown(void **state)
{
    (void)state;
    store_shell("rm -rf \"$1\"", folder, "");
    return 0;
}

int store_fresh(void **state)
{
    char fixture[PATH_MAX];
    (void)state;
    assert_non_null(realpath("tests/fixtures/mlflow-3.17.2.db.gz", fixture));
    store_shell("cd \"$1\" && rm -rf ./* ./.[!.]* && mkdir empty && gzip -dc \"$2\" >mlflow.db",
                folder, fixture);
    return 0;
}

const char *store_folder(void)
{
    return folder;
}

void store_shell(const char *script, const char *a, const char *b)
{
    pid_t pid = fork();
    if (pid == 0) {
        execl("/bin/sh", "sh", "-c", script, "sh", a, b, (char *)NULL);
        _exit(127);
    }
    int status = 0;
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_int_equal(status, 0);
}
