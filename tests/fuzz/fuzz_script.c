/* A script is read or refused with its line; what was read runs on an off-screen terminal. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "term/script.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_err err = {0};
    bool read = script_parse("script", (const char *)data, size, &err);
    if (read != (err.code == NCM_OK) || read != script_active())
        abort();
    if (!read && strncmp(err.what, "script:", 7) != 0)
        abort();
    return 0;
}
