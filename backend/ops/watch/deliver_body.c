/* What a webhook is told. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/num.h"
#include "io/node.h"
#include "ops/watch/deliver.h"

enum { BODY_MOST = 256 * 1024 };

static void str(struct ncm_json *j, const char *key, struct ncm_str s)
{
    ncm_json_key(j, key);
    if (s.p == NULL) {
        ncm_json_null(j);
    } else {
        ncm_json_str_n(j, s.p, s.len);
    }
}

static void num(struct ncm_json *j, const char *key, double v)
{
    ncm_json_key(j, key);
    if (isnan(v)) {
        ncm_json_null(j);
    } else {
        ncm_json_num(j, v);
    }
}

static char *our_json(const struct ncm_delivery *d)
{
    struct ncm_buf b;
    struct ncm_json j;
    ncm_buf_init(&b, BODY_MOST);
    ncm_json_init(&j, &b, false);
    ncm_json_obj(&j);
    ncm_json_key(&j, "source");
    ncm_json_str(&j, "ncmlops");
    ncm_json_key(&j, "delivery");
    ncm_json_i64(&j, d->id);
    ncm_json_key(&j, "id");
    ncm_json_i64(&j, d->alert);
    str(&j, "state", d->event);
    str(&j, "rule", d->rule);
    str(&j, "model", d->model);
    str(&j, "feature", d->feature);
    str(&j, "severity", d->severity);
    str(&j, "summary", d->summary);
    num(&j, "value", d->value);
    num(&j, "threshold", d->threshold);
    ncm_json_key(&j, "since");
    ncm_json_i64(&j, d->since_ms);
    ncm_json_key(&j, "time");
    ncm_json_i64(&j, d->event_ms);
    ncm_json_end_obj(&j);
    char *text = ncm_buf_take(&b);
    ncm_buf_release(&b);
    return text;
}

/* The value of a placeholder; false: there is none of that name. out is cleared first. */
static bool value_of(const struct ncm_delivery *d, const char *name, size_t len,
                     struct ncm_buf *out)
{
    const struct {
        const char *name;
        struct ncm_str text;
    } texts[] = {
        {"rule", d->rule},         {"model", d->model}, {"feature", d->feature},
        {"severity", d->severity}, {"state", d->event}, {"summary", d->summary},
    };
    const struct {
        const char *name;
        int64_t number;
    } numbers[] = {{"id", d->alert}, {"delivery", d->id}};
    char text[64];
    ncm_buf_clear(out);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        if (strlen(texts[i].name) == len && strncmp(texts[i].name, name, len) == 0) {
            return ncm_buf_add(out, ncm_cstr(texts[i].text), texts[i].text.len);
        }
    }
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        if (strlen(numbers[i].name) == len && strncmp(numbers[i].name, name, len) == 0) {
            return ncm_buf_printf(out, "%" PRId64, numbers[i].number);
        }
    }
    if (len == 5 && strncmp("value", name, len) == 0) {
        return ncm_buf_puts(out, ncm_fmt_exact(text, sizeof text, d->value));
    }
    if (len == 9 && strncmp("threshold", name, len) == 0) {
        return ncm_buf_puts(out, ncm_fmt_exact(text, sizeof text, d->threshold));
    }
    if (len == 5 && strncmp("since", name, len) == 0) {
        return ncm_buf_puts(out, ncm_fmt_iso(text, sizeof text, d->since_ms));
    }
    return false;
}

/* As the inside of a JSON string: what the writer makes without its quotes. */
static void put_escaped(struct ncm_buf *out, const struct ncm_buf *value)
{
    struct ncm_buf quoted;
    struct ncm_json j;
    ncm_buf_init(&quoted, BODY_MOST);
    ncm_json_init(&j, &quoted, false);
    ncm_json_str_n(&j, value->p, value->len);
    if (quoted.len >= 2) {
        ncm_buf_add(out, quoted.p + 1, quoted.len - 2);
    }
    ncm_buf_release(&quoted);
}

static void put_placeholder(struct ncm_buf *out, const struct ncm_delivery *d, const char *name,
                            size_t len, bool json)
{
    struct ncm_buf value;
    if (len == 4 && strncmp("json", name, len) == 0) {
        char *whole = our_json(d);
        ncm_buf_puts(out, whole);
        ncm_free(whole);
        return;
    }
    ncm_buf_init(&value, BODY_MOST);
    if (!value_of(d, name, len, &value)) {
        ncm_buf_printf(out, "{{%.*s}}", (int)len, name);
    } else if (json) {
        put_escaped(out, &value);
    } else {
        ncm_buf_add(out, value.p, value.len);
    }
    ncm_buf_release(&value);
}

char *ncm_delivery_body(const struct ncm_webhook *hook, const struct ncm_delivery *d)
{
    if (hook->template == NULL) {
        return our_json(d);
    }
    bool json = hook->content_type == NULL || strstr(hook->content_type, "json") != NULL;
    struct ncm_buf out;
    ncm_buf_init(&out, BODY_MOST);
    for (const char *p = hook->template; *p != '\0';) {
        const char *open = strstr(p, "{{");
        const char *close = open != NULL ? strstr(open, "}}") : NULL;
        if (close == NULL) {
            ncm_buf_puts(&out, p);
            break;
        }
        ncm_buf_add(&out, p, (size_t)(open - p));
        put_placeholder(&out, d, open + 2, (size_t)(close - open - 2), json);
        p = close + 2;
    }
    char *text = ncm_buf_take(&out);
    ncm_buf_release(&out);
    return text;
}
