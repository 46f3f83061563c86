#!/bin/sh
# Writes theme_builtin.c from themes/: run it after a change there.
set -eu
cd "$(dirname "$0")/../.."
{
    echo '/* The themes in themes/, so that the program needs no files beside it; written by'
    echo ' * theme_builtin.sh, and a unit test compares. */'
    echo '#include "ui/theme.h"'
    echo
    echo 'const struct theme_text theme_builtin[] = {'
    for name in dark light mono; do
        echo "    {\"$name\","
        sed 's/\\/\\\\/g; s/"/\\"/g; s/.*/     "&\\n"/' "themes/$name.theme" | sed '$s/$/},/'
    done
    echo '    {NULL, NULL},'
    echo '};'
} >tui/ui/theme_builtin.c
