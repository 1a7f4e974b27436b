# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 Mail Proxy authors
# Posts one message and waits for its outcome: python3 submit.py ORDER ADDRESS
import json
import os
import sys
import time
from urllib.error import HTTPError, URLError
from urllib.request import Request, urlopen

URL = os.environ.get("GMP_URL", "http://127.0.0.1:8000")
TOKEN = os.environ["GMP_API_TOKEN"]


def call(method, path, body=None, headers=None):
    request = Request(URL + path, method=method, headers={"Authorization": f"Bearer {TOKEN}", **(headers or {})})
    if body is not None:
        request.data = json.dumps(body).encode()
        request.add_header("Content-Type", "application/json")
    with urlopen(request, timeout=30) as answer:
        return json.load(answer)


def submit(message, key, tries=5):
    for attempt in range(1, tries + 1):
        try:
            # A second request with this key is answered as the first one.
            return call("POST", "/v1/messages", message, {"Idempotency-Key": key})
        except HTTPError as error:
            if error.code not in (429, 502, 503, 504) or attempt == tries:
                sys.exit(f"refused: {error.read().decode()}")
        except URLError:
            if attempt == tries:
                raise
        time.sleep(attempt)


order, address = sys.argv[1:3]
message_id = f"order-{order}"
submit(
    {
        "id": message_id,
        "from": "shop@shop.example",
        "to": address,
        "subject": f"Your order {order}",
        "text": "It is on its way.",
    },
    key=message_id,
)

while (message := call("GET", f"/v1/messages/{message_id}"))["state"] != "final":
    time.sleep(0.5)
print(f"{message_id}: {message['result']}")
