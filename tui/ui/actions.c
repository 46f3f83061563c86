#include <string.h>

#include "ui/action.h"

const struct ui_action *ui_action_of(enum ui_action_id id)
{
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        if (a->id == id) {
            return a;
        }
    }
    return NULL;
}

const struct ui_action *ui_action_named(const char *name)
{
    for (const struct ui_action *a = ui_actions; a->id != A_NONE; a++) {
        if (strcmp(a->name, name) == 0) {
            return a;
        }
    }
    return NULL;
}
