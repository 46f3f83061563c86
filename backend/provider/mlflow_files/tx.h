/* Changes of files that are gathered first and carried out at the end: reading through it shows the
 * store as it will be, so that every comparison and refusal comes before the first write. */
#ifndef NCM_MLFLOW_FILES_TX_H
#define NCM_MLFLOW_FILES_TX_H

#include "provider/mlflow_files/internal.h"

enum files_op_kind {
    FILES_OP_WRITE,
    FILES_OP_REMOVE,
    FILES_OP_MOVE,
    FILES_OP_DELETE,
    FILES_OP_APPEND,
    FILES_OP_FOLDER,
};
struct files_op {
    enum files_op_kind kind;
    char *path;
    char *via;  /* WRITE: folder for the temporary file */
    char *data; /* WRITE, APPEND: content; MOVE: where to */
    size_t len, cap;
    char *ready; /* WRITE in a long list: the temporary file, written already */
    /* To take it back, once it is done. */
    bool done, had;
    char *old;
    size_t old_len;
    int64_t was, now; /* APPEND: size before (-1: no file) and after */
};
struct files_tx {
    struct ncm_conn *c;
    struct files_op *ops;
    size_t n, cap;
    struct ncm_map *last;    /* path → number of the last op that writes or removes it */
    struct ncm_map *appends; /* path → number of the op that appends to it */
    size_t *moves;           /* numbers of those that move or take away folders */
    size_t n_moves, cap_moves;
    bool partial; /* the commit failed, and not all of what it did could be taken back */
};
void files_tx_init(struct files_tx *tx, struct ncm_conn *c);
void files_tx_release(struct files_tx *tx);

/* The content of a file as it will be; *there false where there will be none. */
bool files_tx_read(struct files_tx *tx, const char *path, struct ncm_buf *out, bool *there,
                   struct ncm_err *err);
bool files_tx_is_file(struct files_tx *tx, const char *path);
bool files_tx_is_folder(struct files_tx *tx, const char *path);
/* Names of the entries that a folder will have, each once; free with files_tx_names_free. */
struct files_names {
    char **items;
    size_t n, cap;
};
void files_tx_list(struct files_tx *tx, const char *dir, struct files_names *out);
void files_tx_names_free(struct files_names *n);

/* via: the folder in which the temporary file is made: that of the meta.yaml, as everything in
 * tags/ or aliases/ counts. */
void files_tx_write(struct files_tx *tx, const char *via, const char *path, const char *p,
                    size_t len);
/* Adds at the end of a file, whatever others append meanwhile; what is added in several calls goes
 * there in one write. Reading through the changes does not show it. */
void files_tx_append(struct files_tx *tx, const char *path, const char *p, size_t len);
/* An empty folder. */
void files_tx_folder(struct files_tx *tx, const char *path);
void files_tx_remove(struct files_tx *tx, const char *path);
void files_tx_move(struct files_tx *tx, const char *from, const char *to);
/* A folder with all in it: done last, as it cannot be taken back. */
void files_tx_delete(struct files_tx *tx, const char *path);

/* Carries everything out in order, or nothing: what fails half-way is taken back as far as
 * possible, and err->hint says what could not be. Refuses (before the first write) what leads out
 * of the store or through a link. tx->partial says whether something remains changed. */
bool files_tx_commit(struct files_tx *tx, struct ncm_err *err);
/* After it, while the store is locked: what killed ones left in the same folders. */
void files_tx_sweep(const struct files_tx *tx);

#endif
