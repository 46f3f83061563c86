/* Carrying changes out: everything is compared first, then one patch an object, guarded by the
 * version it was read at. What failed on the way is taken back. */
#include "provider/kubernetes/apply.h"

#include <string.h>

#include "base/i18n.h"
#include "base/num.h"
#include "provider/kubernetes/apply_parts.h"
#include "provider/mark.h"

/* How often an object may move under our hands, with what is compared staying the same. */
enum { TRIES = 4 };

/* Several places of one object are one patch: two would be two rollouts. */
struct k8s_group k8s_group_at(const struct ncm_changes *c, size_t first)
{
    struct k8s_group g = {first, first + 1};
    const struct ncm_change *a = &c->items[first];
    while (g.last < c->n) {
        const struct ncm_change *b = &c->items[g.last];
        if (a->kind != b->kind || !ncm_change_same(a->object, b->object) ||
            !ncm_change_same(a->version, b->version)) {
            break;
        }
        g.last++;
    }
    return g;
}

static bool compare(struct k8s_client *c, const struct k8s_target *t, const struct ncm_node *root,
                    const struct ncm_change *ch, const struct ncm_control *control,
                    struct ncm_err *err)
{
    char *now;
    if (ch->any_from) {
        return true;
    }
    if (!k8s_present_in(c, t, root, ch, control, &now, err)) {
        return false;
    }
    bool same = ncm_change_same(now, ch->from) || ncm_change_conflict(ch, now, err);
    ncm_free(now);
    return same;
}

static bool compare_group(struct k8s_client *c, const struct k8s_target *t,
                          const struct ncm_node *root, const struct ncm_changes *changes,
                          struct k8s_group g, const struct ncm_control *control,
                          struct ncm_err *err)
{
    for (size_t i = g.first; i < g.last; i++) {
        if (!compare(c, t, root, &changes->items[i], control, err)) {
            return false;
        }
    }
    return true;
}

static bool send(struct k8s_client *c, const char *path, bool scale, const char *body, bool dry,
                 const struct ncm_control *control, struct ncm_err *err)
{
    char *whole = ncm_sprintf("%s%s?fieldManager=ncmlops%s", path, scale ? "/scale" : "",
                              dry ? "&dryRun=All" : "");
    const struct k8s_call call = {.method = NCM_HTTP_PATCH,
                                  .path = whole,
                                  .body = body,
                                  .type = K8S_JSONPATCH,
                                  .control = control};
    struct ncm_doc *doc = NULL;
    bool ok = k8s_call(c, &call, &doc, err);
    ncm_doc_free(doc);
    ncm_free(whole);
    return ok;
}

/* Who may only scale has no place for a note. */
static bool send_scale(struct k8s_client *c, const struct k8s_target *t,
                       const struct ncm_node *root, const struct ncm_change *ch, bool dry,
                       const struct ncm_control *control, struct ncm_err *err)
{
    struct k8s_patch p;
    k8s_patch_begin(&p, root);
    bool ok = k8s_patch_change(&p, c, t, ch, control, err);
    k8s_patch_end(&p);
    ok = ok && send(c, t->path, true, p.text.p, dry, control, err);
    k8s_patch_release(&p);
    return ok;
}

static bool send_once(struct k8s_client *c, const struct k8s_target *t, const struct ncm_node *root,
                      const struct ncm_changes *changes, struct k8s_group g,
                      const struct ncm_mark *mark, bool dry, const struct ncm_control *control,
                      bool *sent, struct ncm_err *err)
{
    struct k8s_patch p;
    const struct ncm_change *first = &changes->items[g.first];
    bool ok = true;
    k8s_patch_begin(&p, root);
    for (size_t i = g.first; ok && i < g.last; i++) {
        ok = k8s_patch_change(&p, c, t, &changes->items[i], control, err);
    }
    if (mark != NULL) {
        k8s_patch_mark(&p, mark, ncm_now_ms(), first);
    }
    k8s_patch_end(&p);
    if (ok && p.text.full) {
        ok = ncm_fail(err, NCM_TOO_LARGE, _("the change of %s is too large"), t->name);
    } else if (ok) {
        *sent = true;
        ok = send(c, t->path, false, p.text.p, dry, control, err);
        if (!ok && err->code == NCM_FORBIDDEN && first->kind == NCM_CH_DEPLOY_SCALE &&
            strcmp(t->resource->group, "apps") == 0) {
            ok = send_scale(c, t, root, first, dry, control, err);
        }
    }
    k8s_patch_release(&p);
    return ok;
}

/* Whether the object is another version now than the one that was read. */
static bool has_moved(struct k8s_client *c, const struct k8s_target *t, const struct ncm_node *root,
                      const struct ncm_control *control)
{
    struct ncm_doc *now;
    struct ncm_err ignored;
    if (!k8s_target_get(c, t, control, &now, &ignored)) {
        return false;
    }
    const char *before = ncm_node_str(ncm_node_get(root, "metadata"), "resourceVersion", "");
    const char *after =
        ncm_node_str(ncm_node_get(ncm_doc_root(now), "metadata"), "resourceVersion", "");
    bool moved = strcmp(before, after) != 0;
    ncm_doc_free(now);
    return moved;
}

bool k8s_group_send(struct k8s_client *c, const struct ncm_changes *changes, struct k8s_group g,
                    const struct ncm_mark *mark, bool dry, const struct ncm_control *control,
                    bool *sent, struct ncm_err *err)
{
    struct k8s_target t;
    *sent = false;
    if (!k8s_target_of(&changes->items[g.first], &t, err)) {
        return false;
    }
    bool ok = false, again = true;
    for (int i = 0; again && i < TRIES; i++) {
        struct ncm_doc *doc;
        again = false;
        if (!k8s_target_get(c, &t, control, &doc, err)) {
            break;
        }
        const struct ncm_node *root = ncm_doc_root(doc);
        bool left = false;
        ok = compare_group(c, &t, root, changes, g, control, err) &&
             send_once(c, &t, root, changes, g, mark, dry, control, &left, err);
        /* A test that fails is refused like any other mistake: only a look tells. */
        again = !ok && left && (err->code == NCM_CONFLICT || err->code == NCM_REFUSED) &&
                has_moved(c, &t, root, control);
        *sent = left;
        ncm_doc_free(doc);
    }
    k8s_target_release(&t);
    return ok;
}

/* ---- all of them ----------------------------------------------------------------------------- */

/* Errors after which a patch may have been taken, or may still be. */
static bool is_doubtful(const struct ncm_err *err)
{
    bool cut = err->code == NCM_UNREACHABLE || err->code == NCM_TIMEOUT ||
               err->code == NCM_CANCELLED || err->code == NCM_TLS;
    return cut && strncmp(err->detail, "not sent", 8) != 0;
}

/* Whether the object carries the note of this change: the answer was lost, the change was not. */
static bool is_noted(struct k8s_client *c, const struct ncm_change *ch, const struct ncm_mark *mark)
{
    static char key[] = NCM_MARK_DEPLOY;
    struct ncm_change ask = *ch;
    struct ncm_err ignored;
    char *id = NULL;
    ask.key = key;
    bool noted = mark != NULL && k8s_change_present(c, &ask, &id, &ignored) && id != NULL &&
                 strcmp(id, mark->audit_id) == 0;
    ncm_free(id);
    return noted;
}

static bool compare_all(struct k8s_client *c, const struct ncm_changes *changes,
                        const struct ncm_control *control, struct ncm_err *err)
{
    for (size_t i = 0; i < changes->n;) {
        struct k8s_group g = k8s_group_at(changes, i);
        struct k8s_target t;
        struct ncm_doc *doc = NULL;
        if (!k8s_target_of(&changes->items[i], &t, err)) {
            return false;
        }
        bool ok = k8s_target_get(c, &t, control, &doc, err) &&
                  compare_group(c, &t, ncm_doc_root(doc), changes, g, control, err);
        ncm_doc_free(doc);
        k8s_target_release(&t);
        if (!ok) {
            return false;
        }
        i = g.last;
    }
    return true;
}

/* Takes the first `done` changes back; what that leaves is named in *err's hint. */
static void take_back(struct k8s_client *c, const struct ncm_changes *changes, size_t done,
                      struct ncm_receipt *receipt, struct ncm_err *err)
{
    struct ncm_changes some = {changes->items, done, done}, back;
    struct ncm_err why;
    bool ok = done == 0, sent;
    if (done > 0 && ncm_changes_invert(&some, &back)) {
        ok = true;
        for (size_t i = 0; ok && i < back.n;) {
            struct k8s_group g = k8s_group_at(&back, i);
            ok = k8s_group_send(c, &back, g, NULL, false, NULL, &sent, &why);
            i = g.last;
        }
        ncm_changes_release(&back);
    }
    if (!ok) {
        char *what = ncm_change_about(&changes->items[0]);
        receipt->partial = true;
        ncm_hint(err, _("this stands and could not be taken back: %s"), what);
        ncm_free(what);
    }
}

bool k8s_changes_apply(struct k8s_client *c, const struct ncm_changes *changes,
                       const struct ncm_mark *mark, const struct ncm_control *control,
                       struct ncm_receipt *receipt, struct ncm_err *err)
{
    *receipt = (struct ncm_receipt){.time_ms = ncm_now_ms()};
    if (k8s_group_at(changes, 0).last < changes->n && !compare_all(c, changes, control, err)) {
        return false;
    }
    for (size_t i = 0; i < changes->n;) {
        struct k8s_group g = k8s_group_at(changes, i);
        bool sent = false;
        bool ok = k8s_group_send(c, changes, g, mark, false, control, &sent, err);
        bool lost = !ok && sent && is_doubtful(err);
        if (lost && is_noted(c, &changes->items[i], mark)) {
            ok = true;
        } else if (lost) {
            char *what = ncm_change_about(&changes->items[i]);
            receipt->partial = true;
            ncm_hint(err, _("whether this was taken is not known: %s"), what);
            ncm_free(what);
            return false;
        }
        if (!ok) {
            take_back(c, changes, i, receipt, err);
            return false;
        }
        i = g.last;
    }
    return true;
}
