/* What the headless commands share: the parsed command line, output in four forms, asking. */
#ifndef NCM_CLI_H
#define NCM_CLI_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "api/action.h"
#include "api/error.h"
#include "api/output.h"
#include "api/registry.h"
#include "api/runs.h"
#include "api/session.h"
#include "api/text.h"

#define NCM_VERSION "0.1.0"

/* The last two: documents that only some commands make. */
enum cli_form { CLI_TABLE, CLI_JSON, CLI_JSONL, CLI_CSV, CLI_MD, CLI_HTML };

struct cli;

/* One option; rows of two tables: the global ones and those of commands. */
struct cli_option {
    const char *name;  /* without the dashes */
    char letter;       /* 0 without */
    const char *arg;   /* NULL: a flag */
    const char *help;  /* msgid */
    const char *words; /* "table|json" for completion, or NULL */
};
extern const struct cli_option cli_global_options[]; /* end with name NULL */
extern const struct cli_option cli_command_options[];

/* One command; help, completion and parsing are made from these rows. */
struct cli_command {
    const char *name;    /* "run show" */
    const char *args;    /* "RUN_ID KEY=VALUE…" */
    const char *help;    /* msgid */
    const char *options; /* names of its options with blanks between, or "" */
    int min, max;        /* words after the name; max -1: any number */
    bool (*run)(struct cli *c, struct ncm_err *err);
};
extern const struct cli_command cli_commands[]; /* end with name NULL */

struct cli_value {
    const char *name, *value;
};

struct cli {
    const char *program;
    const struct cli_command *command; /* NULL: the dashboard */
    const char *group;                 /* help was asked of the commands that begin so, or NULL */
    const char *store, *context, *config, *lang, *theme, *confirm, *script;
    enum cli_form form;
    bool form_given, read_only, yes, dry_run, no_color, ascii, quiet, verbose, help, version;
    bool wall; /* the dashboard opens on the wall */
    int64_t timeout_ms;
    const char **words; /* after the command's name */
    size_t n_words;
    struct cli_value *values; /* the command's options, in order */
    size_t n_values;
    const char **namespaces; /* of -n and -A, for the session's life */
    struct ncm_session *session; /* opened when first needed */
    bool abandon;                /* the session hangs in a read: the program ends without it */
    int status;                  /* exit status of a command that went well */
};

/* args.c: fills c; NCM_USAGE. The strings of argv are borrowed. */
bool cli_parse(struct cli *c, int argc, char **argv, struct ncm_err *err);
void cli_release(struct cli *c);
/* The last value of an option of the command; NULL where not given. */
const char *cli_value(const struct cli *c, const char *name);
bool cli_flag(const struct cli *c, const char *name);
/* A whole number ≥ 0 or fallback; NCM_USAGE for anything else. */
bool cli_count(const struct cli *c, const char *name, int64_t fallback, int64_t *out,
               struct ncm_err *err);
/* A time as base/num.h reads them, or NCM_NO_TIME. */
bool cli_time(const struct cli *c, const char *name, int64_t *out, struct ncm_err *err);

/* help.c, completion.c */
void cli_print_help(const struct cli *c);
bool cli_completion(struct cli *c, struct ncm_err *err);
/* The known name that is most like a wrong one, or NULL. */
const char *cli_nearest_command(const char *word);
const char *cli_nearest_option(const struct cli_command *command, const char *word);

/* The session, opened when first asked for. */
struct ncm_session *cli_session(struct cli *c, struct ncm_err *err);
/* Asks a query and waits; the want is kept until the end. NULL + err. */
const void *cli_ask(struct cli *c, struct ncm_query *q, struct ncm_err *err); /* takes q */

const struct ncm_experiments_snapshot *cli_ask_experiments(struct cli *c, enum ncm_view view,
                                                           struct ncm_err *err);
/* The name of an experiment, or its id where s (may be NULL) does not know it. */
struct ncm_str cli_experiment_name(const struct ncm_experiments_snapshot *s, struct ncm_str id);
/* A run's id in full, where *word is the beginning of just one; it lives until the end. */
bool cli_full_run_id(struct cli *c, const char **word, struct ncm_err *err);

/* out.c: everything that goes to standard output. */
bool cli_use_color(const struct cli *c);
/* Standard error: "ncmlops: WHAT: WHY" and the hint; and the error object where JSON is asked. */
void cli_print_error(const struct cli *c, const struct ncm_err *err);
void cli_note(const struct cli *c, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Cells of one row being filled. */
struct cli_cells {
    struct ncm_buf *texts;
    size_t n, used;
    int max_cells; /* 0: not cut */
};
void cli_cell(struct cli_cells *cells, struct ncm_str s);   /* raw outside text; absent: a dash */
void cli_cell_text(struct cli_cells *cells, const char *s); /* our own text */
void cli_cell_time(struct cli_cells *cells, int64_t ms);
void cli_cell_value(struct cli_cells *cells, const struct ncm_value *v);
void cli_cell_count(struct cli_cells *cells, int64_t n); /* < 0: a dash */

struct cli_column {
    const char *title; /* msgid */
    bool right;
};

struct cli_list {
    const struct cli_column *columns;
    size_t n_columns, n;
    void *ctx;
    const void *(*at)(void *ctx, size_t i, struct ncm_err *err); /* NULL + err */
    void (*json)(struct ncm_json *j, const void *item);          /* one object */
    void (*cells)(struct cli_cells *cells, const void *item);
    const char *nothing; /* translated: said on standard error where a table is empty */
    /* JSON lines: how many rows there are by now, when those known are out; NULL: n is all. */
    bool (*more)(void *ctx, size_t *n, struct ncm_err *err);
};
bool cli_print_list(struct cli *c, const struct cli_list *l, struct ncm_err *err);
/* at() for a plain array; ctx is a struct cli_array. */
struct cli_array {
    const void *items;
    size_t size;
};
const void *cli_array_at(void *ctx, size_t i, struct ncm_err *err);

/* One object: json() for the machine forms, text() for people (appends lines to a buffer). */
struct cli_object {
    const void *item;
    void (*json)(struct ncm_json *j, const void *item);
    void (*text)(struct ncm_buf *out, const void *item);
};
bool cli_print_object(struct cli *c, const struct cli_object *o, struct ncm_err *err);
/* "name      value" lines of text(), cleaned; absent values are a dash. */
void cli_line(struct ncm_buf *out, const char *label, struct ncm_str value);
void cli_line_time(struct ncm_buf *out, const char *label, int64_t ms);
void cli_line_kvs(struct ncm_buf *out, const char *label, const struct ncm_kv *kvs, size_t n);
/* Raw bytes to standard output. */
void cli_write(const struct cli *c, const char *p, size_t len);
bool cli_stdout_ok(struct ncm_err *err);
bool cli_is_terminal(void);

/* json.c: fields by the contract: absent is null, times are integers. */
void cli_json_str(struct ncm_json *j, const char *key, struct ncm_str s);
void cli_json_text(struct ncm_json *j, const char *key, const char *s);
void cli_json_time(struct ncm_json *j, const char *key, int64_t ms);
void cli_json_count(struct ncm_json *j, const char *key, int64_t n); /* < 0: null */
void cli_json_value(struct ncm_json *j, const struct ncm_value *v);
void cli_json_kvs(struct ncm_json *j, const char *key, const struct ncm_kv *kvs, size_t n);
void cli_json_strs(struct ncm_json *j, const char *key, const struct ncm_str *items, size_t n);
void cli_json_run_fields(struct ncm_json *j, const struct ncm_run *r);
void cli_json_version_fields(struct ncm_json *j, const struct ncm_model_version *v);

/* NCM_READ_ONLY under --read-only; for what changes files rather than a store. */
bool cli_may_write(const struct cli *c, struct ncm_err *err);
/* The same with the context's word, too; opens the session. */
bool cli_may_change(struct cli *c, struct ncm_err *err);
/* change.c: plan, show, ask, carry out. Takes the intents. Gives the n plans as they ended, or
 * n_plans 0 where --dry-run has said everything. */
struct cli_plans {
    struct ncm_plan **items;
    size_t n;
};
bool cli_change(struct cli *c, struct ncm_intent **intents, size_t n, struct cli_plans *out,
                struct ncm_err *err);
void cli_plans_release(struct cli_plans *p);
/* What changed, line by line, on standard error; nothing where it was shown when asking. */
void cli_plan_lines(const struct cli *c, const struct ncm_plan *p);
/* What was done, for commands whose answer has no shape of its own. */
bool cli_print_plans(struct cli *c, const struct cli_plans *p, struct ncm_err *err);
/* The two above in a row, for one intent (taken). */
bool cli_change_print(struct cli *c, struct ncm_intent *intent, struct ncm_err *err);
/* The registry's model and version as they are now; NCM_NOT_FOUND. */
const struct ncm_model *cli_model(struct cli *c, const char *name, struct ncm_err *err);
const struct ncm_model_version *cli_version_of(const struct ncm_model *m, const char *version,
                                               struct ncm_err *err);

/* --stage (Production where not given) or --alias as "Stage" or "@alias"; the caller frees. */
bool cli_slot(const struct cli *c, char **slot, struct ncm_err *err);

/* The commands, by file. */
bool cli_experiments(struct cli *c, struct ncm_err *err);
bool cli_runs(struct cli *c, struct ncm_err *err);
bool cli_run_show(struct cli *c, struct ncm_err *err);
bool cli_metric(struct cli *c, struct ncm_err *err);
bool cli_compare(struct cli *c, struct ncm_err *err);
bool cli_artifacts(struct cli *c, struct ncm_err *err);
bool cli_artifact_get(struct cli *c, struct ncm_err *err);
bool cli_models(struct cli *c, struct ncm_err *err);
bool cli_versions(struct cli *c, struct ncm_err *err);
bool cli_holders(struct cli *c, struct ncm_err *err);
bool cli_audit(struct cli *c, struct ncm_err *err);
bool cli_audit_verify(struct cli *c, struct ncm_err *err);
bool cli_promote(struct cli *c, struct ncm_err *err);
bool cli_rollback(struct cli *c, struct ncm_err *err);
bool cli_undo(struct cli *c, struct ncm_err *err);
bool cli_register(struct cli *c, struct ncm_err *err);
bool cli_alias(struct cli *c, struct ncm_err *err);
bool cli_version_change(struct cli *c, struct ncm_err *err);
bool cli_model_change(struct cli *c, struct ncm_err *err);
bool cli_run_change(struct cli *c, struct ncm_err *err);
bool cli_experiment_change(struct cli *c, struct ncm_err *err);
bool cli_drift_check(struct cli *c, struct ncm_err *err);
bool cli_drift_measures(struct cli *c, struct ncm_err *err);
bool cli_alerts(struct cli *c, struct ncm_err *err);
bool cli_alert_change(struct cli *c, struct ncm_err *err);
bool cli_deployments(struct cli *c, struct ncm_err *err);
bool cli_deployment_show(struct cli *c, struct ncm_err *err);
bool cli_deployment_logs(struct cli *c, struct ncm_err *err);
bool cli_deployment_change(struct cli *c, struct ncm_err *err);
bool cli_status(struct cli *c, struct ncm_err *err);
bool cli_drift_watch(struct cli *c, struct ncm_err *err);
bool cli_doctor(struct cli *c, struct ncm_err *err);
bool cli_demo(struct cli *c, struct ncm_err *err);
bool cli_config(struct cli *c, struct ncm_err *err);
bool cli_version(struct cli *c, struct ncm_err *err);
/* main.c: the dashboard; the only way from here to the screen. */
bool cli_open_screen(struct cli *c, bool demo, struct ncm_err *err);

#endif
