/* For monitor_runs.py: writes points into a monitor's run, as a watcher does.
 *   monitor_points STORE MODEL MONITOR [RUN]     lines KEY<TAB>VALUE<TAB>TIMESTAMP<TAB>STEP to
 * standard input; prints the run's id */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "ops/monitor_run.h"

static char *field(char **line)
{
    char *at = *line;
    size_t n = strcspn(at, "\t\n");
    *line = at[n] == '\0' ? at + n : at + n + 1;
    at[n] = '\0';
    return at;
}

/* False where a line is none. */
static bool read_points(FILE *in, struct ncm_monitor_points *out)
{
    struct ncm_monitor_point *items = NULL;
    char *line = NULL;
    size_t size = 0, cap = 0;
    bool ok = true;
    while (ok && getline(&line, &size, in) > 0) {
        char *at = line;
        struct ncm_monitor_point p = {.key = ncm_strdup(field(&at))};
        ok = ncm_parse_double(field(&at), &p.value) && ncm_parse_i64(field(&at), &p.timestamp_ms) &&
             ncm_parse_i64(field(&at), &p.step);
        items = ncm_grow(items, out->n, &cap, sizeof *items);
        items[out->n++] = p;
    }
    free(line);
    out->items = items;
    return ok;
}

int main(int argc, char **argv)
{
    struct ncm_err err = {0};
    struct ncm_control control = {0};
    struct ncm_conn *conn;
    char run[64] = "";
    if (argc < 4) {
        return 2;
    }
    struct ncm_monitor_points points = {.model = argv[2], .monitor = argv[3], .user = "ann"};
    const struct ncm_place place = {.location = argv[1]};
    const struct ncm_provider *p = ncm_provider_for(argv[1]);
    snprintf(run, sizeof run, "%s", argc > 4 ? argv[4] : "");
    bool ok = read_points(stdin, &points) && p != NULL && p->open(&place, &conn, &control, &err);
    if (ok) {
        ok = ncm_monitor_run_write(p, conn, NULL, &points, run, &err);
        p->close(conn);
    }
    if (!ok) {
        fprintf(stderr, "%s %s %s\n", err.what, err.detail, err.hint);
        return 1;
    }
    puts(run);
    return 0;
}
