/* What serving.c and its neighbours share: where in a text the statement and its version stand. */
#ifndef NCM_MODEL_SERVING_READ_H
#define NCM_MODEL_SERVING_READ_H

#include "model/serving.h"

/* Parts of one text, borrowed from it; NULL with 0 where absent. */
struct serving_parts {
    struct ncm_str name, version, alias, stage, run_id, model_id;
    bool decode; /* the name is percent-encoded */
    bool guess;
};

/* Each reads one form of statement from [p, p + len); false: it is not there. A name of a variable
 * or label (NULL unknown) decides where the form alone could mean anything. */
bool serving_read_uri(const char *p, size_t len, struct serving_parts *out);
bool serving_read_run(const char *p, size_t len, const char *key, struct serving_parts *out);
bool serving_read_path(const char *p, size_t len, const char *key, bool sure,
                       struct serving_parts *out);
bool serving_read_image(const char *p, size_t len, struct serving_parts *out);

/* "7" or "v7": the digits; absent for another word. Up to 6 digits: more are a date or a hash. */
struct ncm_str serving_number(const char *p, size_t len);
/* Whether two spellings mean the same version: "7" "v7" "007". */
bool serving_same_version(struct ncm_str a, struct ncm_str b);
/* Whether two names mean the same but for case and the signs between words. */
bool serving_same_name(struct ncm_str a, struct ncm_str b);
/* Whether it begins with the words of the other: "churn-server", "churn". */
bool serving_begins_name(struct ncm_str longer, struct ncm_str shorter);

#endif
