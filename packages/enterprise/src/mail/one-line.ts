// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Of what others wrote, looked at to make a line. */
const MAX_READ_CHARACTERS = 4_000;
const MAX_LINE_CHARACTERS = 500;

/** Make one line of what others wrote: no control or direction characters, no lone surrogates, bounded; may be empty. */
export function oneLine(text: string, maxCharacters = MAX_LINE_CHARACTERS): string {
  return text
    .slice(0, MAX_READ_CHARACTERS)
    .replace(/[\u0000-\u0020\u007f-\u009f\u2028\u2029\u202a-\u202e\u2066-\u2069]+/g, ' ')
    .trim()
    .slice(0, maxCharacters)
    .toWellFormed();
}
