#include "engine/no_store.h"

#include <string.h>

#include "base/i18n.h"
#include "base/mem.h"

static const char scheme[] = "none:";

/* Nothing is kept; the pointer only has to be one. */
struct ncm_conn {
    bool open;
};

char *ncm_no_store_location(const char *context)
{
    return ncm_sprintf("%s%s", scheme, context != NULL ? context : "");
}

bool ncm_is_no_store(const char *location)
{
    return strncmp(location, scheme, sizeof scheme - 1) == 0;
}

static int never(const char *location)
{
    (void)location;
    return 0;
}

static bool open_none(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)place;
    (void)control;
    (void)err;
    *out = ncm_alloc(1, sizeof **out);
    return true;
}

static void close_none(struct ncm_conn *conn)
{
    ncm_free(conn);
}

static void interrupt_none(struct ncm_conn *conn)
{
    (void)conn;
}

static bool refuse(struct ncm_err *err)
{
    ncm_fail(err, NCM_UNSUPPORTED, "%s", _("No tracking store is configured here"));
    return ncm_hint(err, "%s",
                    _("'tracking: {uri: …}' in the context, --store URI, or MLFLOW_TRACKING_URI"));
}

static bool fetch(struct ncm_conn *conn, struct ncm_fetch *f, struct ncm_err *err)
{
    (void)conn;
    if (f->query->topic != NCM_T_STORE) {
        return refuse(err);
    }
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    s->kind = ncm_arena_cstr(s->head.arena, _("no store"));
    s->why_read_only = ncm_arena_cstr(s->head.arena, _("No tracking store is configured here"));
    s->n_experiments = s->n_runs = s->n_models = -1;
    f->publish(f->to, &s->head);
    return true;
}

static bool apply(struct ncm_conn *conn, const struct ncm_changes *changes,
                  const struct ncm_mark *mark, const struct ncm_control *control,
                  struct ncm_receipt *receipt, struct ncm_err *err)
{
    (void)conn;
    (void)changes;
    (void)mark;
    (void)control;
    (void)receipt;
    return refuse(err);
}

static bool present(struct ncm_conn *conn, const struct ncm_change *change, char **value,
                    struct ncm_err *err)
{
    (void)conn;
    (void)change;
    *value = NULL;
    return refuse(err);
}

const struct ncm_provider ncm_no_store = {
    .name = "none",
    .summary = N_("no store"),
    .probe = never,
    .open = open_none,
    .close = close_none,
    .interrupt = interrupt_none,
    .fetch = fetch,
    .apply = apply,
    .present = present,
};
