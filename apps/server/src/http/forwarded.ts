// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A token or a quoted-string (RFC 9110 §5.6.2, §5.6.4). */
const PAIR = /\s*([\w!#$%&'*+.^`|~-]+)=(?:([\w!#$%&'*+.^`|~:[\]-]+)|"((?:[^"\\]|\\.)*)")\s*(;|,|$)/y;

/** The `for` of each element of a Forwarded header (RFC 7239 §4), in order; empty where it is missing or not readable. */
export function forwardedFor(value: string): readonly string[] {
  const hops: string[] = [];
  let hop = '';
  PAIR.lastIndex = 0;
  while (PAIR.lastIndex < value.length) {
    const pair = PAIR.exec(value);
    // Where the rest is broken nothing of it can be told apart: the last element is one that nobody knows.
    if (pair === null) return [''];
    const [, name = '', plain, quoted, end] = pair;
    if (name.toLowerCase() === 'for') hop = plain ?? (quoted ?? '').replaceAll(/\\(.)/g, '$1');
    if (end === ';') continue;
    hops.push(hop);
    hop = '';
  }
  return hops;
}
