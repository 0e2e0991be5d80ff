#!/bin/sh
# Takes away what deploy.sh has put into the stage's folder, and the folder if nothing else is in it.
set -eu
home="$SITES/$GREENROOM_STAGE"
rm -rf "$home/new" "$home/www"
rmdir "$home" 2>/dev/null || true
