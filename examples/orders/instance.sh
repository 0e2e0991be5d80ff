# Sourced by deploy.sh and stop.sh: which process is a stage's, and how it is stopped.
#
# A stage's folder is $ORDERS_HOME/<stage>/ with `port` (kept for ever), `ready` (pid and port of
# the instance that serves), `data/`, `log`, and `bin-<run>/` with the bytes that were deployed.

ORDERS_HOME=${ORDERS_HOME:-${HOME:?set ORDERS_HOME or HOME}/.local/state/orders}

# The folder of a stage. A stage's name is a legal one, or it is refused: it becomes a path.
stage_home() {
    case $1 in
    '' | *[!a-z0-9-]*)
        echo "orders: '$1' is not the name of a stage" >&2
        return 2
        ;;
    esac
    echo "$ORDERS_HOME/$1"
}

# Whether process $2 runs a binary out of the folder $1. Pids are used again, so a pid alone
# proves nothing.
is_ours() {
    case $(readlink "/proc/$2/exe" 2>/dev/null) in
    "$1"/bin-*/orders | "$1"/bin-*"/orders (deleted)") return 0 ;;
    *) return 1 ;;
    esac
}

# Whether process $1 has ended, waited for or not.
is_gone() {
    ! kill -0 "$1" 2>/dev/null || grep -q ') Z ' "/proc/$1/stat" 2>/dev/null
}

# The pids of all instances of the stage whose folder is $1, also of one that never became ready.
instances() {
    ls -l /proc/[0-9]*/exe 2>/dev/null | BIN="$1/bin-" awk '
        index($0, " -> " ENVIRON["BIN"]) && /\/orders( \(deleted\))?$/ && match($0, /\/proc\/[0-9]+\//) {
            print substr($0, RSTART + 6, RLENGTH - 7)
        }'
}

# Stops every instance of the stage whose folder is $1 and waits until it is gone.
stop_instance() {
    home=$(cd "$1" 2>/dev/null && pwd -P) || return 0
    for pid in $(instances "$home"); do
        kill "$pid" 2>/dev/null || true
        tries=0
        while is_ours "$home" "$pid"; do
            tries=$((tries + 1))
            if [ "$tries" -eq 50 ]; then
                kill -9 "$pid" 2>/dev/null || true
            elif [ "$tries" -gt 100 ]; then
                echo "orders: process $pid of $home does not end" >&2
                return 1
            fi
            sleep 0.05
        done
    done
    rm -f "$home/ready"
}
