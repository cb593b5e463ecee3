"""Serves the page and the SDK on an origin of their own: `serve_page.py PAGE SDK`; prints the port."""

import http.server
import pathlib
import sys

page, sdk = (pathlib.Path(p).read_bytes() for p in sys.argv[1:3])


class Origin(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        body, kind = (sdk, "text/javascript") if self.path == "/rollbar.js" else (page, "text/html")
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Origin)
print(server.server_port, flush=True)
server.serve_forever()
