#!/bin/sh
# Stops the instance of one stage, or of all. Data stays.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/instance.sh"

case ${1:?usage: stop.sh STAGE, or stop.sh --all} in
--all)
    for folder in "$ORDERS_HOME"/*/; do
        [ -d "$folder" ] || continue
        stop_instance "${folder%/}"
    done
    ;;
*)
    stop_instance "$(stage_home "$1")"
    ;;
esac
