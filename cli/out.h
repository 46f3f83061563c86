/* Between the files that write output. */
#ifndef NCM_CLI_OUT_H
#define NCM_CLI_OUT_H

#include "cli.h"

/* "–", or "-" in ASCII mode. */
const char *cli_dash(void);
/* A number, NaN, infinity or dash for people. Returns out. */
char *cli_value_text(char *out, size_t size, const struct ncm_value *v);
/* JSON text to standard output; on a terminal with everything odd escaped. */
void cli_write_json(const char *p, size_t len);
/* CSV of the same fields as the JSON: maps become columns "params.lr", lists JSON text. Walks the
 * list twice, so that memory stays small. */
bool cli_print_csv(struct cli *c, const struct cli_list *l, struct ncm_err *err);

#endif
