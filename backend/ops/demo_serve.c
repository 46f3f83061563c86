#include "ops/demo_serve.h"

#include <inttypes.h>
#include <math.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/num.h"
#include "engine/config.h"
#include "io/file.h"
#include "io/node.h"
#include "io/serve.h"
#include "ops/demo_parts.h"

enum {
    SERVERS = 3,
    BUCKETS = 11,
    GOOD_MS = 150000,    /* the candidate is fine for so long … */
    BAD_MS = 240000,     /* … then answers late and wrong … */
    UNLOADED_MS = 60000, /* … then loses its model, and is started again */
    STEP_MS = 100,
};

static const double edges_ms[BUCKETS] = {5, 10, 25, 50, 75, 100, 150, 250, 500, 1000, 2500};

/* Who they are; the first two share the requests of one model. */
static const struct role {
    const char *name, *model, *version;
    double rps, middle_ms; /* requests a second of the whole model; typical duration */
} roles[SERVERS] = {
    {"fraud-stable", "fraud-detector", "7", 46, 34},
    {"fraud-canary", "fraud-detector", "9", 46, 31},
    {"churn-api", "churn", "3", 9, 22},
};

struct server {
    struct ncm_demo_serve *all;
    const struct role *role;
    struct ncm_serve *http;
    char version[24];
    double share; /* of the model's requests, 0…1 */
    double owed;  /* a part of a request */
    int64_t ok, failed;
    int64_t counts[BUCKETS + 1];
    double sum_ms;
    int64_t started_ms; /* of its version: from then on it may go bad */
    bool loaded;
};

struct ncm_demo_serve {
    pthread_mutex_t lock; /* of everything below: the servers answer on threads of their own */
    struct server servers[SERVERS];
    int64_t now_ms;
    uint64_t dice;
};

/* ---- how it goes ----------------------------------------------------------------------------- */

enum mood { FINE, BAD, UNLOADED };

/* Only the version that the team is about to release goes bad; another one is fine. */
static enum mood mood_of(const struct server *s, int64_t now_ms)
{
    if (strcmp(s->role->model, roles[1].model) != 0 || strcmp(s->version, roles[1].version) != 0) {
        return FINE;
    }
    int64_t at = (now_ms - s->started_ms) % (GOOD_MS + BAD_MS + UNLOADED_MS);
    return at < GOOD_MS ? FINE : at < GOOD_MS + BAD_MS ? BAD : UNLOADED;
}

static uint64_t roll(struct ncm_demo_serve *all)
{
    all->dice = ncm_demo_mix(all->dice, 7, 11);
    return all->dice;
}

static void count_one(struct server *s, enum mood mood)
{
    double spread = exp(0.55 * ncm_demo_normal(roll(s->all)));
    double took = s->role->middle_ms * spread * (mood == BAD ? 3.4 : 1);
    double failing = mood == UNLOADED ? 1 : mood == BAD ? 0.09 : 0.0006;
    size_t b = 0;
    while (b < BUCKETS && took > edges_ms[b]) {
        b++;
    }
    s->counts[b]++;
    s->sum_ms += took;
    if (ncm_demo_uniform(roll(s->all)) < failing) {
        s->failed++;
    } else {
        s->ok++;
    }
}

/* The day has its hours: a slow wave over the load. */
static double load_at(int64_t t_ms)
{
    return 1 + 0.25 * sin((double)t_ms / 240000.0);
}

void ncm_demo_serve_tick(struct ncm_demo_serve *all, int64_t now_ms)
{
    if (all == NULL) {
        return;
    }
    pthread_mutex_lock(&all->lock);
    /* After a long sleep the counters do not make up for all of it. */
    int64_t from = all->now_ms > now_ms - 60000 ? all->now_ms : now_ms - 60000;
    for (int64_t t = from; t + STEP_MS <= now_ms; t += STEP_MS) {
        for (size_t i = 0; i < SERVERS; i++) {
            struct server *s = &all->servers[i];
            enum mood mood = mood_of(s, t);
            s->loaded = mood != UNLOADED;
            s->owed += s->role->rps * s->share * load_at(t) * STEP_MS / 1000.0;
            for (; s->owed >= 1; s->owed -= 1) {
                count_one(s, mood);
            }
        }
        all->now_ms = t + STEP_MS;
    }
    pthread_mutex_unlock(&all->lock);
}

/* ---- what they answer ------------------------------------------------------------------------ */

static void put_metrics(const struct server *s, struct ncm_buf *out)
{
    char labels[128];
    int64_t sum = 0;
    snprintf(labels, sizeof labels, "model=\"%s\",version=\"%s\"", s->role->model, s->version);
    ncm_buf_printf(out,
                   "# TYPE model_infer_request_success counter\n"
                   "model_infer_request_success_total{%s} %" PRId64 "\n"
                   "# TYPE model_infer_request_failure counter\n"
                   "model_infer_request_failure_total{%s} %" PRId64 "\n"
                   "# TYPE model_infer_request_duration histogram\n",
                   labels, s->ok, labels, s->failed);
    for (size_t b = 0; b <= BUCKETS; b++) {
        char le[32] = "+Inf";
        sum += s->counts[b];
        if (b < BUCKETS) {
            ncm_fmt_exact(le, sizeof le, edges_ms[b] / 1000);
        }
        ncm_buf_printf(out,
                       "model_infer_request_duration_bucket{%s,le=\"%s\"} %" PRId64 "\n",
                       labels, le, sum);
    }
    ncm_buf_printf(out,
                   "model_infer_request_duration_sum{%s} %.3f\n"
                   "model_infer_request_duration_count{%s} %" PRId64 "\n",
                   labels, s->sum_ms / 1000, labels, sum);
}

static void put_model(const struct server *s, struct ncm_buf *out)
{
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "name");
    ncm_json_str(&j, s->role->model);
    ncm_json_key(&j, "versions");
    ncm_json_arr(&j);
    ncm_json_str(&j, s->version);
    ncm_json_end_arr(&j);
    ncm_json_key(&j, "platform");
    ncm_json_str(&j, "ncmlops-demo");
    ncm_json_end_obj(&j);
}

static void put_index(const struct server *s, struct ncm_buf *out)
{
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_arr(&j);
    ncm_json_obj(&j);
    ncm_json_key(&j, "name");
    ncm_json_str(&j, s->role->model);
    ncm_json_key(&j, "version");
    ncm_json_str(&j, s->version);
    ncm_json_key(&j, "state");
    ncm_json_str(&j, s->loaded ? "READY" : "UNAVAILABLE");
    ncm_json_key(&j, "reason");
    ncm_json_str(&j, s->loaded ? "" : "worker died: out of memory");
    ncm_json_end_obj(&j);
    ncm_json_end_arr(&j);
}

static void put_infer(const struct server *s, struct ncm_serve_answer *out)
{
    struct ncm_json j;
    ncm_json_init(&j, &out->body, false);
    out->status = s->loaded ? 200 : 503;
    ncm_json_obj(&j);
    if (s->loaded) {
        ncm_json_key(&j, "model_name");
        ncm_json_str(&j, s->role->model);
        ncm_json_key(&j, "model_version");
        ncm_json_str(&j, s->version);
        ncm_json_key(&j, "outputs");
        ncm_json_arr(&j);
        ncm_json_obj(&j);
        ncm_json_key(&j, "name");
        ncm_json_str(&j, "score");
        ncm_json_key(&j, "shape");
        ncm_json_arr(&j);
        ncm_json_i64(&j, 1);
        ncm_json_end_arr(&j);
        ncm_json_key(&j, "datatype");
        ncm_json_str(&j, "FP64");
        ncm_json_key(&j, "data");
        ncm_json_arr(&j);
        ncm_json_num(&j, 0.0314);
        ncm_json_end_arr(&j);
        ncm_json_end_obj(&j);
        ncm_json_end_arr(&j);
    } else {
        ncm_json_key(&j, "error");
        ncm_json_str(&j, "the model is not loaded");
    }
    ncm_json_end_obj(&j);
}

static void put_split(const struct ncm_demo_serve *all, struct ncm_buf *out)
{
    struct ncm_json j;
    ncm_json_init(&j, out, false);
    ncm_json_obj(&j);
    for (size_t i = 0; i < 2; i++) {
        ncm_json_key(&j, roles[i].name);
        ncm_json_num(&j, round(all->servers[i].share * 1000) / 10);
    }
    ncm_json_end_obj(&j);
}

/* What the last part of the JSON says that was sent, or NULL. The caller frees the document. */
static const struct ncm_node *sent(const struct ncm_serve_request *rq, struct ncm_doc **doc)
{
    struct ncm_err ignored;
    *doc = NULL;
    return ncm_json_parse("request", rq->body, rq->len, doc, &ignored) ? ncm_doc_root(*doc) : NULL;
}

static double number_of(const struct ncm_node *n)
{
    return n != NULL && (n->kind == NCM_NODE_INT || n->kind == NCM_NODE_NUM) ? n->num : -1;
}

static void set_split(struct ncm_demo_serve *all, const struct ncm_serve_request *rq,
                      struct ncm_serve_answer *out)
{
    struct ncm_doc *doc;
    const struct ncm_node *root = sent(rq, &doc);
    double a = number_of(ncm_node_get(root, roles[0].name));
    double b = number_of(ncm_node_get(root, roles[1].name));
    if (a >= 0 && b >= 0 && fabs(a + b - 100) < 0.01) {
        all->servers[0].share = a / 100;
        all->servers[1].share = b / 100;
        out->status = 200;
        put_split(all, &out->body);
    } else {
        out->status = 422;
        ncm_buf_puts(&out->body, "{\"error\": \"two shares that make 100 are wanted\"}");
    }
    ncm_doc_free(doc);
}

static void reload(struct server *s, const struct ncm_serve_request *rq,
                   struct ncm_serve_answer *out)
{
    struct ncm_doc *doc;
    int64_t number;
    const char *version = ncm_node_str(sent(rq, &doc), "version", "");
    if (ncm_parse_i64(version, &number) && number > 0 && strlen(version) < sizeof s->version) {
        snprintf(s->version, sizeof s->version, "%s", version);
        s->started_ms = s->all->now_ms;
        s->loaded = true;
        s->ok = s->failed = 0; /* what it counts is of its version */
        s->sum_ms = 0;
        memset(s->counts, 0, sizeof s->counts);
        out->status = 200;
        put_model(s, &out->body);
    } else {
        out->status = 422;
        ncm_buf_puts(&out->body,
                     "{\"error\": \"a version is wanted: {\\\"version\\\": \\\"7\\\"}\"}");
    }
    ncm_doc_free(doc);
}

/* "/v2/models/NAME" of its own model: what follows the name; NULL for another path. */
static const char *of_model(const struct server *s, const char *path)
{
    static const char prefix[] = "/v2/models/";
    size_t n = strlen(s->role->model);
    bool mine = strncmp(path, prefix, sizeof prefix - 1) == 0 &&
                strncmp(path + sizeof prefix - 1, s->role->model, n) == 0;
    const char *rest = mine ? path + sizeof prefix - 1 + n : NULL;
    return rest != NULL && (*rest == '\0' || *rest == '/') ? rest : NULL;
}

static void answer_model(struct server *s, const char *rest, struct ncm_serve_answer *out)
{
    if (rest[0] == '\0') {
        out->status = 200;
        put_model(s, &out->body);
    } else if (strcmp(rest, "/ready") == 0) {
        out->status = s->loaded ? 200 : 503;
        if (!s->loaded) {
            ncm_buf_puts(&out->body, "{\"error\": \"the model is not loaded\"}");
        }
    } else if (strcmp(rest, "/infer") == 0) {
        put_infer(s, out);
        s->ok += s->loaded;
        s->failed += !s->loaded;
    }
}

static void answer_page(struct server *s, const struct ncm_serve_request *rq,
                        struct ncm_serve_answer *out)
{
    const char *rest = of_model(s, rq->path);
    bool split = strcmp(s->role->model, roles[0].model) == 0;
    if (strcmp(rq->path, "/v2/health/live") == 0 || strcmp(rq->path, "/v2/health/ready") == 0) {
        out->status = 200;
    } else if (rest != NULL) {
        answer_model(s, rest, out);
    } else if (strcmp(rq->path, "/v2/repository/index") == 0) {
        out->status = 200;
        put_index(s, &out->body);
    } else if (strcmp(rq->path, "/metrics") == 0) {
        out->status = 200;
        out->type = "text/plain; version=0.0.4";
        put_metrics(s, &out->body);
    } else if (strcmp(rq->path, "/traffic") == 0 && split && strcmp(rq->method, "PUT") == 0) {
        set_split(s->all, rq, out);
    } else if (strcmp(rq->path, "/traffic") == 0 && split) {
        out->status = 200;
        put_split(s->all, &out->body);
    } else if (strcmp(rq->path, "/reload") == 0 && strcmp(rq->method, "POST") == 0) {
        reload(s, rq, out);
    } else {
        ncm_buf_puts(&out->body, "{\"error\": \"no such page\"}");
    }
}

static void answer(void *to, const struct ncm_serve_request *rq, struct ncm_serve_answer *out)
{
    struct server *s = to;
    pthread_mutex_lock(&s->all->lock);
    answer_page(s, rq, out);
    pthread_mutex_unlock(&s->all->lock);
}

/* ---- beginning and end ----------------------------------------------------------------------- */

void ncm_demo_serve_config(struct ncm_buf *out)
{
    ncm_buf_puts(out, "    deployments:\n");
    for (size_t i = 0; i < SERVERS; i++) {
        ncm_buf_printf(out,
                       "      - type: http\n"
                       "        name: %s\n"
                       "        url: http://127.0.0.1:%d\n"
                       "        protocol: oip\n"
                       "        model: %s\n"
                       "        metrics: /metrics\n"
                       "        reload: /reload\n"
                       "        every: 2s\n"
                       "        test:\n"
                       "          path: /v2/models/%s/infer\n"
                       "          body: '{\"inputs\": [{\"name\": \"amount\", \"shape\": [1], "
                       "\"datatype\": \"FP64\", \"data\": [41.5]}]}'\n",
                       roles[i].name, ncm_serve_free_port(), roles[i].model, roles[i].model);
        if (i < 2) {
            ncm_buf_puts(out, "        group: fraud\n        traffic: /traffic\n");
        }
    }
}

/* The port that the configuration gives the endpoint of that name; 0: none. */
static int port_of(const struct ncm_deploy_plan *p, const char *name)
{
    for (size_t i = 0; i < p->n; i++) {
        const struct ncm_deploy_source *d = &p->items[i];
        const char *colon = d->url != NULL ? strrchr(d->url, ':') : NULL;
        int64_t port;
        if (d->name != NULL && strcmp(d->name, name) == 0 && colon != NULL &&
            ncm_parse_i64(colon + 1, &port) && port > 0 && port < 65536) {
            return (int)port;
        }
    }
    return 0;
}

static void start(struct ncm_demo_serve *all, const struct ncm_deploy_plan *p, size_t i)
{
    struct server *s = &all->servers[i];
    struct ncm_err ignored; /* a port that is taken: this server is down, and the screen says so */
    int port = port_of(p, roles[i].name);
    *s = (struct server){.all = all,
                         .role = &roles[i],
                         .share = i == 0   ? 0.9
                                  : i == 1 ? 0.1
                                           : 1,
                         .started_ms = all->now_ms,
                         .loaded = true};
    snprintf(s->version, sizeof s->version, "%s", roles[i].version);
    if (port > 0 && !ncm_serve_open(port, answer, s, &s->http, &ignored)) {
        s->http = NULL;
    }
}

struct ncm_demo_serve *ncm_demo_serve_start(const char *root, int64_t now_ms)
{
    struct ncm_config *config;
    struct ncm_err ignored;
    char *path = ncm_path_join(root, "config.yaml");
    bool ok = ncm_config_load(path, &config, &ignored);
    ncm_free(path);
    const struct ncm_config_context *x = ok ? ncm_config_find(config, "demo") : NULL;
    struct ncm_demo_serve *all = NULL;
    if (x != NULL && x->deploy.n > 0) {
        all = ncm_alloc(1, sizeof *all);
        pthread_mutex_init(&all->lock, NULL);
        all->now_ms = now_ms;
        all->dice = ncm_demo_mix((uint64_t)now_ms, 3, 5);
        for (size_t i = 0; i < SERVERS; i++) {
            start(all, &x->deploy, i);
        }
    }
    if (ok) {
        ncm_config_free(config);
    }
    return all;
}

void ncm_demo_serve_stop(struct ncm_demo_serve *all)
{
    if (all == NULL) {
        return;
    }
    for (size_t i = 0; i < SERVERS; i++) {
        ncm_serve_close(all->servers[i].http);
    }
    pthread_mutex_destroy(&all->lock);
    ncm_free(all);
}
