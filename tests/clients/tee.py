"""Passes every request on and keeps its body: `tee.py TARGET FOLDER`; prints its own port.

Stands between a real exporter and the server, so that a test can compute what must have arrived from the very bytes
that were sent, with another decoder than the server's.
"""

import gzip
import http.client
import http.server
import pathlib
import sys
import time
import urllib.parse

target, folder = urllib.parse.urlparse(sys.argv[1]), pathlib.Path(sys.argv[2])
number = 0


class Tee(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    def do_POST(self):
        global number
        body = self.rfile.read(int(self.headers["content-length"]))
        onward = http.client.HTTPConnection(target.hostname, target.port, timeout=30)
        onward.request("POST", self.path, body, {k: v for k, v in self.headers.items() if k.lower() != "host"})
        reply = onward.getresponse()
        text = reply.read()
        if reply.status == 200:
            plain = gzip.decompress(body) if self.headers.get("content-encoding") == "gzip" else body
            number += 1
            (folder / f"{number:04}.pb.part").write_bytes(plain)
            (folder / f"{number:04}.pb.part").rename(folder / f"{number:04}.pb")
            (folder / f"{number:04}.acked").write_text(str(time.time_ns()))
            (folder / f"{number:04}.headers").write_text(str(self.headers))
        self.send_response(reply.status)
        for name, value in reply.getheaders():
            if name.lower() not in ("content-length", "connection", "transfer-encoding"):
                self.send_header(name, value)
        self.send_header("content-length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    def log_message(self, *_):
        pass


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Tee)
print(server.server_address[1], flush=True)
server.serve_forever()
