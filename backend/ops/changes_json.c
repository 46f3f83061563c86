/* Change lists as JSON text: what the audit keeps, and what undo and settling read back. */
#include <string.h>

#include "base/i18n.h"
#include "io/node.h"
#include "ops/parts.h"

static void field(struct ncm_json *j, const char *key, const char *value)
{
    if (value != NULL) {
        ncm_json_key(j, key);
        ncm_json_str(j, value);
    }
}

void ncm_changes_to_json(const struct ncm_changes *c, struct ncm_buf *out)
{
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_arr(&j);
    for (size_t i = 0; i < c->n; i++) {
        const struct ncm_change *ch = &c->items[i];
        ncm_json_obj(&j);
        field(&j, "kind", ncm_change_word(ch->kind));
        field(&j, "object", ch->object);
        field(&j, "version", ch->version);
        field(&j, "key", ch->key);
        field(&j, "from", ch->from);
        field(&j, "to", ch->to);
        field(&j, "extra", ch->extra);
        if (ch->any_from) {
            ncm_json_key(&j, "any_from");
            ncm_json_bool(&j, true);
        }
        ncm_json_end_obj(&j);
    }
    ncm_json_end_arr(&j);
}

static bool one(const struct ncm_node *n, struct ncm_changes *out)
{
    enum ncm_change_kind kind;
    const char *word = ncm_node_str(n, "kind", NULL);
    if (word == NULL || !ncm_change_of(word, &kind)) {
        return false;
    }
    const char *object = ncm_node_str(n, "object", NULL);
    if (object == NULL && kind != NCM_CH_EXPERIMENT_CREATE) {
        return false;
    }
    struct ncm_change *ch = ncm_changes_add(
        out, kind, object, ncm_node_str(n, "version", NULL), ncm_node_str(n, "key", NULL),
        ncm_node_str(n, "from", NULL), ncm_node_str(n, "to", NULL));
    ch->extra = ncm_strdup(ncm_node_str(n, "extra", NULL));
    const struct ncm_node *any = ncm_node_get(n, "any_from");
    ch->any_from = any != NULL && any->kind == NCM_NODE_BOOL && any->boolean;
    return true;
}

bool ncm_changes_from_json(const char *p, size_t len, struct ncm_changes *out, struct ncm_err *err)
{
    struct ncm_doc *doc;
    if (!ncm_json_parse(_("the audit's change list"), p, len, &doc, err)) {
        return false;
    }
    const struct ncm_node *root = ncm_doc_root(doc);
    bool ok = root != NULL && root->kind == NCM_NODE_LIST;
    ncm_changes_init(out);
    for (size_t i = 0; ok && i < root->n; i++) {
        ok = one(&root->items[i], out);
    }
    ncm_doc_free(doc);
    if (!ok) {
        ncm_changes_release(out);
        return ncm_fail(err, NCM_INVALID_DATA, _("the audit's change list is not readable"));
    }
    return true;
}

bool ncm_record_changes(const struct ncm_record *r, const char *word)
{
    static const char begin[] = "[{\"kind\":\"";
    size_t n = strlen(begin), len = strlen(word);
    return r->changes.len > n + len && memcmp(r->changes.p, begin, n) == 0 &&
           memcmp(r->changes.p + n, word, len) == 0;
}
