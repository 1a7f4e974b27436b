// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Say under which name something is to be saved (RFC 6266 §4, RFC 8187 §3.2), in ASCII for who reads nothing else. */
export function contentDisposition(filename: string): string {
  const name = filename.toWellFormed().replace(/[\p{Cc}/\\]/gu, '_');
  const plain = name.replace(/[^ !#$&+.0-9A-Z^_`a-z{}~()=,;@<>[\]-]/g, '_');
  const encoded = encodeURIComponent(name).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
  return plain === name
    ? `attachment; filename="${plain}"`
    : `attachment; filename="${plain}"; filename*=UTF-8''${encoded}`;
}
