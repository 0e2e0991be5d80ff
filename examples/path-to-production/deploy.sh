#!/bin/sh
# Starts the image as it was built, with this stage's configuration, and tells its address. A web
# server serves $SITES at $ADDRESS, for example: python3 -m http.server --directory /var/tmp/shop 8100
set -eu
home="$SITES/$GREENROOM_STAGE"
rm -rf "$home/new"
mkdir -p "$home/new"
sh "$GREENROOM_ARTIFACT/start.sh" "$home/new"
cat >"$home/new/about.json" <<END
{
  "stage": "$GREENROOM_STAGE",
  "image": "${GREENROOM_ARTIFACT_DIGEST#sha256:}",
  "pictures": "$PICTURES",
  "data": "$DATA"
}
END
rm -rf "$home/www"
mv "$home/new" "$home/www"
echo "URL=$ADDRESS/$GREENROOM_STAGE/www" >>"$GREENROOM_OUTPUT"
