/* Any bytes as CSV: they end in rows and bad rows or in one error, and in the same ones however
 * many bytes a read brings. */
#include "fuzz_rows.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    fuzz_rows(data, size, NCM_ROWS_CSV);
    return 0;
}
