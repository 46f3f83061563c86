/* The audit: what was changed from here, and whether its chain is whole. */
#include <string.h>

#include "cli.h"

static void entry_json(struct ncm_json *j, const void *item)
{
    const struct ncm_audit_entry *e = *(const struct ncm_audit_entry *const *)item;
    ncm_json_obj(j);
    cli_json_str(j, "id", e->id);
    cli_json_time(j, "time", e->time_ms);
    cli_json_str(j, "actor", e->actor);
    cli_json_str(j, "host", e->host);
    cli_json_str(j, "action", e->action);
    cli_json_str(j, "subject", e->subject);
    cli_json_str(j, "from", e->from);
    cli_json_str(j, "to", e->to);
    cli_json_str(j, "reason", e->reason);
    cli_json_str(j, "result", e->result);
    cli_json_str(j, "hash", e->hash);
    ncm_json_end_obj(j);
}

static const struct cli_column entry_columns[] = {
    {N_("ID"), false},     {N_("TIME"), false},    {N_("ACTOR"), false},
    {N_("ACTION"), false}, {N_("SUBJECT"), false}, {N_("FROM"), false},
    {N_("TO"), false},     {N_("RESULT"), false},  {N_("REASON"), false},
};

static void entry_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_audit_entry *e = *(const struct ncm_audit_entry *const *)item;
    cli_cell(cells, e->id);
    cli_cell_time(cells, e->time_ms);
    cli_cell(cells, e->actor);
    char action[128];
    const char *result = ncm_audit_result_label(ncm_cstr(e->result));
    ncm_audit_action_label(action, sizeof action, e);
    cli_cell(cells, (struct ncm_str){action, strlen(action)});
    cli_cell(cells, e->subject);
    cli_cell(cells, e->from);
    cli_cell(cells, e->to);
    cli_cell(cells, (struct ncm_str){result, strlen(result)});
    cli_cell(cells, e->reason);
}

/* Subjects are "MODEL" or "MODEL/VERSION", in old records "MODEL/STAGE" or "MODEL@ALIAS" too; names
 * may hold both signs, so what follows must be one part. */
static bool of_model(const struct ncm_audit_entry *e, const char *model)
{
    size_t len = strlen(model);
    const char *s = ncm_cstr(e->subject);
    return strncmp(s, model, len) == 0 && (s[len] == '\0' || ((s[len] == '/' || s[len] == '@') &&
                                                              strpbrk(s + len + 1, "/@") == NULL));
}

bool cli_audit(struct cli *c, struct ncm_err *err)
{
    struct ncm_query *q = ncm_query_new(NCM_T_AUDIT);
    if (!cli_time(c, "since", &q->at_ms, err)) {
        ncm_query_free(q);
        return false;
    }
    struct ncm_session *session = cli_session(c, err);
    if (session == NULL) {
        ncm_query_free(q);
        return false;
    }
    ncm_session_settle(session);
    const struct ncm_audit_snapshot *s = cli_ask(c, q, err);
    if (s == NULL) {
        return false;
    }
    const struct ncm_audit_entry **kept = ncm_alloc(s->n + 1, sizeof *kept);
    const char *model = cli_value(c, "model");
    size_t n = 0;
    for (size_t i = 0; i < s->n; i++) {
        if (model == NULL || of_model(&s->items[i], model)) {
            kept[n++] = &s->items[i];
        }
    }
    struct cli_array array = {kept, sizeof *kept};
    struct cli_list l = {
        .columns = entry_columns,
        .n_columns = 9,
        .n = n,
        .ctx = &array,
        .at = cli_array_at,
        .json = entry_json,
        .cells = entry_cells,
        .nothing = _("nothing was changed from here"),
    };
    bool ok = cli_print_list(c, &l, err);
    ncm_free(kept);
    return ok;
}

static void verify_json(struct ncm_json *j, const void *item)
{
    const struct ncm_audit_snapshot *s = item;
    ncm_json_obj(j);
    ncm_json_key(j, "whole");
    ncm_json_bool(j, s->broken_id.p == NULL);
    ncm_json_key(j, "records");
    ncm_json_i64(j, (int64_t)s->n);
    cli_json_str(j, "broken_id", s->broken_id);
    cli_json_str(j, "reason", s->broken_why);
    ncm_json_end_obj(j);
}

static void verify_text(struct ncm_buf *out, const void *item)
{
    const struct ncm_audit_snapshot *s = item;
    if (s->broken_id.p == NULL) {
        ncm_buf_printf(out, _("The audit is whole: %zu records"), s->n);
    } else {
        ncm_buf_printf(out, _("The audit is broken at record %s: %s"), s->broken_id.p,
                       ncm_cstr(s->broken_why));
    }
    ncm_buf_putc(out, '\n');
}

bool cli_audit_verify(struct cli *c, struct ncm_err *err)
{
    const struct ncm_audit_snapshot *s = cli_ask(c, ncm_query_new(NCM_T_AUDIT), err);
    if (s == NULL) {
        return false;
    }
    c->status = s->broken_id.p == NULL ? 0 : 1;
    struct cli_object o = {.item = s, .json = verify_json, .text = verify_text};
    return cli_print_object(c, &o, err);
}
