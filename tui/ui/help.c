/* What can be done: the keys of this view from the table of actions; Enter runs one. */
#include <stdio.h>
#include <string.h>

#include "ui/inside.h"
#include "ui/key_name.h"

struct help {
    struct ui *ui;
    enum ui_action_id ids[N_ACTIONS];
    size_t n;
};

static void run(void *ctx, const size_t *chosen, size_t n)
{
    struct help *h = ctx;
    struct ui *ui = h->ui;
    enum ui_action_id id = n > 0 ? h->ids[chosen[0]] : A_NONE;

    ncm_free(h);
    if (id != A_NONE) {
        ui_do(ui, id, NULL, false);
    }
}

/* All keys of an action: "P", "j ↓". */
static void key_text(const struct ui_action *a, char *out, size_t outsz)
{
    char name[16];
    size_t used = 0;

    out[0] = '\0';
    if (keymap_label(a->id)[0] == '\0') {
        snprintf(out, outsz, ":%s", a->name);
        return;
    }
    /* the configured first key, then those of the defaults that still lead here */
    used = (size_t)snprintf(out, outsz, "%s", keymap_label(a->id));
    const char *list = a->keys;
    char word[32];
    int key;
    while (key_word(&list, word, sizeof word) && used + 12 < outsz) {
        if (key_parse(word, &key) && keymap_find(key, a->contexts) == a->id &&
            strcmp(key_show(key, name, sizeof name), keymap_label(a->id)) != 0) {
            used += (size_t)snprintf(out + used, outsz - used, " %s", name);
        }
    }
}

/* 0: of this view, 1: of lists, 2: general, 3: movement and panes. */
static int group_of(const struct ui_action *a)
{
    if (a->contexts & IN_ALWAYS) {
        return a->flags & ACT_HIDDEN ? 3 : 2;
    }
    return a->contexts & IN_LIST ? 1 : 0;
}

void help_open(struct ui *ui)
{
    struct help *h = ncm_alloc(1, sizeof *h);
    struct ui_pick_item *items = ncm_alloc(N_ACTIONS, sizeof *items);
    char(*label)[96] = ncm_alloc(N_ACTIONS, sizeof *label);
    unsigned contexts = pane_contexts(ui);

    h->ui = ui;
    for (int group = 0; group < 4; group++) {
        for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
            char keys[48];
            const char *reason = "", *locked = "";
            if (group_of(a) != group || !(a->contexts & contexts) || !pane_exists(ui, a->id)) {
                continue;
            }
            bool can = ui_can(ui, a->id, &reason);
            bool refused = (a->contexts & contexts & IN_SERVED) != 0; /* worth knowing why */
            if (!can && !refused && ((a->flags & ACT_CHANGES) == 0 || ui_may_change(ui, &locked))) {
                continue; /* not a thing of what has the focus now */
            }
            key_text(a, keys, sizeof keys);
            int pad = 12 - ncm_text_width(keys);
            snprintf(label[h->n], sizeof label[0], "%s%*s%s", keys, pad > 1 ? pad : 1, "",
                     _(a->label));
            items[h->n].label = label[h->n];
            items[h->n].disabled = !can;
            items[h->n].detail = !can && reason[0] != '\0' ? reason : _(a->help);
            h->ids[h->n++] = a->id;
        }
    }
    ui_pick(ui, _("Keys here — Enter runs, typing searches"), items, h->n, false, run, h);
    ncm_free(label);
    ncm_free(items);
}
