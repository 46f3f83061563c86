#!/bin/sh
# What other programs can say of the sources; each is skipped where it is not installed.
set -u
cd "$(dirname "$0")/.." || exit 1
bad=0
sources=$(find backend cli tui tests -name '*.[ch]' | sort)
if command -v cppcheck >/dev/null; then
    cppcheck -q --std=c11 --enable=warning,performance,portability --inline-suppr \
        --error-exitcode=1 -j 2 -Ibackend -Itui backend cli tui || bad=1
else
    echo "skip: cppcheck is not installed"
fi
if command -v clang-format >/dev/null; then
    # Advice: hand-laid tables read better than what it makes of them.
    odd=0
    for f in $sources; do
        clang-format "$f" | cmp -s - "$f" || odd=$((odd + 1))
    done
    echo "clang-format would lay out $odd files differently"
else
    echo "skip: clang-format is not installed"
fi
exit $bad
