#!/bin/sh
# Builds dist/: the same source gives the same bytes, in whatever folder and at whatever time.
set -eu
cd "$(dirname "$0")"

rm -rf dist
mkdir dist
# The crate is named by a relative path and the folder is remapped, so no path gets into the
# binary; one codegen unit and no debug information leave the compiler nothing to vary. Not
# optimised: the service waits for disks and people, and the build is waited for.
rustc --edition 2024 --crate-name orders \
    -C opt-level=0 -C codegen-units=1 -C debuginfo=0 -C strip=symbols \
    --remap-path-prefix "$PWD"=. \
    -o dist/orders src/main.rs
# Those who look at an artifact can see what it was made by.
rustc --version >dist/COMPILER
