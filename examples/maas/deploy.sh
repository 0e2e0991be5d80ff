#!/bin/sh
# Deploys from nothing: what stood there is gone first. A web server serves $SITES at $ADDRESS,
# for example: python3 -m http.server --directory /var/tmp/maas 8100
set -eu
: "${CREDENTIALS:?nobody may deploy without}"
home="$SITES/$GREENROOM_STAGE"
rm -rf "$home"
mkdir -p "$home"
cp -R "$GREENROOM_ARTIFACT/." "$home/www"
cat >"$home/www/about.json" <<END
{
  "stage": "$GREENROOM_STAGE",
  "commit": "$GREENROOM_REVISION",
  "table": "$TABLE",
  "maps": "$MAPS",
  "deployed with the credentials of": "$ACTS_AS"
}
END
echo "URL=$ADDRESS/$GREENROOM_STAGE/www" >>"$GREENROOM_OUTPUT"
