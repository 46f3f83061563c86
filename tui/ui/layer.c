#include "ui/inside.h"

void layer_push(struct ui *ui, const struct layer_ops *ops, void *self)
{
    struct layer *l = ncm_alloc(1, sizeof *l);

    *l = (struct layer){ops, self, ui->top};
    ui->top = l;
    ui_dirty(ui);
}

void layer_end(struct ui *ui, void *self)
{
    for (struct layer **at = &ui->top; *at != NULL; at = &(*at)->below) {
        struct layer *l = *at;
        if (l->self == self) {
            *at = l->below;
            l->ops->destroy(l->self);
            ncm_free(l);
            break;
        }
    }
    ui_dirty(ui);
}

void layer_end_all(struct ui *ui)
{
    while (ui->top != NULL) {
        layer_end(ui, ui->top->self);
    }
}
