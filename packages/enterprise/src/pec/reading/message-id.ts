// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A line of RFC 5322 §2.1.1. */
const MAX_CHARACTERS = 998;

/** A Message-ID with its brackets, of what may have none, be folded, or be escaped once too often. Null where none comes out. */
export function messageIdOf(text: string | null): string | null {
  if (text === null) return null;
  const bare = text
    .slice(0, MAX_CHARACTERS * 2)
    .replaceAll(/\s/g, '')
    .replace(/^&lt;/i, '<')
    .replace(/&gt;$/i, '>')
    .replace(/^</, '')
    .replace(/>$/, '');
  return bare !== '' && bare.length <= MAX_CHARACTERS && !/[<>\p{Cc}]/u.test(bare) ? `<${bare}>` : null;
}
