# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 Mail Proxy authors
# An endpoint for reports: python3 receive.py PORT, with the signing secret in WEBHOOK_SECRET
import base64
import hashlib
import hmac
import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

KEY = base64.b64decode(os.environ["WEBHOOK_SECRET"].removeprefix("whsec_"))
# Yours belong into the database, in one transaction with what an event changes there.
HANDLED = set()


def is_signed(headers, body):
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > 300:
        return False
    signed = f"{headers.get('webhook-id')}.{timestamp}.".encode() + body
    expected = "v1," + base64.b64encode(hmac.new(KEY, signed, hashlib.sha256).digest()).decode()
    given = headers.get("webhook-signature", "").split(" ")
    return any(hmac.compare_digest(one.encode(), expected.encode()) for one in given)


class Reports(BaseHTTPRequestHandler):
    def do_POST(self):
        # The bytes that came: JSON that was parsed and written again is another text.
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        if not is_signed(self.headers, body):
            self.send_error(401)
            return
        for event in json.loads(body)["delivery_report"]:
            # The same event may come twice: an answer may be lost.
            if event["event_id"] not in HANDLED:
                HANDLED.add(event["event_id"])
                print(f"{event['id']}: {event['event']}", flush=True)
        self.send_response(200)
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"ok": true}')


server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Reports)
print(f"listening on http://127.0.0.1:{server.server_port}", file=sys.stderr, flush=True)
server.serve_forever()
