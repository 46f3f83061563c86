/* Changes as one JSON patch of an object. It works on built-in kinds and on custom ones alike, names
 * places exactly, and begins with a test of the version of the object that the places were read
 * from. */
#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/kubernetes/apply_parts.h"
#include "provider/mark.h"

enum { PATCH_MOST = 4 << 20, NOTE_MOST = 8192 };

static void pointer(struct ncm_buf *out, const char *const *keys, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        ncm_buf_putc(out, '/');
        for (const char *s = keys[i]; *s != '\0'; s++) {
            if (*s == '~' || *s == '/') {
                ncm_buf_puts(out, *s == '~' ? "~0" : "~1");
            } else {
                ncm_buf_putc(out, *s);
            }
        }
    }
}

static void begin_op(struct k8s_patch *p, const char *op, const char *path)
{
    ncm_json_obj(&p->json);
    ncm_json_key(&p->json, "op");
    ncm_json_str(&p->json, op);
    ncm_json_key(&p->json, "path");
    ncm_json_str(&p->json, path);
}

static void end_op(struct k8s_patch *p)
{
    ncm_json_end_obj(&p->json);
}

static bool made_already(const struct k8s_patch *p, const char *path)
{
    for (size_t i = 0; i < p->n_made; i++) {
        if (strcmp(p->made[i], path) == 0) {
            return true;
        }
    }
    return false;
}

/* The maps above a path that are not there are made first. */
static void make_parents(struct k8s_patch *p, const char *const *keys, size_t n)
{
    const struct ncm_node *at = p->root;
    for (size_t i = 0; i + 1 < n; i++) {
        const char *one[] = {keys[i], NULL};
        at = k8s_down(at, one);
        bool there = at != NULL && at->kind != NCM_NODE_NULL;
        struct ncm_buf path;
        ncm_buf_init(&path, NOTE_MOST);
        pointer(&path, keys, i + 1);
        if (!there && !made_already(p, path.p) && p->n_made < sizeof p->made / sizeof *p->made) {
            begin_op(p, "add", path.p);
            ncm_json_key(&p->json, "value");
            ncm_json_obj(&p->json);
            ncm_json_end_obj(&p->json);
            end_op(p);
            p->made[p->n_made++] = ncm_strdup(path.p);
        }
        ncm_buf_release(&path);
    }
}

enum value_kind { TEXT, NUMBER, TRUTH, TREE };
struct value {
    enum value_kind kind;
    const char *text; /* NULL: the member is removed */
    const struct ncm_node *tree;
    bool truth;
};

static void write_tree(struct ncm_json *j, const struct ncm_node *n)
{
    switch (n->kind) {
    case NCM_NODE_NULL:
        ncm_json_null(j);
        return;
    case NCM_NODE_BOOL:
        ncm_json_bool(j, n->boolean);
        return;
    case NCM_NODE_INT:
        ncm_json_i64(j, n->i);
        return;
    case NCM_NODE_NUM:
        ncm_json_num(j, n->num);
        return;
    case NCM_NODE_STR:
        ncm_json_str_n(j, n->str, n->len);
        return;
    case NCM_NODE_LIST:
        ncm_json_arr(j);
        for (size_t i = 0; i < n->n; i++) {
            write_tree(j, &n->items[i]);
        }
        ncm_json_end_arr(j);
        return;
    case NCM_NODE_MAP:
        ncm_json_obj(j);
        for (size_t i = 0; i < n->n; i++) {
            if (strcmp(n->items[i].key, K8S_LABEL_HASH) != 0) {
                ncm_json_key(j, n->items[i].key);
                write_tree(j, &n->items[i]);
            }
        }
        ncm_json_end_obj(j);
        return;
    }
}

static void write_value(struct ncm_json *j, const struct value *v)
{
    double number;
    int64_t whole;
    switch (v->kind) {
    case TEXT:
        ncm_json_str(j, v->text);
        return;
    case NUMBER:
        if (ncm_parse_i64(v->text, &whole)) {
            ncm_json_i64(j, whole);
        } else {
            ncm_json_num(j, ncm_parse_double(v->text, &number) ? number : 0);
        }
        return;
    case TRUTH:
        ncm_json_bool(j, v->truth);
        return;
    case TREE:
        write_tree(j, v->tree);
        return;
    }
}

static void set(struct k8s_patch *p, const char *const *keys, const struct value *v)
{
    size_t n = 0;
    struct ncm_buf path;
    while (keys[n] != NULL) {
        n++;
    }
    const struct ncm_node *now = k8s_down(p->root, keys);
    bool removes = v->text == NULL && (v->kind == TEXT || v->kind == NUMBER);
    if (removes && now == NULL) {
        return;
    }
    make_parents(p, keys, n);
    ncm_buf_init(&path, NOTE_MOST);
    pointer(&path, keys, n);
    begin_op(p, removes ? "remove" : now != NULL ? "replace" : "add", path.p);
    if (!removes) {
        ncm_json_key(&p->json, "value");
        write_value(&p->json, v);
    }
    end_op(p);
    ncm_buf_release(&path);
}

#define SET(p, v, ...) set(p, (const char *const[]){__VA_ARGS__, NULL}, v)

void k8s_patch_begin(struct k8s_patch *p, const struct ncm_node *root)
{
    *p = (struct k8s_patch){.root = root};
    ncm_buf_init(&p->text, PATCH_MOST);
    ncm_json_init(&p->json, &p->text, false);
    ncm_json_arr(&p->json);
    begin_op(p, "test", "/metadata/resourceVersion");
    ncm_json_key(&p->json, "value");
    ncm_json_str(&p->json,
                 ncm_node_str(ncm_node_get(root, "metadata"), "resourceVersion", ""));
    end_op(p);
}

void k8s_patch_end(struct k8s_patch *p)
{
    ncm_json_end_arr(&p->json);
}

void k8s_patch_release(struct k8s_patch *p)
{
    for (size_t i = 0; i < p->n_made; i++) {
        ncm_free(p->made[i]);
    }
    ncm_buf_release(&p->text);
    *p = (struct k8s_patch){0};
}

/* ---- what each change sets ------------------------------------------------------------------- */

static void set_cause(struct k8s_patch *p, const char *cause)
{
    const struct value v = {.kind = TEXT, .text = cause};
    SET(p, &v, "metadata", "annotations", K8S_ANN_CAUSE);
}

static bool scale(struct k8s_patch *p, const struct k8s_target *t, const struct ncm_change *ch)
{
    const struct value v = {.kind = NUMBER, .text = ch->to};
    if (strcmp(t->resource->kind, "InferenceService") == 0) {
        SET(p, &v, "spec", "predictor", "minReplicas");
    } else if (strcmp(t->resource->kind, "HorizontalPodAutoscaler") == 0) {
        SET(p, &v, "spec", "minReplicas");
    } else {
        SET(p, &v, "spec", "replicas");
    }
    return true;
}

static bool pause(struct k8s_patch *p, const struct k8s_target *t, const struct ncm_change *ch)
{
    const struct value v = {.kind = TRUTH, .truth = strcmp(ch->to, "paused") == 0};
    bool job = strcmp(t->resource->plural, "jobs") == 0 ||
               strcmp(t->resource->plural, "cronjobs") == 0;
    SET(p, &v, "spec", job ? "suspend" : "paused");
    return true;
}

static bool restart(struct k8s_patch *p, const struct k8s_target *t, const struct ncm_change *ch)
{
    const struct value v = {.kind = TEXT, .text = ch->to};
    if (strcmp(t->resource->kind, "InferenceService") == 0) {
        SET(p, &v, "spec", "predictor", "annotations", K8S_ANN_RESTART);
    } else {
        SET(p, &v, "spec", "template", "metadata", "annotations", K8S_ANN_RESTART);
    }
    return true;
}

static bool rollback(struct k8s_patch *p, struct k8s_client *c, const struct k8s_target *t,
                     const struct ncm_change *ch, const struct ncm_control *control,
                     struct ncm_err *err)
{
    struct ncm_doc *doc;
    const struct ncm_node *paused = ncm_node_get(ncm_node_get(p->root, "spec"), "paused");
    if (paused != NULL && paused->kind == NCM_NODE_BOOL && paused->boolean) {
        return ncm_fail(err, NCM_REFUSED, _("%s is paused: a rollback would not roll out"),
                        t->name);
    }
    if (!k8s_revision_get(c, t, p->root, ch->to, control, &doc, err)) {
        return false;
    }
    const struct ncm_node *rs = ncm_doc_root(doc);
    const struct ncm_node *template = ncm_node_get(ncm_node_get(rs, "spec"), "template");
    bool ok = template != NULL && template->kind == NCM_NODE_MAP;
    if (ok) {
        const struct value v = {.kind = TREE, .tree = template};
        SET(p, &v, "spec", "template");
        const char *cause[] = {"metadata", "annotations", K8S_ANN_CAUSE, NULL};
        const struct ncm_node *why = k8s_down(rs, cause);
        set_cause(p, why != NULL && why->kind == NCM_NODE_STR ? why->str : NULL);
    } else {
        ncm_fail(err, NCM_INVALID_DATA, _("the revision %s has no template"), ch->to);
    }
    ncm_doc_free(doc);
    return ok;
}

static bool set_place(struct k8s_patch *p, const struct k8s_target *t, const struct ncm_change *ch,
                      struct ncm_err *err)
{
    struct k8s_place place;
    struct k8s_path path;
    const struct value v = {.kind = TEXT, .text = ch->to};
    if (ch->key == NULL || !k8s_place_of(ch->key, &place) ||
        !k8s_place_path(t, p->root, &place, &path)) {
        return ncm_fail(err, NCM_NOT_FOUND, _("%s has no '%s' any more"), t->name,
                        ch->key != NULL ? ch->key : "");
    }
    set(p, path.keys, &v);
    /* A history that names causes would go on naming the old one. */
    const char *cause[] = {"metadata", "annotations", K8S_ANN_CAUSE, NULL};
    if (place.kind != K8S_PLACE_LABEL && place.kind != K8S_PLACE_OWN_LABEL &&
        k8s_down(p->root, cause) != NULL && !p->caused) {
        set_cause(p, ch->to);
        p->caused = true;
    }
    return true;
}

bool k8s_patch_change(struct k8s_patch *p, struct k8s_client *c, const struct k8s_target *t,
                      const struct ncm_change *ch, const struct ncm_control *control,
                      struct ncm_err *err)
{
    const struct value number = {.kind = NUMBER, .text = ch->to};
    const struct value text = {.kind = TEXT, .text = ch->to};
    switch (ch->kind) {
    case NCM_CH_DEPLOY_SCALE:
        return scale(p, t, ch);
    case NCM_CH_DEPLOY_PAUSE:
        return pause(p, t, ch);
    case NCM_CH_DEPLOY_RESTART:
        return restart(p, t, ch);
    case NCM_CH_DEPLOY_REVISION:
        return rollback(p, c, t, ch, control, err);
    case NCM_CH_DEPLOY_VERSION:
        return set_place(p, t, ch, err);
    case NCM_CH_DEPLOY_TRAFFIC:
        SET(p, &number, "spec", "predictor", "canaryTrafficPercent");
        return true;
    default:
        if (strcmp(t->resource->kind, "Service") != 0 || ch->key == NULL) {
            return ncm_fail(err, NCM_UNSUPPORTED, _("only a Service's selector is switched"));
        }
        SET(p, &text, "spec", "selector", ch->key);
        return true;
    }
}

void k8s_patch_mark(struct k8s_patch *p, const struct ncm_mark *mark, int64_t time_ms,
                    const struct ncm_change *ch)
{
    struct ncm_buf note;
    struct ncm_json j;
    ncm_buf_init(&note, NOTE_MOST);
    ncm_json_init(&j, &note, false);
    ncm_json_obj(&j);
    const char *const fields[][2] = {{"id", mark->audit_id}, {"actor", mark->actor}};
    for (size_t i = 0; i < 2; i++) {
        ncm_json_key(&j, fields[i][0]);
        ncm_json_str(&j, fields[i][1]);
    }
    ncm_json_key(&j, "time");
    ncm_json_i64(&j, time_ms);
    const char *const more[][2] = {{"what", ncm_change_word(ch->kind)},
                                   {"from", ch->from},
                                   {"to", ch->to},
                                   {"reason", mark->reason}};
    for (size_t i = 0; i < sizeof more / sizeof *more; i++) {
        ncm_json_key(&j, more[i][0]);
        ncm_json_str(&j, more[i][1]);
    }
    ncm_json_end_obj(&j);
    const struct value v = {.kind = TEXT, .text = note.p};
    if (!note.full) {
        SET(p, &v, "metadata", "annotations", NCM_MARK_DEPLOY);
    }
    ncm_buf_release(&note);
}
