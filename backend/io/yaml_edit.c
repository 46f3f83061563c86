/* By libyaml's events: what is not edited goes from its parser to its emitter unchanged. */
#include "io/yaml_edit.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>
#include <yaml.h>

#include "base/i18n.h"
#include "base/mem.h"
#include "io/node.h"

struct edit_run {
    const char *name;
    yaml_parser_t parser;
    yaml_emitter_t emitter;
    const struct ncm_yaml_edit *edits;
    bool *done;
    size_t n;
    const struct ncm_node *root; /* of the document as it is; NULL: a new one */
    struct ncm_err *err;
};

static int append(void *to, unsigned char *p, size_t len)
{
    return ncm_buf_add(to, p, len);
}

static bool emit(struct edit_run *r, yaml_event_t *e)
{
    return yaml_emitter_emit(&r->emitter, e) != 0 ||
           ncm_fail(r->err, NCM_INVALID_DATA, _("%s cannot be written as YAML (%s)"), r->name,
                    r->emitter.problem != NULL ? r->emitter.problem : "?");
}

/* Words that some version of YAML takes for a truth, a number or nothing. */
static bool is_word_of_yaml(const char *s)
{
    static const char *const words[] = {"y",    "n",     "yes",  "no",  "on",  "off",
                                        "true", "false", "null", "nan", "inf", "infinity"};
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (strcasecmp(s, words[i]) == 0)
            return true;
    return false;
}

/* Whether a text needs no quotes in any version of YAML: it begins with a letter and nothing in it
 * has a meaning. */
static bool is_plain(const char *s)
{
    size_t n = strlen(s);
    if (!((s[0] >= 'a' && s[0] <= 'z') || (s[0] >= 'A' && s[0] <= 'Z')) || s[n - 1] == ' ')
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)s[i];
        bool colon = c == ':' && s[i + 1] == '/';
        if (c < 0x80 && !colon && strchr("_./- ", c) == NULL && !(c >= '0' && c <= '9') &&
            !(c >= 'a' && c <= 'z') && !(c >= 'A' && c <= 'Z'))
            return false;
    }
    return !is_word_of_yaml(s);
}

static bool put_scalar(struct edit_run *r, const char *s, bool text)
{
    yaml_event_t e;
    bool plain = !text || is_plain(s);
    if (yaml_scalar_event_initialize(
            &e, NULL, NULL, (const yaml_char_t *)s, (int)strlen(s), plain, text,
            plain ? YAML_PLAIN_SCALAR_STYLE : YAML_SINGLE_QUOTED_SCALAR_STYLE) == 0)
        return ncm_fail(r->err, NCM_INVALID_DATA, _("%s: the text is not UTF-8"), r->name);
    return emit(r, &e);
}

static bool put_texts(struct edit_run *r, const struct ncm_yaml_edit *edit)
{
    yaml_event_t e;
    yaml_mapping_start_event_initialize(
        &e, NULL, NULL, 1, edit->n_pairs == 0 ? YAML_FLOW_MAPPING_STYLE : YAML_BLOCK_MAPPING_STYLE);
    if (!emit(r, &e))
        return false;
    for (size_t i = 0; i < 2 * edit->n_pairs; i++)
        if (!put_scalar(r, edit->pairs[i], true))
            return false;
    yaml_mapping_end_event_initialize(&e);
    return emit(r, &e);
}

static bool put_empty(struct edit_run *r)
{
    yaml_event_t e;
    yaml_sequence_start_event_initialize(&e, NULL, NULL, 1, YAML_FLOW_SEQUENCE_STYLE);
    if (!emit(r, &e))
        return false;
    yaml_sequence_end_event_initialize(&e);
    return emit(r, &e);
}

static bool put_value(struct edit_run *r, const struct ncm_yaml_edit *edit)
{
    char number[32];
    switch (edit->what) {
    case NCM_YAML_INT:
        snprintf(number, sizeof number, "%" PRId64, edit->i);
        return put_scalar(r, number, false);
    case NCM_YAML_TEXTS:
        return put_texts(r, edit);
    case NCM_YAML_EMPTY:
        return put_empty(r);
    default:
        return edit->text != NULL ? put_scalar(r, edit->text, true) : put_scalar(r, "null", false);
    }
}

/* New keys that come before `key` (NULL: all). */
static bool put_new(struct edit_run *r, const char *key)
{
    for (size_t i = 0; i < r->n; i++) {
        const struct ncm_yaml_edit *edit = &r->edits[i];
        if (r->done[i] || (r->root != NULL && ncm_node_get(r->root, edit->key) != NULL) ||
            (key != NULL && strcmp(edit->key, key) > 0))
            continue;
        r->done[i] = true;
        if (edit->what != NCM_YAML_GONE && (!put_scalar(r, edit->key, true) || !put_value(r, edit)))
            return false;
    }
    return true;
}

static bool next(struct edit_run *r, yaml_event_t *e)
{
    return yaml_parser_parse(&r->parser, e) != 0 ||
           ncm_fail(r->err, NCM_INVALID_DATA, _("%s is not valid YAML"), r->name);
}

static int depth_of(const yaml_event_t *e)
{
    if (e->type == YAML_MAPPING_START_EVENT || e->type == YAML_SEQUENCE_START_EVENT)
        return 1;
    return e->type == YAML_MAPPING_END_EVENT || e->type == YAML_SEQUENCE_END_EVENT ? -1 : 0;
}

/* One whole node: passed on, or left out. */
static bool pass_node(struct edit_run *r, bool keep)
{
    int depth = 0;
    do {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        depth += depth_of(&e);
        /* What cannot stand plain here (it could where it was read) may be quoted. */
        if (e.type == YAML_SCALAR_EVENT && e.data.scalar.plain_implicit)
            e.data.scalar.quoted_implicit = 1;
        if (!keep)
            yaml_event_delete(&e);
        else if (!emit(r, &e))
            return false;
    } while (depth > 0);
    return true;
}

static bool pass_key(struct edit_run *r, yaml_event_t *e)
{
    const char *key = (const char *)e->data.scalar.value;
    const struct ncm_yaml_edit *edit = NULL;
    if (e->type != YAML_SCALAR_EVENT || !put_new(r, key)) {
        if (e->type != YAML_SCALAR_EVENT)
            ncm_fail(r->err, NCM_INVALID_DATA, _("%s: a key must be plain text"), r->name);
        yaml_event_delete(e);
        return false;
    }
    for (size_t i = 0; i < r->n; i++)
        if (strcmp(r->edits[i].key, key) == 0) {
            edit = &r->edits[i];
            r->done[i] = true;
        }
    if (edit != NULL && edit->what == NCM_YAML_GONE) {
        yaml_event_delete(e);
        return pass_node(r, false);
    }
    e->data.scalar.quoted_implicit = 1;
    return emit(r, e) &&
           (edit == NULL ? pass_node(r, true) : pass_node(r, false) && put_value(r, edit));
}

/* The document's events; those of its top map's keys one at a time. */
static bool pass_document(struct edit_run *r)
{
    bool in_map = false;
    for (;;) {
        yaml_event_t e;
        if (!next(r, &e))
            return false;
        bool last = e.type == YAML_STREAM_END_EVENT;
        if (in_map && e.type != YAML_MAPPING_END_EVENT) {
            if (!pass_key(r, &e))
                return false;
            continue;
        }
        if (in_map && !put_new(r, NULL)) {
            yaml_event_delete(&e);
            return false;
        }
        in_map = e.type == YAML_MAPPING_START_EVENT;
        if (!emit(r, &e))
            return false;
        if (last)
            return true;
    }
}

static bool make_document(struct edit_run *r)
{
    yaml_event_t e;
    yaml_stream_start_event_initialize(&e, YAML_UTF8_ENCODING);
    if (!emit(r, &e))
        return false;
    yaml_document_start_event_initialize(&e, NULL, NULL, NULL, 1);
    if (!emit(r, &e))
        return false;
    yaml_mapping_start_event_initialize(&e, NULL, NULL, 1, YAML_BLOCK_MAPPING_STYLE);
    if (!emit(r, &e) || !put_new(r, NULL))
        return false;
    yaml_mapping_end_event_initialize(&e);
    if (!emit(r, &e))
        return false;
    yaml_document_end_event_initialize(&e, 1);
    if (!emit(r, &e))
        return false;
    yaml_stream_end_event_initialize(&e);
    return emit(r, &e);
}

bool ncm_yaml_edit(const char *name, const char *p, size_t len, const struct ncm_yaml_edit *edits,
                   size_t n, struct ncm_buf *out, struct ncm_err *err)
{
    struct edit_run r = {.name = name, .edits = edits, .n = n, .err = err};
    struct ncm_doc *doc = NULL;
    if (p != NULL) {
        if (!ncm_yaml_parse(name, p, len, &doc, err))
            return false;
        r.root = ncm_doc_root(doc);
        if (r.root->kind != NCM_NODE_MAP) {
            ncm_doc_free(doc);
            return ncm_fail(err, NCM_INVALID_DATA, _("%s holds no keys and values"), name);
        }
    }
    if (yaml_parser_initialize(&r.parser) == 0 || yaml_emitter_initialize(&r.emitter) == 0)
        ncm_bug("out of memory: YAML emitter");
    r.done = ncm_alloc(n + 1, sizeof(bool));
    yaml_parser_set_encoding(&r.parser, YAML_UTF8_ENCODING);
    yaml_parser_set_input_string(&r.parser, (const unsigned char *)(p != NULL ? p : ""), len);
    yaml_emitter_set_output(&r.emitter, append, out);
    yaml_emitter_set_encoding(&r.emitter, YAML_UTF8_ENCODING);
    yaml_emitter_set_unicode(&r.emitter, 1);
    bool ok = p != NULL ? pass_document(&r) : make_document(&r);
    yaml_emitter_delete(&r.emitter);
    yaml_parser_delete(&r.parser);
    ncm_free(r.done);
    ncm_doc_free(doc);
    return ok;
}
