#!/bin/sh
# The proxy that goes wrong on purpose does so as it says.
exec python3 "$(dirname "$0")/../lib/check_faulty.py"
