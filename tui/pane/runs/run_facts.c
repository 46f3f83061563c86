/* What there is to say about a run, as rows. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

static const struct ncm_str none = {NULL, 0};

static void fact_tag(struct pairs *p, const struct ncm_run *r, const char *label, const char *tag)
{
    const struct ncm_kv *kv = ncm_run_tag(r, tag);
    if (kv != NULL && kv->value.len > 0)
        pairs_add(p, label, kv->value, ROLE_TEXT);
}

static void facts_time(struct pairs *p, const struct ncm_run *r)
{
    char text[128], age[64];
    int64_t now = ncm_now_ms();
    if (r->start_ms != NCM_NO_TIME) {
        ncm_fmt_time(text, sizeof text, r->start_ms, true);
        join_fact(text, sizeof text,
                  ncm_fmt_age(age, sizeof age, ncm_ms_between(r->start_ms, now)));
        pairs_text(p, _("started"), text, ROLE_TEXT);
    }
    if (r->end_ms != NCM_NO_TIME)
        pairs_text(p, _("ended"), ncm_fmt_time(text, sizeof text, r->end_ms, true), ROLE_TEXT);
    if (r->start_ms == NCM_NO_TIME)
        return;
    if (r->end_ms == NCM_NO_TIME && r->status != NCM_RUN_RUNNING)
        return;
    bool skewed = r->end_ms != NCM_NO_TIME && r->end_ms < r->start_ms;
    if (r->end_ms == NCM_NO_TIME)
        ncm_fmt_age(text, sizeof text, ncm_ms_between(r->start_ms, now));
    else
        ncm_fmt_duration(text, sizeof text, ncm_ms_between(r->start_ms, r->end_ms));
    if (skewed)
        join_fact(text, sizeof text, _("ended before it started: check the clocks"));
    pairs_text(p, _("duration"), text, skewed ? ROLE_WARN : ROLE_TEXT);
}

/* What the model that came of it is fed with now, where it serves. */
static void facts_drift(struct pairs *p, const struct run_facts_input *in)
{
    const struct ncm_run *r = in->run;
    for (size_t i = 0; i < r->n_versions; i++) {
        char text[256];
        const struct ncm_version_ref *v = &r->versions[i];
        bool serves = ncm_str_is(v->stage, "Production") || ncm_str_is(v->stage, "Staging");
        enum role role = common_drift_text(in->drift, v->model, text, sizeof text);
        if (serves && text[0] != '\0') {
            pairs_text(p, _("drift now"), text, role);
            return;
        }
    }
}

static void facts_versions(struct pairs *p, const struct ncm_run *r)
{
    for (size_t i = 0; i < r->n_versions; i++) {
        char model[160], version[40], stage[40], text[256];
        const struct ncm_version_ref *v = &r->versions[i];
        bool staged = v->stage.p != NULL && !ncm_str_is(v->stage, "None");
        snprintf(text, sizeof text, "%s v%s%s%s", clean_text(v->model, model, sizeof model),
                 clean_text(v->version, version, sizeof version), staged ? " " : "",
                 staged ? clean_text(v->stage, stage, sizeof stage) : "");
        pairs_link(pairs_text(p, i == 0 ? _("registered") : NULL, text, ROLE_LINK), OBJ_VERSION,
                   v->model, v->version);
    }
}

static void facts_family(struct pairs *p, const struct run_facts_input *in)
{
    const struct ncm_run *r = in->run;
    char label[200];
    if (r->parent_id.p != NULL && r->parent_id.len > 0) {
        if (in->parent != NULL)
            run_label(in->parent, label, sizeof label);
        else
            clean_text(r->parent_id, label, sizeof label);
        pairs_link(pairs_text(p, _("parent"), label, ROLE_LINK), OBJ_RUN, r->parent_id, none);
    }
    const struct ncm_runs_snapshot *s = in->children;
    for (size_t i = 0; s != NULL && i < s->n; i++) {
        const struct ncm_run *child = ncm_runs_at(s, i);
        if (child == NULL)
            continue;
        char status[64], text[300];
        status_text(child, status, sizeof status);
        snprintf(text, sizeof text, "%s  %s", run_label(child, label, sizeof label), status);
        pairs_link(pairs_text(p, i == 0 ? _("children") : NULL, text, ROLE_LINK), OBJ_RUN,
                   child->id, none);
    }
    if (s != NULL && s->total > (int64_t)s->n) {
        char n[32], text[96];
        snprintf(text, sizeof text, _("… and %s more"),
                 ncm_fmt_count(n, sizeof n, s->total - (int64_t)s->n));
        pairs_text(p, NULL, text, ROLE_DIM);
    }
}

static void facts_inputs(struct pairs *p, const struct ncm_run *r)
{
    if (r->n_inputs > 0)
        pairs_head(p, _("Data it used"));
    for (size_t i = 0; i < r->n_inputs; i++) {
        const struct ncm_dataset_input *d = &r->inputs[i];
        char name[200], digest[80], text[400];
        snprintf(text, sizeof text, "%s", clean_text(d->name, name, sizeof name));
        join_fact(text, sizeof text, clean_text(d->digest, digest, sizeof digest));
        pairs_add(p, d->context.p != NULL ? ncm_cstr(d->context) : _("dataset"),
                  (struct ncm_str){text, strlen(text)}, ROLE_TEXT);
        if (d->source.len > 0)
            pairs_add(p, NULL, d->source, ROLE_DIM);
    }
}

static void facts_note(struct pairs *p, const struct ncm_run *r)
{
    const struct ncm_kv *note = ncm_run_tag(r, "mlflow.note.content");
    if (note == NULL || note->value.p == NULL || note->value.len == 0)
        return;
    const char *at = note->value.p, *end = at + note->value.len;
    pairs_head(p, _("Note"));
    for (int line = 0; at < end && line < 200; line++) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t len = (size_t)((stop != NULL ? stop : end) - at);
        pairs_add(p, "", (struct ncm_str){at, len}, ROLE_TEXT);
        at += len + 1;
    }
}

static void fact_list(struct pairs *p, const char *label, const struct ncm_str *items, size_t n)
{
    for (size_t i = 0; i < n; i++)
        pairs_add(p, i == 0 ? label : NULL, items[i], ROLE_TEXT);
}

static void fact_str(struct pairs *p, const char *label, struct ncm_str value)
{
    if (value.p != NULL && value.len > 0)
        pairs_add(p, label, value, ROLE_TEXT);
}

static void facts_models(struct pairs *p, const struct run_facts_input *in)
{
    const struct ncm_run *r = in->run;
    const struct ncm_model_facts *f = in->model;
    bool known = f != NULL && f->path.p != NULL;
    if (r->n_logged_models > 0 || known)
        pairs_head(p, _("Models it logged"));
    for (size_t i = 0; i < r->n_logged_models; i++) {
        const struct ncm_logged_model *m = &r->logged_models[i];
        char name[200], type[80], status[80], text[400];
        snprintf(text, sizeof text, "%s", clean_text(m->name, name, sizeof name));
        join_fact(text, sizeof text, clean_text(m->model_type, type, sizeof type));
        join_fact(text, sizeof text, clean_text(m->status, status, sizeof status));
        pairs_text(p, _("model"), text, ROLE_TEXT);
    }
    if (!known)
        return;
    fact_str(p, _("flavors"), f->flavors);
    fact_str(p, _("made with"), f->mlflow_version);
    fact_str(p, _("Python"), f->python_version);
    fact_str(p, _("size"), f->size);
    fact_list(p, _("inputs"), f->inputs, f->n_inputs);
    fact_list(p, _("outputs"), f->outputs, f->n_outputs);
}

static void facts_source(struct pairs *p, const struct ncm_run *r)
{
    fact_tag(p, r, _("source"), "mlflow.source.name");
    fact_tag(p, r, _("git commit"), "mlflow.source.git.commit");
    fact_tag(p, r, _("git branch"), "mlflow.source.git.branch");
    fact_str(p, _("artifacts"), r->artifact_uri);
}

void run_facts_fill(struct pairs *p, const struct run_facts_input *in)
{
    const struct ncm_run *r = in->run;
    char text[64];
    pairs_clear(p);
    enum role role = status_text(r, text, sizeof text);
    pairs_text(p, _("status"), text, role);
    if (r->lifecycle == NCM_DELETED)
        pairs_text(p, "", _("deleted; `:restore` brings it back"), ROLE_WARN);
    facts_versions(p, r);
    facts_drift(p, in);
    facts_time(p, r);
    fact_str(p, _("user"), r->user);
    pairs_add(p, _("run id"), r->id, ROLE_TEXT);
    struct pair_row *e =
        pairs_add(p, _("experiment"),
                  in->experiment != NULL ? in->experiment->name : r->experiment_id, ROLE_LINK);
    pairs_link(e, OBJ_EXPERIMENT, r->experiment_id, none);
    facts_source(p, r);
    facts_family(p, in);
    facts_note(p, r);
    facts_models(p, in);
    facts_inputs(p, r);
}
