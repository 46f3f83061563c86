/* Shared by present.c, rules.c and apply*.c only: how changes are compared and written. */
#ifndef NCM_MLFLOW_REST_APPLY_H
#define NCM_MLFLOW_REST_APPLY_H

#include "provider/mlflow_rest/internal.h"

/* One list of changes being carried out. For reading only c and control are set. */
struct rest_writer {
    struct ncm_conn *c;
    const struct ncm_control *control; /* NULL: no flag and no deadline */
    const struct ncm_mark *mark;       /* NULL: leave no transition tags */
    struct ncm_receipt *receipt;
    const struct ncm_changes *changes;
    struct rest_step *steps; /* one a change */
    int64_t now_ms;          /* when a run that this list makes began */
    char new_run[40];        /* its id; "" before */
    char active[64];         /* the run found active by the rules last; "": none was */
};

/* What became of a change. */
enum rest_fate {
    REST_AS_WAS,  /* not written */
    REST_DONE,    /* written by us */
    REST_UNKNOWN, /* sent, no answer, and reading did not tell */
};
struct rest_step {
    enum rest_fate fate;
    int64_t time_ms;  /* DONE: the server's own time of it; NCM_NO_TIME where it did not say */
    size_t others;    /* stages: transition tags of others on the version before the change */
    char created[40]; /* the new version's number, the new experiment's or run's id */
};

/* ---- present.c ------------------------------------------------------------------------------ */

/* A path with one or two query parameters, encoded; key2 may be NULL. The caller frees. */
char *rest_path(const char *path, const char *key, const char *value, const char *key2,
                const char *value2);
/* Look-ups by name. *n is borrowed from *doc (ncm_doc_free). NCM_NOT_FOUND in the words of
 * model/rules.h. */
bool rest_get_model(struct rest_writer *w, const char *name, struct ncm_doc **doc,
                    const struct ncm_node **n, struct ncm_err *err);
bool rest_get_version(struct rest_writer *w, const char *name, const char *version,
                      struct ncm_doc **doc, const struct ncm_node **n, struct ncm_err *err);
bool rest_get_run(struct rest_writer *w, const char *id, struct ncm_doc **doc,
                  const struct ncm_node **n, struct ncm_err *err);
bool rest_get_experiment(struct rest_writer *w, const char *id, struct ncm_doc **doc,
                         const struct ncm_node **n, struct ncm_err *err);
/* By name, deleted ones too; *n NULL where none has it. */
bool rest_find_experiment(struct rest_writer *w, const char *name, struct ncm_doc **doc,
                          const struct ncm_node **n, struct ncm_err *err);
/* Calls each for every version of a model (deleted ones are gone) until it returns false. */
bool rest_each_version(struct rest_writer *w, const char *model,
                       bool (*each)(void *to, const struct ncm_node *version), void *to,
                       struct ncm_err *err);
/* The value of a tag in an object's tags, "" where the tag has none; NULL: no such tag. */
const char *rest_tag(const struct ncm_node *object, const char *key);
/* See struct ncm_provider.present. */
bool rest_now(struct rest_writer *w, const struct ncm_change *ch, char **value,
              struct ncm_err *err);

/* ---- rules.c -------------------------------------------------------------------------------- */

/* What MLflow, or this server, does not take. Reads only. */
bool rest_rules(struct rest_writer *w, const struct ncm_change *ch, struct ncm_err *err);

/* ---- apply_write.c -------------------------------------------------------------------------- */

/* Carries one change out whose `from` was compared just before, and finds out what became of it:
 * true only for REST_DONE. archive: a stage's other versions go to Archived with it. */
bool rest_write(struct rest_writer *w, const struct ncm_change *ch, bool archive,
                struct rest_step *step, struct ncm_err *err);

/* ---- apply_lost.c --------------------------------------------------------------------------- */

/* Whether an error leaves open what the server did with a request. */
bool rest_is_doubtful(const struct ncm_err *err);
/* After such an error: reads, with patience, what became of the change. err (the error) gets a
 * hint where that cannot be known. */
enum rest_fate rest_find_fate(struct rest_writer *w, const struct ncm_change *ch,
                              struct rest_step *step, struct ncm_err *err);
/* Transition tags on a version that are not of this audit id (NULL: all). */
size_t rest_other_marks(const struct ncm_node *version, const char *audit_id);

/* ---- apply_stage.c -------------------------------------------------------------------------- */

/* The changes of stages of one model that begin at `first`, as one group; *n is how many. */
bool rest_stages(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err);

/* ---- apply_runs.c --------------------------------------------------------------------------- */

/* The new run at `first`, in one request with the tags that follow it in the list; *n changes. */
bool rest_new_run(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err);
/* The points of one run that begin at `first`, as many as one request takes (*n): a server may do
 * these as one. */
bool rest_points(struct rest_writer *w, size_t first, size_t *n, struct ncm_err *err);
/* The present value of a new run's id and of a point; see struct ncm_provider.present. */
bool rest_now_new_run(struct rest_writer *w, const struct ncm_change *ch, char **value,
                      struct ncm_err *err);
bool rest_now_point(struct rest_writer *w, const struct ncm_change *ch, char **value,
                    struct ncm_err *err);
/* A run that may have been made by a request without an answer: by its experiment, name and time of
 * start; its id in `id`, "" where there is none. */
bool rest_find_new_run(struct rest_writer *w, const struct ncm_change *ch, char *id, size_t size,
                       struct ncm_err *err);

/* ---- apply_mark.c --------------------------------------------------------------------------- */

/* The key of the k-th transition tag on one version; the caller frees. */
char *rest_mark_key(const struct ncm_mark *mark, size_t k);
/* Leaves the transition tags of all changes; one that cannot be left is said in the receipt. */
void rest_leave_marks(struct rest_writer *w);

/* ---- apply_back.c --------------------------------------------------------------------------- */

/* After a failure: takes back what was done; err gets a hint that says what stands. */
void rest_take_back(struct rest_writer *w, struct ncm_err *err);

/* ---- apply.c -------------------------------------------------------------------------------- */

/* Whether the store is still as the change expects; NCM_CONFLICT with both states. */
bool rest_compare(struct rest_writer *w, const struct ncm_change *ch, struct ncm_err *err);

#endif
