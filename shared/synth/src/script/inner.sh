# Runs $0 and writes how it ended to $1; the stage's variables were set before.
# A step that ends well may leave something running. In every other case its whole group goes.
trap ': >"$1/late"' TERM
unset greenroom_inner greenroom_awk
/bin/sh -c -- "$0"
greenroom_code=$?
if [ ! -e "$1/late" ]; then
  printf '%s\n' "$greenroom_code" >"$1/ended"
  [ "$greenroom_code" = 0 ] && exit 0
fi
kill -KILL 0
