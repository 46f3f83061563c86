/* A hash map from byte strings to size_t (an index or a count). Keys are copied. */
#ifndef NCM_BASE_MAP_H
#define NCM_BASE_MAP_H

#include <stdbool.h>
#include <stddef.h>

struct ncm_map;
struct ncm_map *ncm_map_new(void);
void ncm_map_free(struct ncm_map *m);
/* Sets key to value; replaces. */
void ncm_map_set(struct ncm_map *m, const char *key, size_t len, size_t value);
/* false where the key is absent; *value then untouched. */
bool ncm_map_get(const struct ncm_map *m, const char *key, size_t len, size_t *value);
bool ncm_map_del(struct ncm_map *m, const char *key, size_t len);
size_t ncm_map_count(const struct ncm_map *m);
/* Walks all keys in no order: start with *it = 0; false at the end. Keys are borrowed. */
bool ncm_map_next(const struct ncm_map *m, size_t *it, const char **key, size_t *len,
                  size_t *value);

#endif
