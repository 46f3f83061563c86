/* Any text as what a deployer wrote: it is read without harm, and what it says can be spelled with
 * another version, which then is what it says. */
#include <stdlib.h>
#include <string.h>

#include "model/serving.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_respelled(struct ncm_arena *a, enum ncm_claim_place place, const char *key,
                            const struct ncm_claim *c)
{
    struct ncm_claim again;
    char *other = ncm_claim_respell(c, "31");
    if (other == NULL)
        return;
    if (!ncm_claim_of(a, place, key, other, &again) || again.rule != c->rule ||
        !ncm_str_is(again.version, "31"))
        abort();
    ncm_free(other);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const char *const keys[] = {
        NULL, "MODEL_URI", "version", "ncmlops/model-version", "MODEL_VERSION", "DATA"};
    if (size < 2)
        return 0;
    struct ncm_arena *a = ncm_arena_new();
    char *text = strndup((const char *)data + 1, size - 1);
    enum ncm_claim_place place = data[0] % 5;
    const char *key = keys[data[0] / 5 % 6];
    struct ncm_model_version version = {.model = {"churn", 5}, .version = {"7", 1}};
    struct ncm_model model = {.name = {"churn", 5}, .versions = &version, .n_versions = 1};
    struct ncm_verdict_version v;
    struct ncm_claim c;
    if (ncm_claim_of(a, place, key, text, &c)) {
        if (c.rule == NCM_CLAIM_NONE || strlen(ncm_cstr(c.text)) != c.text.len)
            abort();
        struct ncm_claim two[2] = {c, c};
        ncm_claims_decide(two, 2, &model, 1, &v);
        if (v.against != NULL)
            abort();
        check_respelled(a, place, key, &c);
    }
    free(text);
    ncm_arena_free(a);
    return 0;
}
