#include "ops/demo_predict.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/i18n.h"
#include "base/mem.h"
#include "base/num.h"
#include "io/file.h"
#include "ops/demo_parts.h"
#include "ops/demo_serve.h"

enum {
    ROW_MS = 250, /* between two rows */
    REFERENCE_ROWS = 12000,
    LOG_MOST = 32 * 1024 * 1024, /* it is renamed then */
    STALE_MS = 10 * 60000,
};
#define BEFORE_MS INT64_C(10800000) /* what the logs hold at the start */
#define CYCLE_MS  INT64_C(25200000) /* from no drift to all of it and back */
#define TEXT_MOST ((size_t)64 * 1024 * 1024)

/* 0 … 1: how far the inputs have drifted; rising through the history, then back and forth. */
static double drift_at(int64_t t_ms, int64_t anchor_ms)
{
    double t = (double)(t_ms - anchor_ms + BEFORE_MS) / (double)CYCLE_MS;
    double level = 0.5 - 0.5 * cos(6.283185307 * t);
    return t < 0 || level < 0.25 ? 0 : (level - 0.25) / 0.75;
}

struct payment {
    double amount, card_age, score;
    int velocity;
    const char *merchant, *country, *device; /* device NULL: missing */
    const char *version;
};

static const char *pick(const char *const *words, const double *shares, size_t n, double u)
{
    size_t i = 0;
    for (double sum = shares[0]; i + 1 < n && u >= sum; sum += shares[i]) {
        i++;
    }
    return words[i];
}

static void make_payment(uint64_t n, double drift, struct payment *out)
{
    static const char *const merchants[] = {"grocery", "fuel",   "travel",     "games",
                                            "fashion", "online", "gift_cards", "cash"};
    static const char *const countries[] = {"KR", "DE", "US", "JP", "BR"};
    static const char *const devices[] = {"ios", "android", "web"};
    const double m[] = {0.27 - 0.15 * drift, 0.14, 0.09,        0.10,
                        0.15 - 0.05 * drift, 0.22, 0.2 * drift, 0.03};
    const double c[] = {0.48, 0.2, 0.15, 0.1, 0.07};
    const double d[] = {0.41, 0.39, 0.2};
    double u[8];
    for (uint64_t i = 0; i < 8; i++) {
        u[i] = ncm_demo_uniform(ncm_demo_mix(n, i, 101));
    }
    double z = ncm_demo_normal(ncm_demo_mix(n, 9, 101));
    out->amount = exp(3.1 + 0.45 * drift + 0.9 * z);
    out->card_age = -900.0 * log(1.0 - u[0]);
    out->velocity = (int)floor(-1.6 * log(1.0 - u[1]) * (1.0 + 0.3 * drift));
    out->merchant = pick(merchants, m, 8, u[2]);
    out->country = pick(countries, c, 5, u[3]);
    out->device = u[4] < 0.01 + 0.05 * drift ? NULL : pick(devices, d, 3, u[5]);
    double risk = -4.2 + 0.012 * out->amount + 0.25 * out->velocity + 0.3 * z;
    out->score = 1.0 / (1.0 + exp(-risk));
    out->version = u[6] < 0.1 ? "9" : "8";
}

static void put_payment_json(struct ncm_buf *b, int64_t t_ms, int64_t anchor_ms)
{
    struct payment p;
    char time[40];
    make_payment((uint64_t)(t_ms / ROW_MS), drift_at(t_ms, anchor_ms), &p);
    ncm_buf_printf(b, "{\"ts\":\"%s\",\"id\":%" PRId64 ",\"version\":\"%s\",\"features\":{",
                   ncm_fmt_iso(time, sizeof time, t_ms), t_ms / ROW_MS, p.version);
    ncm_buf_printf(b, "\"amount\":%.2f,\"merchant_cat\":\"%s\",\"country\":\"%s\",", p.amount,
                   p.merchant, p.country);
    ncm_buf_printf(b, "\"card_age_d\":%.0f,\"velocity_1h\":%d,", p.card_age, p.velocity);
    if (p.device != NULL) {
        ncm_buf_printf(b, "\"device\":\"%s\"},", p.device);
    } else {
        ncm_buf_puts(b, "\"device\":null},");
    }
    ncm_buf_printf(b, "\"score\":%.4f}\n", p.score);
}

/* A subscriber: nothing of it drifts. */
static void put_churn_csv(struct ncm_buf *b, int64_t t_ms)
{
    static const char *const plans[] = {"basic", "plus", "family", "business"};
    const double shares[] = {0.45, 0.3, 0.17, 0.08};
    uint64_t n = ncm_demo_mix((uint64_t)(t_ms / ROW_MS), 7, 202);
    double u[3];
    char time[40];
    for (uint64_t i = 0; i < 3; i++) {
        u[i] = ncm_demo_uniform(ncm_demo_mix(n, i, 202));
    }
    double z = ncm_demo_normal(ncm_demo_mix(n, 5, 202));
    ncm_buf_printf(b, "%s,%.0f,%s,%d,%.1f\n", ncm_fmt_iso(time, sizeof time, t_ms),
                   floor(-22.0 * log(1.0 - u[0])), pick(plans, shares, 4, u[1]),
                   (int)floor(-1.2 * log(1.0 - u[2])), exp(2.2 + 0.7 * z));
}

#define CHURN_HEAD "time,tenure,plan,tickets_90d,usage_gb\n"

static bool write_text(const char *root, const char *name, const struct ncm_buf *text,
                       struct ncm_err *err)
{
    char *path = ncm_path_join(root, name);
    bool ok = ncm_file_write(path, text->p, text->len, 0644, err);
    ncm_free(path);
    return ok;
}

/* Rows of long before, when nothing had drifted. */
static bool write_references(const char *root, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_buf b;
    int64_t from = now_ms - INT64_C(30) * 86400000;
    ncm_buf_init(&b, TEXT_MOST);
    ncm_buf_puts(&b, "features.amount,features.merchant_cat,features.country,"
                     "features.card_age_d,features.velocity_1h,features.device,score\n");
    for (int i = 0; i < REFERENCE_ROWS; i++) {
        struct payment p;
        make_payment((uint64_t)(from / ROW_MS + i), 0, &p);
        ncm_buf_printf(&b, "%.2f,%s,%s,%.0f,%d,%s,%.4f\n", p.amount, p.merchant, p.country,
                       p.card_age, p.velocity, p.device != NULL ? p.device : "", p.score);
    }
    bool ok = write_text(root, "data/fraud-train.csv", &b, err);
    ncm_buf_clear(&b);
    ncm_buf_puts(&b, CHURN_HEAD);
    for (int i = 0; i < REFERENCE_ROWS / 3; i++) {
        put_churn_csv(&b, from + (int64_t)i * ROW_MS);
    }
    ok = ok && write_text(root, "data/churn-train.csv", &b, err);
    ncm_buf_release(&b);
    return ok;
}

static void rows_between(struct ncm_buf *fraud, struct ncm_buf *churn, int64_t since_ms,
                         int64_t now_ms, int64_t anchor_ms)
{
    for (int64_t t = (since_ms / ROW_MS + 1) * ROW_MS; t <= now_ms; t += ROW_MS) {
        put_payment_json(fraud, t, anchor_ms);
        if (t / ROW_MS % 4 == 0) {
            put_churn_csv(churn, t);
        }
    }
}

static bool write_logs(const char *root, int64_t now_ms, int64_t anchor_ms, struct ncm_err *err)
{
    struct ncm_buf fraud, churn;
    ncm_buf_init(&fraud, TEXT_MOST);
    ncm_buf_init(&churn, TEXT_MOST);
    ncm_buf_puts(&churn, CHURN_HEAD);
    rows_between(&fraud, &churn, now_ms - BEFORE_MS, now_ms, anchor_ms);
    bool ok = write_text(root, "predictions/fraud.jsonl", &fraud, err) &&
              write_text(root, "predictions/churn.csv", &churn, err);
    ncm_buf_release(&fraud);
    ncm_buf_release(&churn);
    return ok;
}

static const char config_text[] = "# Written by the demo: what its dashboard watches.\n"
                                  "current-context: demo\n"
                                  "contexts:\n"
                                  "  demo:\n"
                                  "    tracking: {uri: mlflow.db}\n";
static const char models_text[] = "    models:\n"
                                  "      fraud-detector:\n"
                                  "        monitors:\n"
                                  "          - name: inputs\n"
                                  "            reference: data/fraud-train.csv\n"
                                  "            current: predictions/fraud.jsonl\n"
                                  "            follow: true\n"
                                  "            window: 2m\n"
                                  "            every: 5s\n"
                                  "            ignore: [id]\n"
                                  "            version: version\n"
                                  "            method: psi\n"
                                  "            threshold: [0.1, 0.25]\n"
                                  "            severity: critical\n"
                                  "      churn:\n"
                                  "        monitors:\n"
                                  "          - name: inputs\n"
                                  "            reference: data/churn-train.csv\n"
                                  "            current: predictions/churn.csv\n"
                                  "            follow: true\n"
                                  "            window: 10m\n"
                                  "            every: 10s\n"
                                  "            method: js\n";

static bool is_there(const char *root, const char *name, struct ncm_file_info *info)
{
    struct ncm_err ignored;
    char *path = ncm_path_join(root, name);
    bool there = ncm_file_stat(path, info, &ignored) && info->kind == NCM_FILE_REGULAR;
    ncm_free(path);
    return there;
}

static bool make_folder(const char *root, const char *name, struct ncm_err *err)
{
    char *path = ncm_path_join(root, name);
    bool ok = ncm_dir_make(path, 0755, err);
    ncm_free(path);
    return ok;
}

bool ncm_demo_predictions_make(const char *root, int64_t now_ms, struct ncm_err *err)
{
    struct ncm_file_info info = {0};
    bool ok = make_folder(root, "data", err) && make_folder(root, "predictions", err);
    if (ok && !is_there(root, "config.yaml", &info)) {
        struct ncm_buf text;
        ncm_buf_init(&text, 1 << 16);
        ncm_buf_puts(&text, config_text);
        ncm_demo_serve_config(&text);
        ncm_buf_puts(&text, models_text);
        ok = write_text(root, "config.yaml", &text, err);
        ncm_buf_release(&text);
    }
    if (ok && !is_there(root, "data/churn-train.csv", &info)) {
        ok = write_references(root, now_ms, err);
    }
    bool fresh =
        is_there(root, "predictions/fraud.jsonl", &info) && now_ms - info.mtime_ms < STALE_MS;
    return ok && (fresh || write_logs(root, now_ms, now_ms, err));
}

static bool append(const char *root, const char *name, const struct ncm_buf *text,
                   struct ncm_err *err)
{
    struct ncm_file_info info = {0};
    char *path = ncm_path_join(root, name);
    if (is_there(root, name, &info) && info.size > LOG_MOST) {
        char *old = ncm_sprintf("%s.1", path);
        if (rename(path, old) != 0) {
            unlink(old);
        }
        ncm_free(old);
    }
    bool fresh = !is_there(root, name, &info);
    FILE *f = fopen(path, "ae");
    bool ok = f != NULL;
    if (ok && fresh && strstr(name, ".csv") != NULL) {
        ok = fputs(CHURN_HEAD, f) >= 0;
    }
    ok = ok && fwrite(text->p, 1, text->len, f) == text->len;
    if (f != NULL && fclose(f) != 0) {
        ok = false;
    }
    if (!ok) {
        ncm_fail(err, NCM_IO, _("Cannot write %s."), path);
    }
    ncm_free(path);
    return ok;
}

bool ncm_demo_predictions_add(const char *root, int64_t since_ms, int64_t now_ms,
                              struct ncm_err *err)
{
    struct ncm_buf fraud, churn;
    struct ncm_file_info info = {0};
    /* The history was made around the time of the reference. */
    int64_t anchor = is_there(root, "data/churn-train.csv", &info) ? info.mtime_ms : now_ms;
    ncm_buf_init(&fraud, TEXT_MOST);
    ncm_buf_init(&churn, TEXT_MOST);
    /* After a night in which the machine slept, not all of it is made up for. */
    since_ms = since_ms > now_ms - BEFORE_MS ? since_ms : now_ms - BEFORE_MS;
    rows_between(&fraud, &churn, since_ms, now_ms, anchor);
    bool ok = (fraud.len == 0 || append(root, "predictions/fraud.jsonl", &fraud, err)) &&
              (churn.len == 0 || append(root, "predictions/churn.csv", &churn, err));
    ncm_buf_release(&fraud);
    ncm_buf_release(&churn);
    return ok;
}
