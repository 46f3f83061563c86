/* Label-and-value rows: facts, params, tags. */
#include <stdio.h>
#include <string.h>

#include "runs.h"

#define VALUE_KEPT 16384 /* bytes of one value that a row keeps for showing */

void pairs_init(struct pairs *p)
{
    memset(p, 0, sizeof *p);
}

void pairs_clear(struct pairs *p)
{
    for (size_t i = 0; i < p->n; i++) {
        ncm_free(p->rows[i].label);
        ncm_free(p->rows[i].value);
        ncm_free(p->rows[i].link);
        ncm_free(p->rows[i].link2);
    }
    p->n = 0;
}

void pairs_release(struct pairs *p)
{
    pairs_clear(p);
    ncm_free(p->rows);
    pairs_init(p);
}

static struct pair_row *add_row(struct pairs *p, char *label, char *value, enum role role)
{
    p->rows = ncm_grow(p->rows, p->n, &p->cap, sizeof *p->rows);
    struct pair_row *r = &p->rows[p->n++];
    *r = (struct pair_row){.label = label, .value = value, .role = role};
    return r;
}

struct pair_row *pairs_add(struct pairs *p, const char *label, struct ncm_str value, enum role role)
{
    char clean[256];
    size_t len = value.len < VALUE_KEPT ? value.len : VALUE_KEPT;
    if (label != NULL)
        clean_text((struct ncm_str){label, strlen(label)}, clean, sizeof clean);
    return add_row(p, label != NULL ? ncm_strdup(clean) : NULL,
                   value.p != NULL ? ncm_strndup(value.p, len) : ncm_strdup(sign(SIGN_DASH)),
                   value.p != NULL ? role : ROLE_DIM);
}

struct pair_row *pairs_text(struct pairs *p, const char *label, const char *value, enum role role)
{
    return add_row(p, ncm_strdup(label), ncm_strdup(value), role);
}

void pairs_head(struct pairs *p, const char *title)
{
    add_row(p, ncm_strdup(title), ncm_strdup(""), ROLE_HEAD)->heading = true;
}

void pairs_link(struct pair_row *r, enum ui_object kind, struct ncm_str id, struct ncm_str id2)
{
    r->kind = kind;
    r->link = ncm_strndup(ncm_cstr(id), id.len);
    r->link2 = id2.p != NULL ? ncm_strndup(id2.p, id2.len) : NULL;
    r->role = ROLE_LINK;
}

static size_t count(void *ctx)
{
    return ((struct pairs *)ctx)->n;
}

static void cell(void *ctx, size_t row, size_t column, struct table_cell *out)
{
    const struct pair_row *r = &((struct pairs *)ctx)->rows[row];
    if (column == 0) {
        set_text(out, r->heading ? ROLE_HEAD : ROLE_DIM, r->label != NULL ? r->label : "");
        return;
    }
    out->raw = (struct ncm_str){r->value, strlen(r->value)};
    out->is_raw = true;
    out->role = r->role;
}

static bool heading(void *ctx, size_t row)
{
    return ((struct pairs *)ctx)->rows[row].heading;
}

static struct table_model model_of(struct pairs *p)
{
    return (struct table_model){.ctx = p, .count = count, .cell = cell, .heading = heading};
}

static int label_width(const struct pairs *p, int room)
{
    int w = 8;
    for (size_t i = 0; i < p->n && i < 400; i++) {
        int k =
            p->rows[i].label != NULL && !p->rows[i].heading ? ncm_text_width(p->rows[i].label) : 0;
        w = k > w ? k : w;
    }
    return w < room / 2 ? w : room / 2;
}

void pairs_draw(struct pairs *p, const struct canvas *c, bool focused, const char *empty)
{
    struct table_model m = model_of(p);
    int label = label_width(p, c->w);
    p->heads[0] = (struct table_column){p->label_title, label / 2, label, 0, 0, 0};
    p->heads[1] = (struct table_column){p->value_title, 8, 0, 0, 0, 0};
    p->table.columns = p->heads;
    p->table.n_columns = 2;
    p->table.fixed = 2;
    p->canvas = *c;
    table_draw(&p->table, &m, c, focused, empty);
}

bool pairs_act(struct pairs *p, enum ui_action_id action)
{
    struct table_model m = model_of(p);
    return table_act(&p->table, &m, action);
}
