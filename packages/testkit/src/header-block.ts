// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Header fields by lower-case name, unfolded, in the order they came: a name that stands twice has two values. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

/** Read the header block of a message as a relay received it. Lines that are no header field are passed over. */
export function parseHeaderBlock(message: Buffer): HeaderFields {
  const end = message.indexOf('\r\n\r\n');
  const block = message.subarray(0, end < 0 ? message.length : end).toString('utf8');
  const fields = new Map<string, string[]>();
  // RFC 5322, 2.2.3: unfolding takes away the CRLF, the white space after it stays
  for (const line of block.replace(/\r\n(?=[ \t])/g, '').split('\r\n')) {
    const [, name, value] = /^([!-9;-~]+)[ \t]*:(.*)$/s.exec(line) ?? [];
    if (name === undefined || value === undefined) continue;
    const key = name.toLowerCase();
    const values = fields.get(key);
    if (values) values.push(value.trim());
    else fields.set(key, [value.trim()]);
  }
  return fields;
}
