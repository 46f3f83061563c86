/* A change list out of the audit, and a transition tag out of a store: any bytes end in a list that
 * reads back the same, or in one error; who held a stage is told without falling over them. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ops/parts.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_back(const struct ncm_changes *c)
{
    struct ncm_buf once, twice;
    struct ncm_changes again, back;
    struct ncm_err err;
    ncm_buf_init(&once, (size_t)1 << 24);
    ncm_buf_init(&twice, (size_t)1 << 24);
    ncm_changes_to_json(c, &once);
    if (!ncm_changes_from_json(once.p, once.len, &again, &err))
        abort();
    ncm_changes_to_json(&again, &twice);
    if (once.len != twice.len || memcmp(once.p, twice.p, once.len) != 0)
        abort();
    if (ncm_changes_invert(&again, &back))
        ncm_changes_release(&back);
    ncm_changes_release(&again);
    ncm_buf_release(&once);
    ncm_buf_release(&twice);
}

static void tell_holders(const char *text, size_t len)
{
    static char key[] = "ncmlops.transition.x.2";
    struct ncm_err err;
    struct ncm_holder_list list;
    struct ncm_kv tag = {{key, sizeof key - 1}, {text, len}};
    struct ncm_model_version v = {.model = {"m", 1},
                                  .version = {"1", 1},
                                  .number = 1,
                                  .stage_text = {"Production", 10},
                                  .tags = &tag,
                                  .n_tags = 1};
    struct ncm_model m = {.name = {"m", 1}, .versions = &v, .n_versions = 1};
    struct ncm_record r = {.id = {"x", 1}, .changes = {text, len}, .result = {"done", 4}};
    struct ncm_log_book book = {.items = &r, .n = 1};
    static const char *const slots[] = {"Production", "@a", "None"};
    for (size_t i = 0; i < 3; i++) {
        if (!ncm_holders_find(&book, &m, "m", slots[i], &list, &err))
            abort();
        ncm_holders_release(&list);
    }
    struct ncm_changes back;
    if (ncm_record_inverse(&r, &back))
        ncm_changes_release(&back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ncm_changes c;
    struct ncm_err err = {0};
    char *text = ncm_strndup((const char *)data, size);
    size_t len = strlen(text);
    if (ncm_changes_from_json(text, len, &c, &err)) {
        read_back(&c);
        ncm_changes_release(&c);
    } else if (err.what[0] == '\0') {
        abort();
    }
    tell_holders(text, len);
    ncm_free(text);
    return 0;
}
