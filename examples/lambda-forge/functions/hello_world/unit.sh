check '{ "message": "Hello World!" }'
check '{ "message": "Hello Ann!" }' Ann
