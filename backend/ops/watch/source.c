#include "ops/watch/source.h"

#include <glob.h>
#include <poll.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "engine/state.h"
#include "io/file.h"
#include "ops/watch/alerts.h"
#include "ops/watch/own.h"
#include "ops/watch/store.h"

#define BIT(topic) (1u << (topic))
#define DRIFT_BITS (BIT(NCM_T_DRIFT) | BIT(NCM_T_DRIFT_FEATURE))
#define ALERT_BITS (BIT(NCM_T_ALERTS) | BIT(NCM_T_SILENCES))

enum {
    LOOK_MS = 600,          /* at the logs, while somebody looks at what is made of them */
    IDLE_LOOK_MS = 5000,
    ATTENDED_MS = 15 * 60000,
    CLOCK_MS = 5000, /* windows also end where no row comes */
};

/* One lane's. The team is made when drift is first asked for. */
struct ncm_conn {
    const struct ncm_watch_setup *setup;
    struct ncm_team *team;
    struct ncm_db *db; /* for alerts and changes; NULL: not open */
    int wake;
    uint64_t print; /* of all logs as they lay there */
    int64_t version, clock_ms;
};

static int probe(const char *location)
{
    (void)location;
    return 0;
}

static bool open_conn(const struct ncm_place *place, struct ncm_conn **out,
                      struct ncm_control *control, struct ncm_err *err)
{
    (void)control;
    struct ncm_conn *c = ncm_alloc(1, sizeof *c);
    c->setup = place->with;
    c->wake = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (c->wake < 0) {
        ncm_free(c);
        return ncm_fail(err, NCM_IO, "%s", _("no descriptor is left"));
    }
    *out = c;
    return true;
}

static void close_conn(struct ncm_conn *c)
{
    if (c->team != NULL) {
        ncm_team_leave(c->team);
        ncm_team_free(c->team);
    }
    ncm_db_close(c->db);
    close(c->wake);
    ncm_free(c);
}

static void interrupt_conn(struct ncm_conn *c)
{
    uint64_t one = 1;
    if (write(c->wake, &one, sizeof one) < 0) {
        return; /* it is set already */
    }
}

/* Our state for reading (and, with write, made where it is not there). */
static bool state(struct ncm_conn *c, bool write, struct ncm_err *err)
{
    struct ncm_err why;
    if (c->db != NULL || c->setup->state_path == NULL) {
        return c->db != NULL || !write ||
               ncm_fail(err, NCM_READ_ONLY, "%s", _("there is no place for our own records"));
    }
    if (ncm_state_open(c->setup->state_path, write, &c->db, &why) ||
        (why.code == NCM_NOT_FOUND && !write)) {
        return true;
    }
    *err = why;
    return false;
}

static bool fetch_store(struct ncm_conn *c, struct ncm_fetch *f)
{
    struct ncm_store_snapshot *s = ncm_snapshot_new(NCM_T_STORE, sizeof *s);
    struct ncm_arena *a = s->head.arena;
    s->kind = ncm_arena_cstr(a, "ncmlops");
    s->location = ncm_arena_cstr(a, c->setup->state_path);
    s->writable = c->setup->state_path != NULL && c->setup->may_store;
    if (!s->writable) {
        s->why_read_only = ncm_arena_cstr(a, _("read-only"));
    }
    s->n_experiments = s->n_runs = s->n_models = -1;
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch_alerts(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    bool all = f->query->view == NCM_VIEW_ALL;
    int64_t now = ncm_now_ms();
    if (!state(c, false, err)) {
        return false;
    }
    if (f->query->topic == NCM_T_ALERTS) {
        struct ncm_alerts_snapshot *s;
        if (!ncm_alerts_read(c->db, all, now, &s, err)) {
            return false;
        }
        f->publish(f->to, &s->head);
        return true;
    }
    struct ncm_silences_snapshot *s;
    if (!ncm_silences_read(c->db, all, now, &s, err)) {
        return false;
    }
    f->publish(f->to, &s->head);
    return true;
}

static bool fetch(struct ncm_conn *c, struct ncm_fetch *f, struct ncm_err *err)
{
    switch (f->query->topic) {
    case NCM_T_STORE:
        return fetch_store(c, f);
    case NCM_T_ALERTS:
    case NCM_T_SILENCES:
        return fetch_alerts(c, f, err);
    case NCM_T_DRIFT:
    case NCM_T_DRIFT_FEATURE:
    case NCM_T_DRIFT_ROWS:
        if (c->team == NULL) {
            c->team = ncm_team_new(c->setup);
        }
        return ncm_team_restore(c->team, err) && ncm_watch_fetch(c->team, f, err);
    default:
        return ncm_fail(err, NCM_UNSUPPORTED, "%s", _("the watch does not know this"));
    }
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    return (h ^ v) * 1099511628211u;
}

static uint64_t print_of_file(const char *path, uint64_t h)
{
    struct ncm_file_info info = {0};
    struct ncm_err ignored;
    if (!ncm_file_stat(path, &info, &ignored) || info.kind == NCM_FILE_NONE) {
        return mix(h, 1);
    }
    return mix(mix(mix(h, info.inode), (uint64_t)info.size), (uint64_t)info.mtime_ms);
}

/* What all logs look like from outside: another one where something was written. */
static uint64_t print_of_logs(const struct ncm_watch_plan *plan)
{
    uint64_t h = 14695981039346656037u;
    for (size_t i = 0; i < plan->n_monitors; i++) {
        const struct ncm_monitor *m = &plan->monitors[i];
        glob_t found;
        if (m->kind != NCM_MONITOR_ROWS || strncmp(m->current, "sqlite:", 7) == 0) {
            continue;
        }
        if (strpbrk(m->current, "*?[") == NULL) {
            h = print_of_file(m->current, h);
        } else if (glob(m->current, 0, NULL, &found) == 0) {
            for (size_t k = 0; k < found.gl_pathc; k++) {
                h = print_of_file(found.gl_pathv[k], h);
            }
            globfree(&found);
        }
    }
    return h;
}

/* The shortest pause of what has to be asked. */
static int64_t asks_every(const struct ncm_watch_plan *plan)
{
    int64_t least = CLOCK_MS;
    for (size_t i = 0; i < plan->n_monitors; i++) {
        const struct ncm_monitor *m = &plan->monitors[i];
        if (m->kind != NCM_MONITOR_ROWS && m->every_ms > 0 && m->every_ms < least) {
            least = m->every_ms;
        }
    }
    return least > 1000 ? least : 1000;
}

static void look(struct ncm_conn *c, struct ncm_news *news)
{
    int64_t version = 0, now = ncm_mono_ms();
    struct ncm_err ignored;
    uint64_t print = print_of_logs(c->setup->env.plan);
    if (print != c->print || now - c->clock_ms >= asks_every(c->setup->env.plan)) {
        news->topics |= BIT(NCM_T_DRIFT);
        c->clock_ms = now;
    }
    c->print = print;
    if (state(c, false, &ignored) && c->db != NULL &&
        ncm_db_data_version(c->db, &version, &ignored) && version != c->version) {
        news->topics |= ALERT_BITS | BIT(NCM_T_DRIFT);
        c->version = version;
    }
    if ((news->topics & BIT(NCM_T_DRIFT)) != 0) {
        news->topics |= DRIFT_BITS;
    }
    news->what = news->topics != 0 ? NCM_WATCH_DATA : NCM_WATCH_NOTHING;
}

static bool watch(struct ncm_conn *c, const struct ncm_interest *interest, int wait_ms,
                  const struct ncm_control *control, struct ncm_news *news, struct ncm_err *err)
{
    int64_t until = ncm_mono_ms() + wait_ms;
    bool near = (interest->topics & DRIFT_BITS) != 0 && interest->idle_ms < ATTENDED_MS;
    *news = (struct ncm_news){0};
    if (wait_ms == 0) {
        look(c, news);
        *news = (struct ncm_news){0};
        return true;
    }
    while (news->what == NCM_WATCH_NOTHING && ncm_mono_ms() < until) {
        struct pollfd fd = {.fd = c->wake, .events = POLLIN};
        uint64_t drained;
        if (poll(&fd, 1, near ? LOOK_MS : IDLE_LOOK_MS) > 0 &&
            read(c->wake, &drained, sizeof drained) > 0 && control->cancel != NULL &&
            atomic_load(control->cancel)) {
            return ncm_fail(err, NCM_CANCELLED, "%s", _("cancelled"));
        }
        look(c, news);
    }
    return true;
}

static bool apply(struct ncm_conn *c, const struct ncm_changes *changes,
                  const struct ncm_mark *mark, const struct ncm_control *control,
                  struct ncm_receipt *receipt, struct ncm_err *err)
{
    (void)mark;
    (void)control;
    return state(c, true, err) &&
           ncm_own_apply(c->db, changes, ncm_now_ms(), receipt, err);
}

static bool present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                    struct ncm_err *err)
{
    *value = NULL;
    return state(c, true, err) && ncm_own_present(c->db, change, ncm_now_ms(), value, err);
}

const struct ncm_provider ncm_watch_provider = {
    .name = "watch",
    .summary = N_("monitors and our own alerts"),
    .capabilities = NCM_CAP_WRITE | NCM_CAP_WATCH | NCM_CAP_UNDO | NCM_CAP_ALERTS,
    .probe = probe,
    .open = open_conn,
    .close = close_conn,
    .interrupt = interrupt_conn,
    .fetch = fetch,
    .watch = watch,
    .apply = apply,
    .present = present,
};
