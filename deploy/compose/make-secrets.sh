#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# SPDX-FileCopyrightText: 2026 Mail Proxy authors
# Makes the secrets that compose.yaml hands out, in secrets/ beside it. What is there already stays.
# Keep a copy of encryption-key away from the database's backups: without it the stored passwords are lost.
set -eu
umask 077
folder="${1:-$(dirname "$0")/secrets}"
server_uid=1000 # as in the Dockerfile

# The folder keeps other users of this machine out; inside a container each file must be readable for its user.
mkdir -p "$folder"

# make NAME CONTENT
make() {
  if [ -e "$folder/$1" ]; then return; fi
  printf '%s\n' "$2" > "$folder/$1"
  chmod 444 "$folder/$1"
}
random() { od -An -tx1 -N32 /dev/urandom | tr -d ' \n'; }

make api-token "$(random)"
make metrics-token "$(random)"
make database-password "$(random)"
make database-url "postgres://mail_proxy:$(cat "$folder/database-password")@postgres:5432/mail_proxy"

# The server refuses a key that other users can read.
if [ ! -e "$folder/encryption-key" ]; then
  head -c 32 /dev/urandom | base64 > "$folder/encryption-key"
  chmod 400 "$folder/encryption-key"
  if [ "$(id -u)" -eq 0 ]; then
    chown "$server_uid" "$folder/encryption-key"
  elif [ "$(id -u)" -ne "$server_uid" ]; then
    echo "The encryption key is yours, so the servers must run as you: set MAIL_PROXY_USER=$(id -u):$(id -g)"
  fi
fi
