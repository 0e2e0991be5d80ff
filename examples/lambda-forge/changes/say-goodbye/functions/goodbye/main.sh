# GET /goodbye: says goodbye, in a few languages.
language=${1:-en}
message=Goodbye!
if [ "$language" = it ]; then
    message=Arrivederci!
fi
if [ "$language" = de ]; then
    message=Tschau!
fi
echo "{ \"message\": \"$message\" }"
