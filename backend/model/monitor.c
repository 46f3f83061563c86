#include "model/monitor.h"

#include "base/mem.h"

static void free_list(char **list, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_free(list[i]);
    }
    ncm_free(list);
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
