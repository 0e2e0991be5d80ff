#!/bin/sh
# Unit tests, beside the image and no part of it: what starts has the configuration it was given.
set -eu
shown=$(mktemp -d)
trap 'rm -rf "$shown"' EXIT
PICTURES=album DATA=memory sh start.sh "$shown"
for wanted in '"pictures": "album"' '"data": "memory"'; do
    if ! grep -q "$wanted" "$shown/settings.json"; then
        echo "$wanted is missing: $(cat "$shown/settings.json")" >&2
        exit 1
    fi
done
echo "2 unit tests passed"
