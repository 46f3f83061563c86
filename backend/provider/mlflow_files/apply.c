#include "provider/mlflow_files/internal.h"
bool files_apply(struct ncm_conn *c, const struct ncm_changes *changes, const struct ncm_mark *mark,
                 const struct ncm_control *control, struct ncm_receipt *receipt,
                 struct ncm_err *err)
{
    (void)c;
    (void)changes;
    (void)mark;
    (void)control;
    (void)receipt;
    return ncm_fail(err, NCM_UNSUPPORTED, "x");
}
bool files_check(struct ncm_conn *c, const struct ncm_changes *changes, struct ncm_err *err)
{
    (void)c;
    (void)changes;
    return ncm_fail(err, NCM_UNSUPPORTED, "x");
}
bool files_present(struct ncm_conn *c, const struct ncm_change *change, char **value,
                   struct ncm_err *err)
{
    (void)c;
    (void)change;
    (void)value;
    return ncm_fail(err, NCM_UNSUPPORTED, "x");
}
