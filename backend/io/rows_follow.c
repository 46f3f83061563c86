/* Files that grow, are renamed, cut to nothing and begun again, compressed, copied and deleted.
 *
 * A file is known by device and inode, so that a new name does not make it a new file, and is held
 * open, so that it can be read to its end after it lost its name; whoever wrote to it may do so for
 * a moment after that (quiet_ms), and then its last half line is a row. A file that is shorter than
 * what was read of it, or begins with other bytes, was begun again.
 *
 * A file that appears later and begins with the same bytes as a known one (all that was read of it,
 * up to ROWS_HEAD) is a copy of it, plain or compressed, as log rotation makes them. It is read
 * only after the other one has gone or was begun again, from where reading of that one ended, so
 * that every row comes once. What is promised ends with files that begin alike by chance: such a
 * one is read as a file of its own if it is still written to quiet_ms after it was seen. */
#include <unistd.h>

#include "base/i18n.h"
#include "base/num.h"
#include "io/rows_inside.h"

enum {
    MOST_OPEN = 200,   /* descriptors that are kept */
    MOST_FILES = 4096, /* that are remembered */
    MANY_FILES = 1024, /* so many, and those that are done are forgotten */
    LOOK_MS = 1000,    /* so often names are looked through without being told … */
    LOOK_REST = 20,    /* … but for no more than one part in so many of the time */
};

static bool same_file(const struct rows_file *f, const struct stat *st)
{
    return f->dev == st->st_dev && f->ino == st->st_ino;
}

/* Of what is held of its beginning, what has been read as rows. */
static size_t known_head(const struct rows_file *f)
{
    return f->head_len < (size_t)f->consumed ? f->head_len : (size_t)f->consumed;
}

/* Whether the file still begins as it did. */
static bool begins_as_before(const struct rows_file *f)
{
    char now[ROWS_HEAD];
    bool packed;
    size_t n = known_head(f);
    return n == 0 ||
           (ncm_rows_file_head(f, now, n, &packed) == (ptrdiff_t)n && memcmp(now, f->head, n) == 0);
}

static struct rows_file *find(const struct ncm_rows *r, const struct stat *st)
{
    for (size_t i = r->n_files; i-- > 0;)
        if (same_file(r->files[i], st))
            return r->files[i];
    return NULL;
}

static void hold_open(struct ncm_rows *r, struct rows_file *f)
{
    struct ncm_err err;
    struct stat st;
    size_t n = 0;
    int fd;
    for (size_t i = 0; i < r->n_files; i++)
        n += r->files[i]->fd >= 0;
    if (f->fd >= 0 || f->size < 0 || n >= MOST_OPEN || !ncm_rows_fd(f->path, &fd, &st, &err))
        return;
    f->fd = fd;
    f->dev = st.st_dev;
    f->ino = st.st_ino;
}

/* Reading begins behind what is there. */
static void begin_at_end(struct rows_file *f)
{
    bool packed = false;
    char last = '\n';
    ptrdiff_t n = ncm_rows_file_head(f, f->head, sizeof f->head, &packed);
    f->head_len = n > 0 ? (size_t)n : 0;
    f->consumed = f->tried = f->size;
    if (f->fd >= 0 && f->size > 0 && pread(f->fd, &last, 1, (off_t)f->size - 1) == 1)
        f->skip_first = last != '\n';
    if (packed)
        f->state = STATE_DONE;
}

static void take_name(struct ncm_rows *r, const char *path, bool first)
{
    struct stat st;
    if (strcmp(path, "-") != 0) {
        struct rows_file *known = stat(path, &st) == 0 ? find(r, &st) : NULL;
        if (known) {
            if (strcmp(known->path, path) != 0) {
                ncm_free(known->path);
                known->path = ncm_strdup(path);
            }
            known->gone = false;
            return;
        }
    }
    if (r->n_files == MOST_FILES)
        return;
    struct rows_file *f = ncm_rows_file_add(r, path);
    f->moved = ncm_mono_ms();
    hold_open(r, f);
    if (!first) {
        f->state = STATE_UNSURE;
        f->turn = ++r->turns;
    } else if (r->o.from_end && f->size > 0) {
        begin_at_end(f);
    }
}

/* Looks through the names. */
static void look(struct ncm_rows *r)
{
    size_t n;
    bool first = !r->looked;
    r->looked = true;
    r->look_again = false;
    r->look_at = ncm_mono_ms();
    char **names = ncm_rows_names(r, &n);
    bool *had = ncm_alloc(r->n_files + 1, sizeof *had);
    for (size_t i = 0; i < r->n_files; i++) {
        had[i] = !r->files[i]->gone;
        r->files[i]->gone = r->files[i]->size >= 0 || r->files[i]->is_past;
    }
    size_t known = r->n_files;
    for (size_t i = 0; i < n; i++)
        take_name(r, names[i], first);
    for (size_t i = 0; i < known; i++)
        if (had[i] && r->files[i]->gone)
            r->files[i]->moved = r->look_at;
    ncm_free(had);
    ncm_rows_names_free(names, n);
}

/* A copy of f is read on from where f was left; further ones are copies of that one then. */
static void release_copies(struct ncm_rows *r, struct rows_file *f)
{
    struct rows_file *heir = NULL;
    for (size_t i = 0; i < r->n_files; i++) {
        struct rows_file *c = r->files[i];
        if (c->state != STATE_COPY || c->of != f)
            continue;
        if (heir) {
            c->of = heir;
            continue;
        }
        heir = c;
        c->state = STATE_READ;
        c->of = NULL;
        c->consumed = f->consumed;
        c->next_line = f->next_line;
        c->given = f->given;
        c->tried = -1;
        c->turn = 0;
        c->head_len = known_head(f);
        memcpy(c->head, f->head, c->head_len);
        f->handed_over = true;
    }
}

/* What a file was before it was begun again: a copy of that may appear yet. */
static void remember(struct ncm_rows *r, const struct rows_file *f)
{
    if (r->n_files == MOST_FILES || f->given == 0 || f->handed_over)
        return;
    struct rows_file *past = ncm_rows_file_add(r, "");
    past->is_past = past->gone = true;
    past->state = STATE_DONE;
    past->size = -1;
    past->consumed = f->consumed;
    past->next_line = f->next_line;
    past->given = f->given;
    past->head_len = f->head_len;
    memcpy(past->head, f->head, f->head_len);
}

/* Of what is only remembered the oldest is forgotten. */
static void forget(struct ncm_rows *r)
{
    for (size_t i = 0; r->n_files > MANY_FILES && i < r->n_files;) {
        struct rows_file *f = r->files[i];
        if (f->state != STATE_DONE || !f->gone || f->fd >= 0 || i == r->current) {
            i++;
            continue;
        }
        release_copies(r, f);
        ncm_rows_file_free(f);
        memmove(r->files + i, r->files + i + 1, (--r->n_files - i) * sizeof(struct rows_file *));
        if (r->current != SIZE_MAX && r->current > i)
            r->current--;
    }
}

static void begin_again(struct ncm_rows *r, struct rows_file *f)
{
    release_copies(r, f);
    remember(r, f);
    r->look_again = true;
    f->was_cut = true;
    f->handed_over = false;
    f->given = 0;
    f->consumed = 0;
    f->next_line = 1;
    f->head_len = 0;
    f->tried = -1;
    f->begun = f->skip_first = false;
    f->state = STATE_READ;
}

/* Whether one that appeared is a copy, a file of its own, or too short to tell. */
static void judge(struct ncm_rows *r, struct rows_file *f)
{
    char head[ROWS_HEAD];
    ptrdiff_t n = ncm_rows_file_head(f, head, sizeof head, &f->packed);
    bool old = ncm_mono_ms() - f->moved >= r->quiet_ms, may_be = n <= 0;
    for (size_t i = 0; n > 0 && i < r->n_files; i++) {
        struct rows_file *k = r->files[i];
        size_t both = known_head(k) < (size_t)n ? known_head(k) : (size_t)n;
        if (k == f || both == 0 || k->state == STATE_COPY || k->state == STATE_UNSURE ||
            k->handed_over || memcmp(head, k->head, both) != 0)
            continue;
        if (both == known_head(k) && k->given > 0) {
            f->state = STATE_COPY;
            f->of = k;
            f->moved = ncm_mono_ms();
            if (k->state == STATE_DONE)
                release_copies(r, k);
            return;
        }
        may_be = may_be || both == (size_t)n;
    }
    if (!may_be || old)
        f->state = STATE_READ;
}

/* Whether it was cut since it was read, or since it was seen first; before: its size then. */
static bool begins_anew(const struct rows_file *f, int64_t before)
{
    if (f->packed || f->size == (f->tried >= 0 ? f->tried : before))
        return false;
    if (f->consumed == 0)
        return f->tried < 0 && f->size < before;
    return f->size < f->consumed || !begins_as_before(f);
}

/* The file's size now; notes what that says of it. */
static void look_at(struct ncm_rows *r, struct rows_file *f)
{
    struct stat st;
    if (f->size < 0 || (f->fd >= 0 ? fstat(f->fd, &st) : stat(f->path, &st)) != 0)
        return;
    int64_t before = f->size;
    bool moved = before != st.st_size;
    f->size = st.st_size;
    if (f->state == STATE_UNSURE)
        judge(r, f);
    if (f->state == STATE_COPY && moved && !f->packed && ncm_mono_ms() - f->moved >= r->quiet_ms)
        f->state = STATE_READ;
    if (moved && f->state != STATE_COPY)
        f->moved = ncm_mono_ms();
    if (f->state != STATE_COPY && begins_anew(f, before))
        begin_again(r, f);
    if (f->state == STATE_DONE && f->size > f->tried && f->tried >= 0)
        f->state = STATE_READ;
}

/* Nobody writes to it any more. */
static bool is_left(const struct ncm_rows *r, const struct rows_file *f)
{
    return f->gone && ncm_mono_ms() - f->moved >= r->quiet_ms;
}

static bool has_more(const struct ncm_rows *r, const struct rows_file *f)
{
    if (f->state != STATE_READ)
        return false;
    return f->size < 0 || (f->size > 0 && f->size != f->tried) || is_left(r, f);
}

static void let_go(struct ncm_rows *r, struct rows_file *f)
{
    f->state = STATE_DONE;
    if (f->fd >= 0)
        close(f->fd);
    f->fd = -1;
    f->dev = 0; /* its inode may be given to another file from now on */
    f->ino = 0;
    release_copies(r, f);
}

void ncm_rows_look(struct ncm_rows *r)
{
    int64_t began = ncm_mono_ms();
    forget(r);
    ncm_rows_heed_folders(r);
    do
        look(r);
    while (ncm_rows_heed_folders(r));
    int64_t now = ncm_mono_ms(), rest = (now - began) * LOOK_REST;
    r->look_due = now + (rest > LOOK_MS ? rest : LOOK_MS);
}

static bool look_at_all(struct ncm_rows *r)
{
    bool any = false;
    for (size_t i = 0; i < r->n_files; i++) {
        struct rows_file *f = r->files[i];
        look_at(r, f);
        if (f->state == STATE_DONE && f->gone && f->fd >= 0)
            let_go(r, f);
        any = any || has_more(r, f);
    }
    return any;
}

/* What was not read of a file that was cut is in a copy, which may have no name with us yet; and
 * whoever hears that nothing is new relies on having all rows up to now. */
static void look_for_copies(struct ncm_rows *r)
{
    ncm_rows_look(r);
    for (size_t i = 0; i < r->n_files; i++) {
        struct rows_file *f = r->files[i];
        if (f->was_cut)
            f->turn = ++r->turns; /* behind its copy */
        f->was_cut = false;
    }
}

bool ncm_rows_is_new(struct ncm_rows *r)
{
    ncm_rows_heed_events(r);
    if (!r->looked || r->look_again || ncm_mono_ms() >= r->look_due)
        ncm_rows_look(r);
    bool any = look_at_all(r);
    if (r->look_again) {
        look_for_copies(r);
        any = look_at_all(r);
    }
    return any;
}

/* The one that was read longest ago, so that none starves; one that begins comes behind those that
 * were there before it, so that what a renamed or cut file left comes first. */
static struct rows_file *whose_turn(const struct ncm_rows *r)
{
    struct rows_file *first = NULL;
    for (size_t i = 0; i < r->n_files; i++)
        if (has_more(r, r->files[i]) && (!first || r->files[i]->turn < first->turn))
            first = r->files[i];
    return first;
}

enum ncm_rows_got ncm_rows_pick(struct ncm_rows *r, struct ncm_err *err)
{
    if (!ncm_rows_is_new(r)) {
        bool all = r->n_files > 0;
        for (size_t i = 0; i < r->n_files; i++)
            all = all && r->files[i]->size < 0 && r->files[i]->state == STATE_DONE;
        return all ? NCM_ROWS_END : NCM_ROWS_WAIT; /* a pipe ends, a file may always grow */
    }
    struct rows_file *f;
    while ((f = whose_turn(r)) != NULL) {
        bool left = is_left(r, f);
        f->turn = ++r->turns;
        if (ncm_rows_file_open(r, f, err)) {
            r->leaving = left;
            return NCM_ROWS_BATCH;
        }
        if (err->code != NCM_NOT_FOUND)
            f->state = STATE_DONE;
        if (err->code != NCM_NOT_FOUND)
            return NCM_ROWS_ERROR;
        let_go(r, f);
    }
    return NCM_ROWS_WAIT;
}

bool ncm_rows_is_over(struct ncm_rows *r)
{
    struct rows_file *f = ncm_rows_current(r);
    f->packed = ncm_rows_source_packed(r->source);
    f->tried = f->size < 0 ? -1 : (int64_t)lseek(ncm_rows_source_fd(r->source), 0, SEEK_CUR);
    f->skip_first = f->skip_first && r->skip_line;
    if (f->size < 0 || r->leaving || (f->packed && !ncm_rows_source_inside(r->source))) {
        if (r->leaving)
            let_go(r, f);
        return true;
    }
    ncm_rows_close_source(r);
    return false;
}
