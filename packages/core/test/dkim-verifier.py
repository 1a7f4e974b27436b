# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 Mail Proxy authors
"""Says of each signature of each mail on standard input whether it is right: lines of JSON in, lines of JSON out."""
import base64
import json
import sys

import dkim

records = json.loads(sys.stdin.readline())


def txt_of(name, timeout=5):
    value = records.get(name.decode().rstrip("."))
    return None if value is None else value.encode()


for line in sys.stdin:
    mail = base64.b64decode(line)
    signatures = mail.split(b"\r\n\r\n", 1)[0].lower().count(b"dkim-signature:")
    verdicts = []
    for index in range(signatures):
        try:
            verdicts.append(dkim.DKIM(mail).verify(idx=index, dnsfunc=txt_of))
        except dkim.DKIMException:
            verdicts.append(False)
    print(json.dumps(verdicts), flush=True)
