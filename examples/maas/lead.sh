#!/bin/sh
# Leads people to the side that $GREENROOM_STAGE names: what they open is `users`, which points to
# one of the two. Elsewhere a router or a DNS record would be changed here.
set -eu
side="$SITES/$GREENROOM_STAGE"
[ -d "$side/www" ] || { echo "there is nothing at $side" >&2; exit 1; }
# One rename: nobody ever finds it missing.
ln -sfn "$side" "$SITES/.users"
mv -fT "$SITES/.users" "$SITES/users"
