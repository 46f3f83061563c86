/* Theme files: whatever stands in one, it is a theme or an error with a place. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct theme t;
    struct ncm_err err;

    memset(&err, 0, sizeof err);
    if (theme_parse("x", (const char *)data, size, &t, &err)) {
        for (int i = 0; i < N_ROLES; i++) {
            const struct role_style *s = &t.styles[i];
            if ((s->fg != RGB_DEFAULT && s->fg > 0xFFFFFF) || s->color8_fg < -1 ||
                s->color8_fg > 15) {
                abort();
            }
        }
    } else if (err.code != NCM_INVALID_DATA || err.what[0] == '\0') {
        abort();
    }
    return 0;
}
