#!/bin/sh
# Puts what was built into the stage's own folder and tells its address. A web server serves
# $SITES at $ADDRESS, for example: python3 -m http.server --directory /var/tmp/realtime 8100
set -eu
home="$SITES/$GREENROOM_STAGE"
mkdir -p "$home"
if [ "$KEEP_DATA" = no ]; then
    rm -f "$home/rows"
fi
echo "a row of $DATABASE" >>"$home/rows"
rm -rf "$home/new"
cp -R "$GREENROOM_ARTIFACT/." "$home/new"
cat >"$home/new/about.json" <<END
{
  "stage": "$GREENROOM_STAGE",
  "commit": "$GREENROOM_REVISION",
  "database": "$DATABASE",
  "reads": "${COLLECTED:-nothing of others}",
  "rows": $(wc -l <"$home/rows")
}
END
echo "{ \"rows\": $(wc -l <"$home/rows") }" >"$home/new/rows.json"
rm -rf "$home/www"
mv "$home/new" "$home/www"
echo "URL=$ADDRESS/$GREENROOM_STAGE/www" >>"$GREENROOM_OUTPUT"
