/* Files of our own and artifacts. Never used on a file that SQLite has open. */
#ifndef NCM_IO_FILE_H
#define NCM_IO_FILE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"

enum ncm_file_kind { NCM_FILE_NONE, NCM_FILE_REGULAR, NCM_FILE_DIR, NCM_FILE_OTHER };

struct ncm_file_info {
    enum ncm_file_kind kind;
    int64_t size;
    int64_t mtime_ms;
    uint64_t device, inode;
    unsigned mode;
};

/* NONE (and true) where there is no such file; false only for other faults. */
bool ncm_file_stat(const char *path, struct ncm_file_info *out, struct ncm_err *err);
/* Reads up to max bytes from offset; *truncated tells whether more follows. Blocks only on
 * regular files: others are refused. */
bool ncm_file_read(const char *path, int64_t offset, size_t max, struct ncm_buf *out,
                   bool *truncated, struct ncm_err *err);
/* Writes to a temporary name beside it, syncs, renames. mode e.g. 0600. */
bool ncm_file_write(const char *path, const void *p, size_t len, unsigned mode,
                    struct ncm_err *err);
/* The same piece by piece: what was put appears under the name only with the commit. */
struct ncm_file_out;
bool ncm_file_out_open(const char *path, unsigned mode, struct ncm_file_out **out,
                       struct ncm_err *err);
bool ncm_file_out_put(struct ncm_file_out *o, const char *p, size_t len, struct ncm_err *err);
/* Both end it; a failed commit leaves what was there before. NULL allowed in abort. */
bool ncm_file_out_commit(struct ncm_file_out *o, struct ncm_err *err);
void ncm_file_out_abort(struct ncm_file_out *o);
bool ncm_dir_make(const char *path, unsigned mode, struct ncm_err *err); /* with parents */

struct ncm_dir_entry {
    char *name;
    struct ncm_file_info info;
};
/* Sorted: folders first, then by name. At most max entries (then *truncated). Free with
 * ncm_dir_free. */
bool ncm_dir_list(const char *path, size_t max, struct ncm_dir_entry **out, size_t *n,
                  bool *truncated, struct ncm_err *err);
void ncm_dir_free(struct ncm_dir_entry *e, size_t n);

/* Joins with one slash; the caller frees. */
char *ncm_path_join(const char *a, const char *b);
/* "~/x" and "$HOME" free form → absolute path of it relative to base (NULL = cwd); caller frees. */
char *ncm_path_expand(const char *path, const char *base);
/* A path below the home folder as "~/x", any other as it is; the caller frees. */
char *ncm_path_short(const char *path);
/* A variable that says where something is (KUBECONFIG); NULL where it is not set or empty; the
 * caller frees. */
char *ncm_path_variable(const char *name);
/* "file:///a%20b" or a plain path → path; NULL for any other scheme. Caller frees. */
char *ncm_path_from_uri(const char *uri);
/* %XX to bytes; NULL for %00, which no path and no name can hold. Caller frees. */
char *ncm_percent_decode(const char *s);
/* Whether `inner` joined below `root` stays below it (no .., no absolute part). */
bool ncm_path_inside(const char *inner);

/* $XDG_CONFIG_HOME/ncmlops, $XDG_STATE_HOME/ncmlops (with the usual defaults); caller frees. */
char *ncm_dir_config(void);
char *ncm_dir_state(void);

/* Hex SHA-256 (64 digits and NUL). */
void ncm_sha256_hex(const void *p, size_t len, char out[65]);
/* n random bytes as hex (2n digits and NUL). */
void ncm_random_hex(char *out, size_t n);
void ncm_base64(struct ncm_buf *out, const void *p, size_t len);
/* The bytes of base64 in which white space is not looked at, NUL-terminated; NULL where it is none.
 * The caller wipes and frees. */
char *ncm_base64_decode(const char *text, size_t *len);

/* User and host of this process, for the audit; caller frees. */
char *ncm_whoami(void);
char *ncm_hostname(void);

#endif
