# GET /hello_world: greets whoever is named, or the world.
name=World
if [ -n "${1:-}" ]; then
    name=$1
fi
echo "{ \"message\": \"Hello $name!\" }"
