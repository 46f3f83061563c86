#include "provider/mark.h"

#include "io/node.h"

void ncm_mark_text(const struct ncm_mark *mark, int64_t time_ms, const char *alias,
                   const char *from, const char *to, struct ncm_buf *out)
{
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "actor");
    ncm_json_str(&j, mark->actor);
    ncm_json_key(&j, "time");
    ncm_json_i64(&j, time_ms);
    if (alias != NULL) {
        ncm_json_key(&j, "alias");
        ncm_json_str(&j, alias);
    }
    ncm_json_key(&j, "from");
    ncm_json_str(&j, from);
    ncm_json_key(&j, "to");
    ncm_json_str(&j, to);
    ncm_json_key(&j, "reason");
    ncm_json_str(&j, mark->reason);
    ncm_json_end_obj(&j);
}
