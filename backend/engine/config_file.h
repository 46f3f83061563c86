/* Between the files of the configuration: looking things up in the table of settings. */
#ifndef NCM_ENGINE_CONFIG_FILE_H
#define NCM_ENGINE_CONFIG_FILE_H

#include <stdbool.h>

#include "engine/config.h"

/* The row of `key` below a parent row's path ("" for the top); NULL where there is none. */
const struct ncm_setting *ncm_config_row(const char *parent, const char *key);
/* The known key below that is most like `key`; NULL where none is near. */
const char *ncm_config_nearest(const char *parent, const char *key);
/* Whether word is one of "a|b|c". */
bool ncm_config_one_of(const char *list, const char *word);
/* Where user and password of an address begin and end; false without. */
bool ncm_uri_user(const char *uri, size_t *from, size_t *to);
/* Whether an address holds a password. */
bool ncm_config_uri_secret(const char *uri);

#endif
