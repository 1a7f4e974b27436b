// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Of old files without a word about it, and of those that say something else than they are. */
const FALLBACK = 'windows-1252';
const DECLARATION = /^\s*<\?xml\b[^<>]{0,200}\?>/i;
const MAX_DECLARATION_BYTES = 256;

/**
 * Decode a document and take its XML declaration off. A byte order mark decides; then whether it is UTF-8, which other
 * encodings by chance never are; then what it declares.
 */
export function decodeXml(bytes: Uint8Array): string {
  const text = byMark(bytes) ?? asUtf8(bytes) ?? asDeclared(bytes) ?? new TextDecoder(FALLBACK).decode(bytes);
  return text.replace(DECLARATION, '').trim();
}

/**
 * Mend what providers were careless about, in a document that is no XML as it is: bare ampersands, entities of HTML, control
 * characters, a Message-ID with bare brackets.
 */
export function mendXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, ' ')
    .replace(/&(?!(?:amp|lt|gt|quot|apos|#\d{1,6}|#x[\da-f]{1,6});)/gi, '&amp;')
    .replace(/<(msgid)>\s{0,100}<([^<>\s]{1,998})>\s{0,100}<\/msgid>/gi, '<$1>&lt;$2&gt;</$1>');
}

function byMark(bytes: Uint8Array): string | null {
  const [a, b] = bytes;
  // Without a mark, a document begins with `<`.
  if ((a === 0xff && b === 0xfe) || (a === 0x3c && b === 0)) return new TextDecoder('utf-16le').decode(bytes);
  if ((a === 0xfe && b === 0xff) || (a === 0 && b === 0x3c)) return new TextDecoder('utf-16be').decode(bytes);
  return null;
}

function asUtf8(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    if (error instanceof TypeError) return null;
    throw error;
  }
}

function asDeclared(bytes: Uint8Array): string | null {
  const head = Buffer.from(bytes.subarray(0, MAX_DECLARATION_BYTES)).toString('latin1');
  const name = /\bencoding\s*=\s*["']([\w.:-]{1,40})["']/i.exec(DECLARATION.exec(head)?.[0] ?? '')?.[1];
  if (name === undefined || /^utf/i.test(name)) return null;
  try {
    return new TextDecoder(name).decode(bytes);
  } catch (error) {
    // An encoding that nobody knows.
    if (error instanceof RangeError) return null;
    throw error;
  }
}
