check '{ "message": "Goodbye!" }'
check '{ "message": "Arrivederci!" }' it
check '{ "message": "Tschau!" }' de
