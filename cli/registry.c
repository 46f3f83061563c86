/* Registered models, their versions, who held a stage. */
#include <string.h>

#include "cli.h"
#include "out.h"

/* ---- models --------------------------------------------------------------------------------- */

static void stage_json(struct ncm_json *j, const struct ncm_model *m, enum ncm_stage stage)
{
    ncm_json_key(j, ncm_stage_name(stage));
    ncm_json_arr(j);
    for (size_t i = m->n_versions; i > 0; i--) {
        const struct ncm_model_version *v = &m->versions[i - 1];
        if (v->stage == stage) {
            ncm_json_str_n(j, ncm_cstr(v->version), v->version.len);
        }
    }
    ncm_json_end_arr(j);
}

static void model_json(struct ncm_json *j, const void *item)
{
    const struct ncm_model *m = item;
    ncm_json_obj(j);
    cli_json_str(j, "name", m->name);
    cli_json_str(j, "description", m->description);
    cli_json_time(j, "creation_timestamp", m->creation_ms);
    cli_json_time(j, "last_updated_timestamp", m->last_updated_ms);
    cli_json_kvs(j, "tags", m->tags, m->n_tags);
    ncm_json_key(j, "aliases");
    ncm_json_obj(j);
    for (size_t i = 0; i < m->n_aliases; i++) {
        ncm_json_key_n(j, ncm_cstr(m->aliases[i].name), m->aliases[i].name.len);
        ncm_json_str_n(j, ncm_cstr(m->aliases[i].version), m->aliases[i].version.len);
    }
    ncm_json_end_obj(j);
    ncm_json_key(j, "stages");
    ncm_json_obj(j);
    stage_json(j, m, NCM_STAGE_PRODUCTION);
    stage_json(j, m, NCM_STAGE_STAGING);
    stage_json(j, m, NCM_STAGE_ARCHIVED);
    stage_json(j, m, NCM_STAGE_NONE);
    ncm_json_end_obj(j);
    cli_json_str(j, "latest_version",
                 m->n_versions > 0 ? m->versions[0].version : (struct ncm_str){NULL, 0});
    ncm_json_end_obj(j);
}

static const struct cli_column model_columns[] = {
    {N_("MODEL"), false},   {N_("LATEST"), true},   {N_("PRODUCTION"), false},
    {N_("STAGING"), false}, {N_("ALIASES"), false}, {N_("UPDATED"), false},
};

static void stage_cell(struct cli_cells *cells, const struct ncm_model *m, enum ncm_stage stage)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 4096);
    for (size_t i = 0; i < m->n_versions; i++) {
        if (m->versions[i].stage == stage) {
            ncm_buf_printf(&b, "%sv%s", b.len > 0 ? " " : "", ncm_cstr(m->versions[i].version));
        }
    }
    cli_cell(cells, (struct ncm_str){b.len > 0 ? b.p : NULL, b.len});
    ncm_buf_release(&b);
}

static void aliases_cell(struct cli_cells *cells, const struct ncm_model *m)
{
    struct ncm_buf b;
    ncm_buf_init(&b, 64 * 1024);
    for (size_t i = 0; i < m->n_aliases; i++) {
        ncm_buf_printf(&b, "%s%s%s%sv%s", i > 0 ? " " : "", m->aliases[i].dangling ? "!" : "",
                       ncm_cstr(m->aliases[i].name), ncm_text_utf8() ? "→" : "->",
                       ncm_cstr(m->aliases[i].version));
    }
    cli_cell(cells, (struct ncm_str){b.len > 0 ? b.p : NULL, b.len});
    ncm_buf_release(&b);
}

static void model_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_model *m = item;
    cli_cell(cells, m->name);
    cli_cell(cells, m->n_versions > 0 ? m->versions[0].version : (struct ncm_str){NULL, 0});
    stage_cell(cells, m, NCM_STAGE_PRODUCTION);
    stage_cell(cells, m, NCM_STAGE_STAGING);
    aliases_cell(cells, m);
    cli_cell_time(cells, m->last_updated_ms);
}

bool cli_models(struct cli *c, struct ncm_err *err)
{
    const struct ncm_models_snapshot *s = cli_ask(c, ncm_query_new(NCM_T_MODELS), err);
    if (s == NULL) {
        return false;
    }
    struct cli_array array = {s->items, sizeof *s->items};
    struct cli_list l = {
        .columns = model_columns,
        .n_columns = 6,
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = model_json,
        .cells = model_cells,
        .nothing = _("no registered models"),
    };
    return cli_print_list(c, &l, err);
}

const struct ncm_model *cli_model(struct cli *c, const char *name, struct ncm_err *err)
{
    const struct ncm_models_snapshot *s = cli_ask(c, ncm_query_new(NCM_T_MODELS), err);
    if (s == NULL) {
        return NULL;
    }
    const struct ncm_model *m = ncm_models_find(s, name);
    if (m == NULL) {
        ncm_fail(err, NCM_NOT_FOUND, _("There is no model '%s'"), name);
        ncm_hint(err, "%s", _("'ncmlops models' lists them"));
    }
    return m;
}

const struct ncm_model_version *cli_version_of(const struct ncm_model *m, const char *version,
                                               struct ncm_err *err)
{
    const struct ncm_model_version *v = ncm_model_version(m, version);
    if (v == NULL) {
        ncm_fail(err, NCM_NOT_FOUND, _("The model '%s' has no version %s"), ncm_cstr(m->name),
                 version);
    }
    return v;
}

/* ---- versions ------------------------------------------------------------------------------- */

static void version_json(struct ncm_json *j, const void *item)
{
    ncm_json_obj(j);
    cli_json_version_fields(j, item);
    ncm_json_end_obj(j);
}

static const struct cli_column version_columns[] = {
    {N_("VERSION"), true}, {N_("STAGE"), false},       {N_("ALIASES"), false},
    {N_("STATUS"), false}, {N_("CREATED"), false},     {N_("UPDATED"), false},
    {N_("RUN ID"), false}, {N_("DESCRIPTION"), false},
};

static void version_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_model_version *v = item;
    struct ncm_buf b;
    ncm_buf_init(&b, 64 * 1024);
    for (size_t i = 0; i < v->n_aliases; i++) {
        ncm_buf_printf(&b, "%s%s", i > 0 ? " " : "", ncm_cstr(v->aliases[i]));
    }
    cli_cell(cells, v->version);
    cli_cell(cells, v->stage_text);
    cli_cell(cells, (struct ncm_str){b.len > 0 ? b.p : NULL, b.len});
    ncm_buf_release(&b);
    cli_cell(cells, v->status);
    cli_cell_time(cells, v->creation_ms);
    cli_cell_time(cells, v->last_updated_ms);
    cli_cell(cells, v->run_id);
    cli_cell(cells, v->description);
}

bool cli_versions(struct cli *c, struct ncm_err *err)
{
    const struct ncm_model *m = cli_model(c, c->words[0], err);
    if (m == NULL) {
        return false;
    }
    struct cli_array array = {m->versions, sizeof *m->versions};
    struct cli_list l = {
        .columns = version_columns,
        .n_columns = 8,
        .n = m->n_versions,
        .ctx = &array,
        .at = cli_array_at,
        .json = version_json,
        .cells = version_cells,
        .nothing = _("no versions"),
    };
    return cli_print_list(c, &l, err);
}

/* ---- holders -------------------------------------------------------------------------------- */

static void holder_json(struct ncm_json *j, const void *item)
{
    const struct ncm_holder *h = item;
    ncm_json_obj(j);
    cli_json_str(j, "version", h->version);
    cli_json_time(j, "from", h->from_ms);
    cli_json_time(j, "until", h->until_ms);
    cli_json_str(j, "actor", h->actor);
    cli_json_str(j, "reason", h->reason);
    cli_json_str(j, "known_from", h->known_from);
    ncm_json_end_obj(j);
}

static const struct cli_column holder_columns[] = {
    {N_("VERSION"), true}, {N_("FROM"), false},   {N_("UNTIL"), false},
    {N_("ACTOR"), false},  {N_("REASON"), false}, {N_("KNOWN FROM"), false},
};

static void holder_cells(struct cli_cells *cells, const void *item)
{
    const struct ncm_holder *h = item;
    cli_cell(cells, h->version);
    cli_cell_time(cells, h->from_ms);
    cli_cell_time(cells, h->until_ms);
    cli_cell(cells, h->actor);
    cli_cell(cells, h->reason);
    cli_cell(cells, h->known_from);
}

bool cli_slot(const struct cli *c, char **slot, struct ncm_err *err)
{
    const char *stage = cli_value(c, "stage");
    const char *alias = cli_value(c, "alias");
    enum ncm_stage s = NCM_STAGE_PRODUCTION;
    if (stage != NULL && alias != NULL) {
        return ncm_fail(err, NCM_USAGE, _("--stage and --alias exclude each other"));
    }
    if (stage != NULL && !ncm_stage_of(stage, &s)) {
        ncm_fail(err, NCM_USAGE, _("there is no stage '%s'"), stage);
        return ncm_hint(err, "%s", "None, Staging, Production, Archived");
    }
    *slot = alias != NULL ? ncm_sprintf("@%s", alias) : ncm_strdup(ncm_stage_name(s));
    return true;
}

bool cli_holders(struct cli *c, struct ncm_err *err)
{
    char *slot;
    int64_t at;
    if (!cli_time(c, "at", &at, err) || !cli_slot(c, &slot, err)) {
        return false;
    }
    struct ncm_query *q = ncm_query_holders(c->words[0], slot);
    ncm_free(slot);
    q->at_ms = at;
    const struct ncm_holders_snapshot *s = cli_ask(c, q, err);
    if (s == NULL) {
        return false;
    }
    struct cli_array array = {s->items, sizeof *s->items};
    struct cli_list l = {
        .columns = holder_columns,
        .n_columns = 6,
        .n = s->n,
        .ctx = &array,
        .at = cli_array_at,
        .json = holder_json,
        .cells = holder_cells,
        .nothing = _("nobody is known to have held it"),
    };
    return cli_print_list(c, &l, err);
}
