#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 Mail Proxy authors
# Posts one message and waits for its outcome: submit.sh ORDER ADDRESS
set -euo pipefail
url=${GMP_URL:-http://127.0.0.1:8000}
token=${GMP_API_TOKEN:?the key of a tenant, or the admin token}
id=order-$1
api() { curl -sS --fail-with-body -H "Authorization: Bearer $token" -H 'Content-Type: application/json' "$@"; }

# A second request with this key is answered as the first one, so that --retry can do no harm.
message=$(api --retry 5 --retry-connrefused -H "Idempotency-Key: $id" "$url/v1/messages" --data @- <<END
{ "id": "$id", "from": "shop@shop.example", "to": "$2", "subject": "Your order $1", "text": "It is on its way." }
END
) || { echo "refused: $message" >&2; exit 1; }

until [[ $message == *'"state":"final"'* ]]; do
  sleep 0.5
  message=$(api "$url/v1/messages/$id")
done
echo "$id: $(sed -E 's/.*"result":"([a-z_]+)".*/\1/' <<< "$message")"
