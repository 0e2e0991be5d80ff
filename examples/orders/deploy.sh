#!/bin/sh
# Puts $GREENROOM_ARTIFACT on the stage $1: stops what runs there, starts the new instance so
# that it outlives this step, and tells its address. Runs again without harm.
set -eu
here=$(cd "$(dirname "$0")" && pwd -P)
. "$here/instance.sh"

stage=${1:?usage: deploy.sh STAGE}
artifact=${GREENROOM_ARTIFACT:?set by Greenroom: the path of what was built}
run=${GREENROOM_RUN:-by-hand}
digest=${GREENROOM_ARTIFACT_DIGEST:-unknown}
home=$(stage_home "$stage")

# Two deployments that overlap would show here, whoever started them.
mkdir -p "$home"
home=$(cd "$home" && pwd -P)
echo "run=$run stage=$stage digest=$digest" >>"$ORDERS_HOME/journal.log"

# The new bytes are in place before the old instance stops. They are copied because the
# artifact's place belongs to Greenroom.
bin="$home/bin-$(echo "$run" | tr -c 'A-Za-z0-9\n' -)"
rm -rf "$bin.new"
mkdir "$bin.new"
if [ -d "$artifact" ]; then
    cp -R "$artifact/." "$bin.new/"
else
    tar -xf "$artifact" -C "$bin.new"
fi
if [ ! -x "$bin.new/orders" ]; then
    echo "orders: there is no program 'orders' in $artifact" >&2
    exit 1
fi

stop_instance "$home"
for old in "$home"/bin-*; do
    [ "$old" = "$bin.new" ] || rm -rf "$old"
done
mv "$bin.new" "$bin"

# Only what the service may know: not the tokens and secrets of whoever runs this step.
cd "$home"
env -i \
    PATH="$PATH" \
    LOG_LEVEL="${LOG_LEVEL:-info}" \
    PAYMENTS="${PAYMENTS:-sandbox}" \
    ORDERS_STAGE="$stage" \
    ORDERS_STAGE_HOME="$home" \
    ORDERS_REVISION="${GREENROOM_REVISION:-unknown}" \
    ORDERS_ARTIFACT="$digest" \
    ORDERS_RUN="$run" \
    setsid "$bin/orders" </dev/null >>"$home/log" 2>&1 &
started=$!

tries=0
until [ -s "$home/ready" ]; do
    tries=$((tries + 1))
    if [ "$tries" -gt 200 ] || is_gone "$started"; then
        echo "orders: the new instance did not start; the end of its log:" >&2
        tail -n 20 "$home/log" >&2
        exit 1
    fi
    sleep 0.05
done
url="http://127.0.0.1:$(cat "$home/port")"
echo "orders: $stage is at $url"
if [ -n "${GREENROOM_OUTPUT:-}" ]; then
    echo "URL=$url" >>"$GREENROOM_OUTPUT"
fi
