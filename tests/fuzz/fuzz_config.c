/* Any file ends in settings within their limits or in one error with a place; what is shown of the
 * settings is a file that reads back. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"
#include "engine/config.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ncm_config *load(const void *data, size_t size)
{
    static int fd = -1;
    char path[64];
    struct ncm_config *c = NULL;
    struct ncm_err e = {0};
    if (fd < 0)
        fd = memfd_create("config", 0);
    if (fd < 0 || ftruncate(fd, 0) != 0 || pwrite(fd, data, size, 0) != (ssize_t)size)
        abort();
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
    if (!ncm_config_load(path, &c, &e)) {
        if (e.code != NCM_INVALID_DATA && e.code != NCM_USAGE && e.code != NCM_TOO_LARGE)
            abort();
        if (e.what[0] == '\0')
            abort();
        return NULL;
    }
    return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_config *c = load(data, size);
    if (c == NULL)
        return 0;
    if (c->escdelay_ms < 0 || c->escdelay_ms > 10000)
        abort();
    char *shown = ncm_config_show(c);
    struct ncm_config *again = load(shown, strlen(shown));
    if (again == NULL || again->n_contexts != c->n_contexts || again->n_keys != c->n_keys)
        abort();
    char *twice = ncm_config_show(again);
    if (strcmp(shown, twice) != 0)
        abort();
    ncm_free(twice);
    ncm_free(shown);
    ncm_config_free(again);
    ncm_config_free(c);
    return 0;
}
