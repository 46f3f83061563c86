/* Any kubeconfig ends in a login with an address or in one error that holds nothing of its secrets;
 * any answer of a plugin in a credential or in one error. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "base/num.h"
#include "provider/kubernetes/inside.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_login(const char *path)
{
    struct k8s_login l;
    struct k8s_contexts all;
    struct ncm_err e = {.code = NCM_OK};
    if (k8s_login_load(path, NULL, &l, &e)) {
        if (l.server == NULL || l.context == NULL || l.ns == NULL || l.where == NULL) {
            abort();
        }
        if ((l.cert_data != NULL || l.cert_file != NULL) !=
            (l.key_data != NULL || l.key_file != NULL)) {
            abort();
        }
        k8s_login_release(&l);
    } else if (e.code == NCM_OK || e.what[0] == '\0') {
        abort();
    }
    if (k8s_contexts_list(path, &all, &e)) {
        for (size_t i = 0; i < all.n; i++) {
            if (all.names[i] == NULL || all.names[i][0] == '\0') {
                abort();
            }
        }
        k8s_contexts_release(&all);
    }
}

static void check_plugin(const char *p, size_t len)
{
    char version[] = "client.authentication.k8s.io/v1", command[] = "x";
    const struct k8s_exec x = {.command = command, .api_version = version};
    struct ncm_access access = {0};
    struct ncm_err e;
    int64_t expires;
    if (k8s_ticket_decode(&x, p, len, &access, &expires, &e)) {
        if (access.token.from == NULL && access.cert_pem == NULL) {
            abort();
        }
        if ((access.cert_pem != NULL) != (access.key_pem != NULL)) {
            abort();
        }
    } else if (access.token.from != NULL || access.cert_pem != NULL) {
        abort();
    }
    ncm_access_release(&access);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static int fd = -1;
    char path[64];
    if (fd < 0) {
        fd = memfd_create("kubeconfig", 0);
    }
    if (ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size) {
        return 0;
    }
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    check_login(path);
    check_plugin((const char *)data, size);
    return 0;
}
