#!/bin/sh
# Writes what is left of the stage, a line each; nothing when it is gone.
set -eu
cd "$SITES"
if [ -e "$GREENROOM_STAGE" ]; then
    find "$GREENROOM_STAGE" | sort
fi
