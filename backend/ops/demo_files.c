/* Artifacts of the demo: small text files where a run and a logged model keep theirs. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/demo_parts.h"

/* Writes and empties the text. */
static void save(struct ncm_demo *d, const char *folder, const char *name, struct ncm_buf *text)
{
    if (d->ok) {
        char *path = ncm_path_join(folder, name);
        d->ok = ncm_file_write(path, text->p, text->len, 0644, d->err);
        ncm_free(path);
    }
    ncm_buf_clear(text);
}

static void make_folder(struct ncm_demo *d, const char *folder)
{
    if (d->ok) {
        d->ok = ncm_dir_make(folder, 0755, d->err);
    }
}

/* The n-th "name:type" of the columns; false past the end. */
static bool column(const struct ncm_demo_experiment *e, size_t n, char *name, char *type)
{
    const char *p = e->columns;
    for (; n > 0; n--) {
        p = strchr(p, '|');
        if (p == NULL) {
            return false;
        }
        p++;
    }
    size_t len = strcspn(p, ":"), rest = strcspn(p + len + 1, "|");
    snprintf(name, 64, "%.*s", (int)len, p);
    snprintf(type, 32, "%.*s", (int)rest, p + len + 1);
    return true;
}

static void add_signature(struct ncm_buf *b, const struct ncm_demo_experiment *e)
{
    char name[64], type[32];
    ncm_buf_puts(b, "signature:\n  inputs: '[");
    for (size_t i = 0; column(e, i, name, type) && strcmp(name, "label") != 0; i++) {
        if (strcmp(type, "tensor") == 0) {
            ncm_buf_puts(b, "{\"type\": \"tensor\", \"tensor-spec\": {\"dtype\": \"float32\", "
                            "\"shape\": [-1, 3, 288, 288]}}");
            break; /* tensors and columns do not mix */
        }
        ncm_buf_printf(b, "%s{\"type\": \"%s\", \"name\": \"%s\", \"required\": true}",
                       i > 0 ? ", " : "", type, name);
    }
    ncm_buf_puts(b, "]'\n  outputs: '[{\"type\": \"double\", \"name\": \"score\", \"required\": "
                    "true}]'\n  params: null\n");
}

static void mlmodel(struct ncm_buf *b, const struct ncm_demo_run *r, const char *model_id,
                    const char *folder, int64_t time_ms)
{
    const struct ncm_demo_experiment *e = r->experiment;
    char when[40];
    ncm_fmt_iso(when, sizeof when, time_ms);
    when[10] = ' '; /* "2026-11-21 14:03:22.123" */
    when[strlen(when) - 1] = '\0';
    ncm_buf_printf(b,
                   "artifact_path: %s\nflavors:\n  python_function:\n    env:\n"
                   "      conda: conda.yaml\n      virtualenv: python_env.yaml\n"
                   "    loader_module: mlflow.%s\n    python_version: 3.11.7\n  %s:\n"
                   "    code: null\n    data: model.json\nmlflow_version: 3.17.2\nmodel_id: %s\n"
                   "model_size_bytes: %d\nmodel_uuid: %s\nprompts: null\nrun_id: %s\n",
                   folder, e->flavor, e->flavor, model_id,
                   40000 + (int)(ncm_demo_hash(r->id) % 9000000), model_id, r->id);
    add_signature(b, e);
    ncm_buf_printf(b, "utc_time_created: '%s'\n", when);
}

void ncm_demo_model_files(struct ncm_demo *d, const struct ncm_demo_run *r, const char *model_id,
                          const char *folder, int64_t time_ms)
{
    struct ncm_buf b;
    char line[64];
    ncm_buf_init(&b, 65536);
    make_folder(d, folder);
    mlmodel(&b, r, model_id, folder, time_ms);
    save(d, folder, "MLmodel", &b);

    ncm_buf_puts(&b, "mlflow==3.17.2\n");
    for (uint64_t i = 0; i < 3; i++) {
        ncm_demo_pick(r->experiment->requirements, i, line, sizeof line);
        ncm_buf_printf(&b, "%s\n", line);
    }
    save(d, folder, "requirements.txt", &b);
    ncm_buf_puts(&b, "python: 3.11.7\nbuild_dependencies:\n- pip==25.3\n- setuptools\n- wheel\n"
                     "dependencies:\n- -r requirements.txt\n");
    save(d, folder, "python_env.yaml", &b);
    ncm_buf_puts(&b, "{\"format\": \"demo\", \"weights\": [");
    for (uint64_t i = 0; i < 64; i++) {
        ncm_buf_printf(&b, "%s%.6f", i > 0 ? ", " : "",
                       ncm_demo_normal(ncm_demo_mix(ncm_demo_hash(r->id), i, 21)));
    }
    ncm_buf_puts(&b, "]}\n");
    save(d, folder, "model.json", &b);
    ncm_buf_release(&b);
}

static void add_log(struct ncm_buf *b, const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    char when[40];
    for (int s = 0; s < r->steps; s++) {
        ncm_fmt_iso(when, sizeof when,
                    r->start_ms + (r->end_ms - r->start_ms) * (s + 1) / (r->steps + 1));
        ncm_buf_printf(b, "%s step %d/%d %s=%.5f\n", when, s + 1, e->steps, e->metrics[0].key,
                       ncm_demo_value(r, 0, s, e->steps));
    }
    ncm_buf_puts(b, "saved model.json\n");
}

void ncm_demo_run_files(struct ncm_demo *d, const struct ncm_demo_run *r)
{
    const struct ncm_demo_experiment *e = r->experiment;
    struct ncm_buf b;
    char name[64], type[32];
    uint64_t seed = ncm_demo_hash(r->id);
    char *folder = ncm_sprintf("%s/mlruns/%d/%s/artifacts", d->root, r->experiment_id, r->id);
    char *report = ncm_path_join(folder, "report");
    ncm_buf_init(&b, 262144);
    make_folder(d, report);
    add_log(&b, r);
    save(d, folder, "train.log", &b);

    ncm_buf_printf(&b,
                   "{\n  \"dataset\": \"%s\",\n  \"rows\": %d,\n  \"confusion\": [[%d, %d], "
                   "[%d, %d]]\n}\n",
                   e->dataset, (int)(200000 + seed % 900000), (int)(90000 + seed % 5000),
                   (int)(seed % 900), (int)(seed % 300), (int)(2000 + seed % 700));
    save(d, report, "evaluation.json", &b);
    ncm_buf_puts(&b, "feature,importance\n");
    for (size_t i = 0; column(e, i, name, type); i++) {
        ncm_buf_printf(&b, "%s,%.4f\n", name,
                       ncm_demo_uniform(ncm_demo_mix(seed, i, 22)) / (double)(i + 1));
    }
    save(d, report, "importance.csv", &b);
    ncm_buf_release(&b);
    ncm_free(report);
    ncm_free(folder);
}
