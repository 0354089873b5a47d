# SPDX-FileCopyrightText: 2026 The community.circleci contributors
# SPDX-License-Identifier: GPL-3.0-or-later

"""What the build of this scenario stores: a service. Beside itself it leaves its process id and its port."""

from __future__ import annotations

import http.server
import os
from pathlib import Path


class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        """Say which release this is."""
        self.send_response(200)
        self.end_headers()
        self.wfile.write(b"release v1.0.0")


if __name__ == "__main__":
    server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
    here = Path(__file__)
    here.with_suffix(".pid").write_text(str(os.getpid()), encoding="utf-8")
    here.with_suffix(".port").write_text(str(server.server_port), encoding="utf-8")
    server.serve_forever()
