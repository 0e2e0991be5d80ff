#!/bin/sh
# Runs the unit tests and tells how many passed, as evidence about the revision.
set -eu
cd "$(dirname "$0")"

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
rustc --edition 2024 --test -o "$work/unit" src/main.rs
status=0
"$work/unit" >"$work/report" 2>&1 || status=$?
cat "$work/report"
passed=$(sed -n 's/^test result: .* \([0-9][0-9]*\) passed;.*/\1/p' "$work/report")
if [ -n "${GREENROOM_OUTPUT:-}" ] && [ -n "$passed" ]; then
    echo "UNIT_TESTS_PASSED=$passed" >>"$GREENROOM_OUTPUT"
fi
exit "$status"
