// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What is stored of a reply or shown of a fault; relays have sent novels. */
export const MAX_TEXT_CHARACTERS = 1_000;

const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;

/** ECMA-48 control sequences and strings (CSI, OSC, DCS, PM, APC), and what is left of one that was cut. */
const TERMINAL_SEQUENCES =
  /[\x1b][[][\x30-\x3f]*[\x20-\x2f]*[\x40-\x7e]?|[\x1b][\]PX^_][^\x07\x1b]*(?:\x07|\x1b\\)?|[\x1b][\x20-\x7e]?/g;

/** C0, DEL, C1, line separators, and the marks that reorder text on a screen (Trojan Source, CVE-2021-42574). */
const CONTROLS = /[\x00-\x1f\x7f-\x9f\u2028\u2029\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/**
 * Decode bytes of a relay into text that is safe in a log, a terminal and a database: UTF-8 with U+FFFD for what is
 * none, terminal sequences removed, every control character a space.
 */
export function decodeText(bytes: Buffer): string {
  const text = bytes.toString('latin1');
  return isPrintableAscii(text) ? text : cleanText(bytes.toString('utf8'));
}

/** Whether text is safe as it is; characters of more than one byte never are. */
export function isPrintableAscii(text: string): boolean {
  return PRINTABLE_ASCII.test(text);
}

/** Make text of unknown origin safe in a log, a terminal and a database; see {@link decodeText}. */
export function cleanText(text: string): string {
  if (isPrintableAscii(text)) return text;
  return text.toWellFormed().replace(TERMINAL_SEQUENCES, '').replace(CONTROLS, ' ');
}

/** Cut to {@link MAX_TEXT_CHARACTERS}, never through a surrogate pair. */
export function capText(text: string): string {
  if (text.length <= MAX_TEXT_CHARACTERS) return text;
  const cut = text.slice(0, MAX_TEXT_CHARACTERS);
  return cut.isWellFormed() ? cut : cut.slice(0, -1);
}
