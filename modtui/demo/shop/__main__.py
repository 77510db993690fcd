"""python -m shop PORT_FILE: serve on a free port of this machine; write the port to the file.

It ends when its standard input does, so that it never outlives whoever started it.
"""

import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from shop import views


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        status, text = views.answer(self.path)
        body = text.encode()
        self.send_response(status)
        self.send_header("Content-Type", "text/plain; charset=utf-8")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *args):
        pass


def main():
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    with open(sys.argv[1], "w") as port_file:
        port_file.write(f"{server.server_port}\n")
    threading.Thread(target=stop_with_input, args=(server,), daemon=True).start()
    server.serve_forever()


def stop_with_input(server):
    sys.stdin.read()
    server.shutdown()


main()
