/* Writing JSON and reading YAML, files: for headless output and themes. */
#ifndef NCM_API_OUTPUT_H
#define NCM_API_OUTPUT_H

#include "io/file.h"
#include "io/node.h"

#endif
