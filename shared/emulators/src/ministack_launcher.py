"""Starts MiniStack for one test.

The server behind a function's Runtime API sends an answer's headers and its body as two small
packets. Without TCP_NODELAY the second waits until the first is acknowledged, 40 ms later, at
each invocation; so the option is switched on for every such server of this process before
MiniStack is imported.
"""

from http import server

server.BaseHTTPRequestHandler.disable_nagle_algorithm = True

if __name__ == "__main__":
    from ministack import app

    app.main()
