/* Putting files into a folder that other programs read at the same time. */
#ifndef NCM_IO_FILE_PLACE_H
#define NCM_IO_FILE_PLACE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/err.h"

/* Writes to a temporary name in the folder `via`, syncs, and moves it to path: whoever lists the
 * folder of path never sees the temporary one. Folders missing on the way to path are made. The
 * mode and group of a file that is there are kept, a new one has those of any file that is made
 * there. */
bool ncm_file_place(const char *path, const char *via, const void *p, size_t len,
                    struct ncm_err *err);
/* The same in two steps for many files, which are synced together (ncm_disk_sync) between them and
 * at the end. The first one's result is the temporary file (caller frees), NULL where it fails; the
 * second one moves it, or takes it away where that fails. */
char *ncm_file_prepare(const char *path, const char *via, const void *p, size_t len,
                       struct ncm_err *err);
bool ncm_file_put(const char *temporary, const char *path, struct ncm_err *err);
/* Everything written to the file system of this folder is on the disk. */
void ncm_disk_sync(const char *dir);
/* Takes away what a killed ncm_file_place left in `via`; only while nobody else places files there.
 */
void ncm_file_sweep(const char *via);
/* Takes a file away; NCM_NOT_FOUND where there is none. */
bool ncm_file_unlink(const char *path, struct ncm_err *err);
/* Adds bytes at the end of a file in one write, as other programs do that append to it; folders and
 * the file are made where they are missing. A last line that was left half written gets its newline
 * first. *was and *now: its size before (-1: there was none) and after. sync: it is on the disk
 * afterwards. A write that fails half-way is cut off again. */
bool ncm_file_append(const char *path, const void *p, size_t len, bool sync, int64_t *was,
                     int64_t *now, struct ncm_err *err);
/* Takes that back: cuts a file of size `now` to `was` (-1: takes it away). NCM_CONFLICT, and
 * nothing is done, where somebody else has written to it since. */
bool ncm_file_cut(const char *path, int64_t now, int64_t was, struct ncm_err *err);
/* Moves a folder; fails where there is something at `to`. */
bool ncm_dir_move(const char *from, const char *to, struct ncm_err *err);
/* Takes a folder away with all that is in it; links are not followed. */
bool ncm_dir_remove(const char *path, struct ncm_err *err);

/* The lock of a folder, as flock(2): between programs that ask for it only. False with NCM_BUSY
 * where another one holds it until the deadline (ncm_mono_ms); *fd is -1 where the file system has
 * no locks. Let go with ncm_dir_unlock. */
bool ncm_dir_lock(const char *path, int64_t deadline_mono_ms, int *fd, struct ncm_err *err);
void ncm_dir_unlock(int fd);

#endif
