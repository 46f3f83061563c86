/* Building plans: lines, changes with what is there now, look-ups. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/i18n.h"
#include "ops/parts.h"

struct ncm_intent *ncm_intent_new(enum ncm_intent_kind kind)
{
    struct ncm_intent *i = ncm_alloc(1, sizeof *i);
    i->kind = kind;
    return i;
}

void ncm_intent_free(struct ncm_intent *i)
{
    if (i == NULL) {
        return;
    }
    for (size_t k = 0; k < i->n_objects; k++) {
        ncm_free(i->objects[k]);
    }
    ncm_free(i->objects);
    ncm_free(i->model);
    ncm_free(i->version);
    ncm_free(i->key);
    ncm_free(i->to);
    ncm_free(i->expect);
    ncm_free(i->reason);
    ncm_free(i->heed);
    ncm_free(i);
}

void ncm_intent_add_object(struct ncm_intent *i, const char *id)
{
    for (size_t k = 0; k < i->n_objects; k++) {
        if (strcmp(i->objects[k], id) == 0) {
            return;
        }
    }
    i->objects = ncm_resize(i->objects, i->n_objects + 1, sizeof *i->objects);
    i->objects[i->n_objects++] = ncm_strdup(id);
}

void ncm_intent_set(char **field, const char *value)
{
    char *copy = ncm_strdup(value);
    ncm_free(*field);
    *field = copy;
}

void ncm_plan_free(struct ncm_plan *p)
{
    if (p == NULL) {
        return;
    }
    ncm_intent_free(p->intent);
    ncm_changes_release(&p->changes);
    for (size_t i = 0; i < p->n_lines; i++) {
        ncm_free(p->lines[i].subject);
        ncm_free(p->lines[i].what);
        ncm_free(p->lines[i].from);
        ncm_free(p->lines[i].to);
    }
    ncm_free(p->lines);
    ncm_free(p->title);
    ncm_free(p->subject);
    ncm_free(p->from);
    ncm_free(p->to);
    ncm_free(p->confirm_name);
    ncm_free(p->undoes);
    ncm_free(p->audit_id);
    ncm_free(p->side);
    ncm_plan_sides_release(p);
    ncm_free(p);
}

void ncm_plan_line(struct ncm_plan *p, enum ncm_plan_tone tone, const char *subject,
                   const char *what, const char *from, const char *to)
{
    p->lines = ncm_grow(p->lines, p->n_lines, &p->cap_lines, sizeof *p->lines);
    p->lines[p->n_lines++] = (struct ncm_plan_line){
        .tone = tone,
        .subject = ncm_strdup(subject),
        .what = ncm_strdup(what),
        .from = ncm_strdup(from),
        .to = ncm_strdup(to),
    };
}

static void sentence(struct ncm_plan *p, enum ncm_plan_tone tone, const char *fmt, va_list ap)
    __attribute__((format(printf, 3, 0)));
static void sentence(struct ncm_plan *p, enum ncm_plan_tone tone, const char *fmt, va_list ap)
{
    char text[1024];
    vsnprintf(text, sizeof text, fmt, ap);
    ncm_plan_line(p, tone, NULL, text, NULL, NULL);
}

void ncm_plan_warn(struct ncm_plan *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    sentence(p, NCM_TONE_WARN, fmt, ap);
    va_end(ap);
}

void ncm_plan_note(struct ncm_plan *p, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    sentence(p, NCM_TONE_NOTE, fmt, ap);
    va_end(ap);
}

bool ncm_planner_add(struct ncm_planner *p, enum ncm_change_kind kind, const char *object,
                     const char *version, const char *key, const char *to, const char **from,
                     struct ncm_err *err)
{
    struct ncm_change *ch =
        ncm_changes_add(&p->plan->changes, kind, object, version, key, NULL, to);
    char *now = NULL;
    if (!p->ctx->provider->present(p->conn, ch, &now, err)) {
        return false;
    }
    ncm_free(ch->from);
    ch->from = now;
    if (from != NULL) {
        *from = now;
    }
    return true;
}

static bool load_models(struct ncm_planner *p, struct ncm_err *err)
{
    const void *got;
    if (p->models != NULL) {
        return true;
    }
    struct ncm_query *q = ncm_query_new(NCM_T_MODELS);
    bool ok = ncm_fetch_now(p->ctx, q, &got, err);
    ncm_query_free(q);
    p->models = ok ? got : NULL;
    return ok;
}

bool ncm_planner_model(struct ncm_planner *p, const char *name, const struct ncm_model **out,
                       struct ncm_err *err)
{
    *out = NULL;
    if (name == NULL || name[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("a model must be named"));
    }
    if (!load_models(p, err)) {
        return false;
    }
    *out = ncm_models_find(p->models, name);
    return *out != NULL || ncm_fail(err, NCM_NOT_FOUND, _("there is no model '%s'"), name);
}

bool ncm_planner_version(struct ncm_planner *p, const char *name, const char *version,
                         const struct ncm_model **model, const struct ncm_model_version **out,
                         struct ncm_err *err)
{
    *out = NULL;
    if (!ncm_planner_model(p, name, model, err)) {
        return false;
    }
    if (version == NULL || version[0] == '\0') {
        return ncm_fail(err, NCM_USAGE, _("a version of '%s' must be named"), name);
    }
    *out = ncm_model_version(*model, version);
    return *out != NULL ||
           ncm_fail(err, NCM_NOT_FOUND, _("model '%s' has no version %s"), name, version);
}

char *ncm_plan_tag_text(const char *key, const char *value)
{
    return value != NULL ? ncm_sprintf("%s=%s", key, value) : NULL;
}

char *ncm_plan_slot_text(const char *sign, const char *slot, const char *version)
{
    return version != NULL ? ncm_sprintf("%s%s v%s", sign, slot, version) : NULL;
}
