#!/bin/sh
# Builds the image in dist/: the program that starts and what it serves, and no configuration. The
# same commit gives the same bytes. What is unfinished is not built.
set -eu
if [ -e site/UNFINISHED ]; then
    echo "site/UNFINISHED is there: $(cat site/UNFINISHED)" >&2
    exit 1
fi
mkdir -p dist
cp -R start.sh site dist/
