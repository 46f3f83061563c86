/* Errors: the one error value and its exit codes. */
#ifndef NCM_API_ERROR_H
#define NCM_API_ERROR_H

#include "base/err.h"

#endif
