// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** PostgreSQL stores no NUL, which encodings of mail and JSON may bring in anywhere; no words need one. */
export function withoutNul(text: string): string {
  return text.replaceAll('\0', '');
}
