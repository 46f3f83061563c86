#include "model/value.h"

#include <string.h>

int ncm_str_compare(struct ncm_str a, struct ncm_str b)
{
    size_t n = a.len < b.len ? a.len : b.len;
    int c = n > 0 ? memcmp(a.p, b.p, n) : 0;
    return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

const struct ncm_kv *ncm_kv_find(const struct ncm_kv *kv, size_t n, const char *key)
{
    struct ncm_str wanted = {key, strlen(key)};
    size_t low = 0;
    while (low < n) {
        size_t mid = low + (n - low) / 2;
        int c = ncm_str_compare(kv[mid].key, wanted);
        if (c == 0)
            return &kv[mid];
        if (c < 0)
            low = mid + 1;
        else
            n = mid;
    }
    return NULL;
}
