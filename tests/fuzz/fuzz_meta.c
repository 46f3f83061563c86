/* Any bytes as a meta.yaml of each kind: a record whose strings end within it, or one error that
 * names the file. Changing its keys leaves what can be read again, with the other keys as they
 * were. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/num.h"
#include "io/node.h"
#include "io/yaml_edit.h"
#include "provider/mlflow_files/meta.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(bool ok, const struct ncm_err *err)
{
    if (!ok &&
        (err->what[0] == '\0' || (err->code != NCM_INVALID_DATA && err->code != NCM_TOO_LARGE)))
        abort();
}

static void check_str(struct ncm_str s)
{
    if (s.p != NULL && s.p[s.len] != '\0')
        abort();
}

static void read_all(const char *p, size_t len)
{
    struct ncm_arena *a = ncm_arena_new();
    struct files_run_meta run;
    struct files_experiment_meta experiment;
    struct ncm_model model = {0};
    struct ncm_model_version version = {0};
    struct ncm_dataset_input dataset = {0};
    struct files_logged_meta logged;
    struct files_link_meta link;
    struct ncm_str storage = {0};
    struct ncm_err err;
    bool ok = files_meta_run("f", p, len, &run, &err);
    check(ok, &err);
    check_str(run.name);
    check_str(run.artifact_uri);
    if (ok != (run.text != NULL) || (ok && (run.id.p == NULL || run.experiment_id.p == NULL)))
        abort();
    ncm_free(run.text);
    ok = files_meta_experiment("f", p, len, &experiment, &err);
    check(ok, &err);
    check_str(experiment.name);
    ncm_free(experiment.text);
    check(files_meta_model("f", p, len, a, &model, &err), &err);
    check(files_meta_version("f", p, len, a, &version, &storage, &err), &err);
    check(files_meta_dataset("f", p, len, a, &dataset, &err), &err);
    check(files_meta_logged("f", p, len, a, &logged, &err), &err);
    check(files_meta_link("f", p, len, a, &link, &err), &err);
    ncm_arena_free(a);
}

static bool same(const struct ncm_node *a, const struct ncm_node *b)
{
    if (a->kind != b->kind || a->n != b->n)
        return false;
    if (a->kind == NCM_NODE_STR)
        return a->len == b->len && memcmp(a->str, b->str, a->len) == 0;
    for (size_t i = 0; i < a->n; i++)
        if (!same(&a->items[i], &b->items[i]))
            return false;
    return a->kind != NCM_NODE_INT || a->i == b->i;
}

static void edit(const char *p, size_t len)
{
    static const char *const pairs[] = {"prod", "1", "no", "2"};
    const struct ncm_yaml_edit edits[] = {
        {.key = "description", .what = NCM_YAML_TEXT, .text = "null: 'x'\n\ttwo"},
        {.key = "aliases", .what = NCM_YAML_TEXTS, .pairs = pairs, .n_pairs = 2},
        {.key = "time", .what = NCM_YAML_INT, .i = -5},
        {.key = "gone", .what = NCM_YAML_GONE},
    };
    struct ncm_doc *before, *after;
    struct ncm_buf out;
    struct ncm_err err;
    ncm_buf_init(&out, 1 << 24);
    if (ncm_yaml_edit("f", p, len, edits, 4, &out, &err) &&
        ncm_yaml_parse("f", p, len, &before, &err)) {
        if (!ncm_yaml_parse("f", out.p, out.len, &after, &err))
            abort();
        const struct ncm_node *old = ncm_doc_root(before), *new = ncm_doc_root(after);
        if (strcmp(ncm_node_str(new, "description", ""), edits[0].text) != 0 ||
            ncm_node_i64(new, "time", 0) != -5 || ncm_node_get(new, "gone") != NULL ||
            strcmp(ncm_node_str(ncm_node_get(new, "aliases"), "no", ""), "2") != 0)
            abort();
        for (size_t i = 0; i < old->n; i++) {
            const struct ncm_node *was = &old->items[i], *now = ncm_node_get(new, was->key);
            bool edited = strcmp(was->key, "description") == 0 || strcmp(was->key, "time") == 0 ||
                          strcmp(was->key, "aliases") == 0 || strcmp(was->key, "gone") == 0;
            if (!edited && (now == NULL || !same(was, now)))
                abort();
        }
        ncm_doc_free(before);
        ncm_doc_free(after);
    }
    ncm_buf_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    read_all((const char *)data, size);
    edit((const char *)data, size);
    return 0;
}
