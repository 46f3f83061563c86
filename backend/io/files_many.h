/* Many small files at once: a few threads with a buffer each, and reading again only what moved. */
#ifndef NCM_IO_FILES_MANY_H
#define NCM_IO_FILES_MANY_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/err.h"
#include "io/file.h"

/* Which content of a file is known. Zeroed: none. */
struct ncm_file_stamp {
    int64_t mtime_ns, size;
    uint64_t inode;
    bool known;
    bool settled; /* its last change was old enough when it was read: a later one moves the time */
};

enum ncm_look {
    NCM_LOOK_SAME,  /* what is known is still there */
    NCM_LOOK_NEW,   /* it was read, or (ncm_file_look) is to be read */
    NCM_LOOK_GONE,  /* there is no such file */
    NCM_LOOK_FAULT, /* *err says why it cannot be read */
};

/* Compares the file or folder with *stamp, which becomes what is there now. */
enum ncm_look ncm_file_look(const char *path, struct ncm_file_stamp *stamp, struct ncm_err *err);
/* Reads a regular file whole into *out (emptied before) where it is not what *stamp knows. One
 * larger than max is NCM_TOO_LARGE. Any thread. */
enum ncm_look ncm_file_read_new(const char *path, struct ncm_file_stamp *stamp, size_t max,
                                struct ncm_buf *out, struct ncm_err *err);

/* The names in a folder in no order, without "." and ".."; kind is what a link (`link`) leads to.
 * At most max (*more: there are others). NCM_NOT_FOUND, NCM_FORBIDDEN, NCM_IO. Any thread. */
bool ncm_dir_each(const char *path, size_t max,
                  void (*entry)(void *to, const char *name, enum ncm_file_kind kind, bool link),
                  void *to, bool *more, struct ncm_err *err);

/* Work on n things, each done once, by several threads in no order. */
struct ncm_many {
    size_t n;
    void (*work)(void *to, size_t i, struct ncm_buf *scratch); /* scratch: this thread's own */
    void *to;
    const atomic_bool *cancel, *stop; /* either set: NCM_CANCELLED soon; NULL allowed */
    int64_t deadline_mono_ms;         /* by ncm_mono_ms(); 0 = none: NCM_TIMEOUT */
    /* Now and then, on the calling thread; NULL allowed. */
    void (*progress)(void *to, size_t done, size_t n);
    void *progress_to;
};
/* Returns when all is done, or false when it was ended early; no thread is left behind. The threads
 * take no signals. Few things are done on the calling thread alone. */
bool ncm_many_do(const struct ncm_many *m, struct ncm_err *err);

#endif
