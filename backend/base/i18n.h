/* Every string a person can see goes through _(); N_() marks one that a table holds and that is
 * translated when shown. The catalogue is bound in ncm_i18n_init. */
#ifndef NCM_BASE_I18N_H
#define NCM_BASE_I18N_H

#include <libintl.h>

#define _(s)  gettext(s)
#define N_(s) (s)

/* Binds the text domain "ncmlops": NCMLOPS_LOCALEDIR, else the locale folder beside the program
 * (../share/locale or build tree), else the installed one. lang as in ncm_text_init. Once, before
 * any thread and after ncm_text_init. */
void ncm_i18n_init(const char *lang, const char *program_path);

#endif
