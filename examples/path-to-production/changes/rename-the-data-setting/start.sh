#!/bin/sh
# What the image does when it starts, with the configuration of its environment: it puts the shop
# into the folder that a web server shows.
set -eu
cp -R "$(dirname "$0")/site/." "$1"
echo "{ \"pictures\": \"$PICTURES\", \"database\": \"$DATA\" }" >"$1/settings.json"
