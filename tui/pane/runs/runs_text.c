/* Small texts of the Runs pane: values, statuses, names. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "runs.h"

double value_number(const struct ncm_value *v)
{
    switch (v->kind) {
    case NCM_V_NUMBER:
        return v->num;
    case NCM_V_PINF:
        return INFINITY;
    case NCM_V_NINF:
        return -INFINITY;
    case NCM_V_UNSET:
    case NCM_V_NAN:
    case NCM_V_TEXT:
        break;
    }
    return NAN;
}

enum role value_text(const struct ncm_value *v, char *out, size_t outsz)
{
    switch (v->kind) {
    case NCM_V_UNSET:
        snprintf(out, outsz, "%s", sign(SIGN_DASH));
        return ROLE_DIM;
    case NCM_V_TEXT:
        clean_text(v->text, out, outsz);
        return ROLE_TEXT;
    case NCM_V_NUMBER:
        ncm_fmt_num(out, outsz, v->num, 5);
        return ROLE_TEXT;
    case NCM_V_NAN:
    case NCM_V_PINF:
    case NCM_V_NINF:
        break;
    }
    ncm_fmt_num(out, outsz, value_number(v), 5);
    return ROLE_WARN;
}

char *clean_text(struct ncm_str s, char *out, size_t outsz)
{
    struct ncm_buf b;
    ncm_buf_init(&b, outsz * 4);
    size_t most = s.len < outsz * 2 ? s.len : outsz * 2;
    if (s.p != NULL)
        ncm_text_clean(&b, s.p, most, NCM_CLEAN_LINE);
    size_t len = b.len;
    if (len >= outsz) { /* whole characters only */
        len = outsz - 1;
        while (len > 0 && ((unsigned char)b.p[len] & 0xC0) == 0x80)
            len--;
    }
    memcpy(out, b.p, len);
    out[len] = '\0';
    ncm_buf_release(&b);
    return out;
}

char *run_label(const struct ncm_run *r, char *out, size_t outsz)
{
    if (r->name.p != NULL && r->name.len > 0)
        return clean_text(r->name, out, outsz);
    struct ncm_str head = {r->id.p, r->id.len < 8 ? r->id.len : 8};
    return clean_text(head, out, outsz);
}

enum role status_text(const struct ncm_run *r, char *out, size_t outsz)
{
    static const struct {
        enum sign sign;
        enum role role;
        const char *word;
    } looks[] = {
        [NCM_RUN_SCHEDULED] = {SIGN_LOADING, ROLE_UNKNOWN, N_("queued")},
        [NCM_RUN_RUNNING] = {SIGN_LIVE, ROLE_RUN, N_("running")},
        [NCM_RUN_FINISHED] = {SIGN_CHECK, ROLE_OK, N_("finished")},
        [NCM_RUN_FAILED] = {SIGN_CROSS, ROLE_FAIL, N_("failed")},
        [NCM_RUN_KILLED] = {SIGN_WARN, ROLE_WARN, N_("killed")},
    };
    if (r->status == NCM_RUN_UNKNOWN) {
        char word[32];
        snprintf(out, outsz, "? %s", clean_text(r->status_text, word, sizeof word));
        return ROLE_UNKNOWN;
    }
    snprintf(out, outsz, "%s %s", sign(looks[r->status].sign), _(looks[r->status].word));
    return looks[r->status].role;
}

void join_fact(char *out, size_t outsz, const char *text)
{
    size_t len = strlen(out);
    if (text[0] == '\0' || len + 1 >= outsz)
        return;
    if (len > 0)
        snprintf(out + len, outsz - len, " %s %s", ncm_text_utf8() ? "·" : "-", text);
    else
        snprintf(out, outsz, "%s", text);
}

void set_text(struct table_cell *out, enum role role, const char *clean)
{
    snprintf(out->text, sizeof out->text, "%s", clean);
    out->role = role;
}
