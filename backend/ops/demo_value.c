/* Numbers of the demo: repeatable chance, and the curves of a training run. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "ops/demo_parts.h"

uint64_t ncm_demo_mix(uint64_t seed, uint64_t a, uint64_t b)
{
    uint64_t z = seed + a * 0x9E3779B97F4A7C15u + b * 0xD1B54A32D192ED03u + 0x632BE59BD9B4E019u;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9u;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EBu;
    return z ^ (z >> 31);
}

uint64_t ncm_demo_hash(const char *text)
{
    uint64_t h = 0xCBF29CE484222325u;
    for (const char *p = text; *p != '\0'; p++) {
        h = (h ^ (unsigned char)*p) * 0x100000001B3u;
    }
    return ncm_demo_mix(h, 1, 2);
}

double ncm_demo_uniform(uint64_t n)
{
    return (double)(n >> 11) / 9007199254740992.0;
}

double ncm_demo_normal(uint64_t n)
{
    double sum = 0;
    for (uint64_t i = 0; i < 4; i++) {
        sum += ncm_demo_uniform(ncm_demo_mix(n, i, 77));
    }
    return (sum - 2.0) * 1.7320508; /* four uniforms have a variance of 1/3 */
}

void ncm_demo_id(uint64_t a, uint64_t b, char out[33])
{
    snprintf(out, 33, "%016llx%016llx", (unsigned long long)ncm_demo_mix(a, b, 3),
             (unsigned long long)ncm_demo_mix(b, a, 4));
}

void ncm_demo_pick(const char *list, uint64_t n, char *out, size_t outsz)
{
    uint64_t count = 1;
    for (const char *p = list; *p != '\0'; p++) {
        count += *p == '|';
    }
    const char *start = list;
    for (uint64_t skip = n % count; skip > 0; skip--) {
        start = strchr(start, '|') + 1;
    }
    size_t len = strcspn(start, "|");
    snprintf(out, outsz, "%.*s", (int)len, start);
}

/* What a run that blows up logs: growing, one infinity, then NaN for good. */
static double diverged(const struct ncm_demo_metric *m, double value, int steps_in)
{
    if (m->start <= m->best || m->noise <= 0) {
        return steps_in < 5 ? value * exp(-0.25 * steps_in) : NAN;
    }
    if (steps_in < 5) {
        return value * pow(4.0, steps_in + 1);
    }
    return steps_in == 5 ? INFINITY : NAN;
}

double ncm_demo_value(const struct ncm_demo_run *r, size_t metric, int step, int steps)
{
    const struct ncm_demo_metric *m = &r->experiment->metrics[metric];
    uint64_t seed = ncm_demo_mix(ncm_demo_hash(r->id), metric, 5);
    double level = m->worst + (m->best - m->worst) * r->quality;
    double noise = ncm_demo_normal(ncm_demo_mix(seed, (uint64_t)step, 6));
    if (m->points == 0) {
        return level + m->noise * noise;
    }
    double t = (double)step / (double)steps;
    double tempo = m->rate * (0.75 + 0.5 * ncm_demo_uniform(ncm_demo_mix(seed, 1, 7)));
    double phase = 6.28 * ncm_demo_uniform(ncm_demo_mix(seed, 2, 7));
    double wave = sin(t * (9.0 + phase) + phase);
    double value = level + (m->start - level) * exp(-tempo * t) +
                   m->noise * (noise + 0.8 * wave) * (0.6 + 2.4 * exp(-4.0 * t));
    if (r->diverges_at > 0 && step >= r->diverges_at) {
        return diverged(m, value, step - r->diverges_at);
    }
    return value;
}
