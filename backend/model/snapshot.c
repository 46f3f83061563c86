#include "model/snapshot.h"

#include <string.h>

#include "base/mem.h"
#include "base/num.h"

struct ncm_refs_chunk *ncm_refs_chunk_new(void)
{
    struct ncm_refs_chunk *c = ncm_alloc(1, sizeof *c);
    atomic_init(&c->users, 1);
    return c;
}

struct ncm_refs_chunk *ncm_refs_chunk_share(struct ncm_refs_chunk *c)
{
    if (c)
        atomic_fetch_add(&c->users, 1);
    return c;
}

void ncm_refs_chunk_drop(struct ncm_refs_chunk *c)
{
    if (c && atomic_fetch_sub(&c->users, 1) == 1)
        ncm_free(c);
}

struct ncm_runs_page *ncm_runs_page_new(void)
{
    struct ncm_runs_page *p = ncm_alloc(1, sizeof *p);
    atomic_init(&p->users, 1);
    p->arena = ncm_arena_new();
    p->taken_ms = ncm_now_ms();
    return p;
}

struct ncm_runs_page *ncm_runs_page_share(struct ncm_runs_page *p)
{
    if (p)
        atomic_fetch_add(&p->users, 1);
    return p;
}

void ncm_runs_page_drop(struct ncm_runs_page *p)
{
    if (!p || atomic_fetch_sub(&p->users, 1) != 1)
        return;
    ncm_arena_free(p->arena);
    ncm_free(p);
}

static void release_runs(struct ncm_snapshot *s)
{
    struct ncm_runs_snapshot *r = (struct ncm_runs_snapshot *)s;
    for (size_t i = 0; i < r->n_chunks; i++)
        ncm_refs_chunk_drop(r->chunks[i]);
    for (size_t i = 0; i < r->n_pages; i++)
        ncm_runs_page_drop(r->pages[i]);
}

void *ncm_snapshot_new(enum ncm_topic topic, size_t size)
{
    struct ncm_arena *arena = ncm_arena_new();
    struct ncm_snapshot *s = ncm_arena_alloc(arena, 1, size);
    atomic_init(&s->refs, 1);
    s->topic = topic;
    s->taken_ms = ncm_now_ms();
    s->arena = arena;
    if (topic == NCM_T_RUNS)
        s->release = release_runs;
    return s;
}

/* Readers hold snapshots as const: counting is the one thing about them that changes. */
void *ncm_snapshot_ref(const void *s)
{
    struct ncm_snapshot *head = (struct ncm_snapshot *)s;
    if (head)
        atomic_fetch_add(&head->refs, 1);
    return head;
}

void ncm_snapshot_unref(const void *s)
{
    struct ncm_snapshot *head = (struct ncm_snapshot *)s;
    if (!head || atomic_fetch_sub(&head->refs, 1) != 1)
        return;
    if (head->release)
        head->release(head);
    ncm_arena_free(head->arena);
}

const struct ncm_run_ref *ncm_runs_ref(const struct ncm_runs_snapshot *s, size_t i)
{
    size_t chunk = i / NCM_RUNS_CHUNK;
    if (i >= s->n || chunk >= s->n_chunks || !s->chunks[chunk])
        return NULL;
    return &s->chunks[chunk]->refs[i % NCM_RUNS_CHUNK];
}

const struct ncm_run *ncm_runs_at(const struct ncm_runs_snapshot *s, size_t i)
{
    size_t page = i / NCM_RUNS_PAGE;
    size_t at = i % NCM_RUNS_PAGE;
    if (i >= s->n || page >= s->n_pages || !s->pages[page] || at >= s->pages[page]->n)
        return NULL;
    return &s->pages[page]->runs[at];
}

const struct ncm_model *ncm_models_find(const struct ncm_models_snapshot *s, const char *name)
{
    size_t len = strlen(name);
    size_t low = 0;
    size_t high = s->n;
    while (low < high) {
        size_t mid = low + (high - low) / 2;
        int c = ncm_str_compare(s->items[mid].name, (struct ncm_str){name, len});
        if (c == 0)
            return &s->items[mid];
        if (c < 0)
            low = mid + 1;
        else
            high = mid;
    }
    return NULL;
}
