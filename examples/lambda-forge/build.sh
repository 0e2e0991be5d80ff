#!/bin/sh
# Puts the functions into dist/, without their tests. What is unfinished is not built.
set -eu
if [ -e site/UNFINISHED ]; then
    echo "site/UNFINISHED is there: $(cat site/UNFINISHED)" >&2
    exit 1
fi
for function in functions/*/; do
    mkdir -p "dist/$function"
    cp "$function/main.sh" "dist/$function"
done
if [ -d site ]; then
    cp -R site dist/
fi
