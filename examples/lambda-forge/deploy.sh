#!/bin/sh
# Deploys every function with the stage's own resources and tells the address, which is known from
# now on. What a function answers is kept as a file that a web server shows, which serves $SITES at
# $ADDRESS, for example: python3 -m http.server --directory /var/tmp/greetings 8100
set -eu
home="$SITES/$GREENROOM_STAGE"
rm -rf "$home/new"
mkdir -p "$home/new"
names=""
for function in "$GREENROOM_ARTIFACT"/functions/*/; do
    name=$(basename "$function")
    sh "$function/main.sh" >"$home/new/$name"
    names="$names${names:+, }$name"
done
cat >"$home/new/about.json" <<END
{
  "stage": "$GREENROOM_STAGE",
  "commit": "$GREENROOM_REVISION",
  "functions": "$names",
  "table": "$TABLE",
  "queue": "$QUEUE"
}
END
rm -rf "$home/www"
mv "$home/new" "$home/www"
echo "URL=$ADDRESS/$GREENROOM_STAGE/www" >>"$GREENROOM_OUTPUT"
