#include "model/monitor.h"

#include "base/mem.h"

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_free(list[i]);
    }
    ncm_free(list);
}

static char **copy_list(char *const *list, size_t n)
{
    char **out = n > 0 ? ncm_alloc(n, sizeof *out) : NULL;
    for (size_t i = 0; i < n; i++) {
        out[i] = ncm_strdup(list[i]);
    }
    return out;
}

void ncm_monitor_copy(struct ncm_monitor *to, const struct ncm_monitor *from)
{
    *to = *from;
    to->model = ncm_strdup(from->model);
    to->name = ncm_strdup(from->name);
    to->current = ncm_strdup(from->current);
    to->source = ncm_strdup(from->source);
    to->reference = ncm_strdup(from->reference);
    to->reference_value = ncm_strdup(from->reference_value);
    to->time_column = ncm_strdup(from->time_column);
    to->version_column = ncm_strdup(from->version_column);
    to->current_version = ncm_strdup(from->current_version);
    to->method = ncm_strdup(from->method);
    to->columns = copy_list(from->columns, from->n_columns);
    to->ignore = copy_list(from->ignore, from->n_ignore);
    to->types = copy_list(from->types, from->n_types);
}

void ncm_monitor_release(struct ncm_monitor *m)
{
    ncm_free(m->model);
    ncm_free(m->name);
    ncm_free(m->current);
    ncm_free(m->source);
    ncm_free(m->reference);
    ncm_free(m->reference_value);
    ncm_free(m->time_column);
    ncm_free(m->version_column);
    ncm_free(m->current_version);
    ncm_free(m->method);
    free_list(m->columns, m->n_columns);
    free_list(m->ignore, m->n_ignore);
    free_list(m->types, m->n_types);
    *m = (struct ncm_monitor){0};
}
