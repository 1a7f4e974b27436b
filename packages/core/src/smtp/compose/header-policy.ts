// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** In octets of UTF-8, before encoding. */
export const MAX_HEADER_VALUE = 8_192;
/** So that a field name with its colon fits the 78 characters of RFC 5322 §2.1.1. */
export const MAX_HEADER_NAME = 76;
/** In octets of UTF-8; what common file systems take (NAME_MAX). */
export const MAX_FILENAME = 255;

/**
 * Fields that a client may not set, and why. A `*` at the end stands for any rest. Compared without case.
 */
export const RESERVED_HEADERS = [
  { name: 'From', why: 'it is a field of the message' },
  { name: 'To', why: 'it is a field of the message' },
  { name: 'Cc', why: 'it is a field of the message' },
  { name: 'Reply-To', why: 'it is a field of the message' },
  { name: 'Subject', why: 'it is a field of the message' },
  { name: 'Bcc', why: 'it is a field of the message and never written' },
  { name: 'Sender', why: 'it names an address that nobody has checked' },
  { name: 'Date', why: 'the proxy writes it' },
  { name: 'Message-ID', why: 'the proxy writes it; retries depend on it' },
  { name: 'MIME-Version', why: 'the proxy writes it' },
  { name: 'Content-*', why: 'the proxy writes it from the bodies and attachments' },
  { name: 'X-Genro-Mail-ID', why: 'the proxy writes it to recognise what comes back' },
  { name: 'Received', why: 'only mail servers add it' },
  { name: 'Return-Path', why: 'only mail servers add it' },
  { name: 'Authentication-Results', why: 'only mail servers add it' },
  { name: 'DKIM-*', why: 'only signers add it' },
  { name: 'ARC-*', why: 'only mail servers add it' },
  { name: 'Resent-*', why: 'it names recipients and senders of another transaction' },
] as const satisfies readonly { readonly name: string; readonly why: string }[];

const RESERVED_NAMES = new Map(RESERVED_HEADERS.map(({ name, why }) => [name.toLowerCase(), why]));
const RESERVED_PREFIXES = RESERVED_HEADERS.filter(({ name }) => name.endsWith('*')).map(({ name, why }) => ({
  prefix: name.slice(0, -1).toLowerCase(),
  why,
}));

/** ftext of RFC 5322 §3.6.8: printable ASCII but the colon. */
const FIELD_NAME = /^[\x21-\x39\x3b-\x7e]+$/;
const MIME_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/[a-z0-9][a-z0-9!#$&^_.+-]{0,126}$/i;
const CONTENT_ID = /^[\x21-\x3b\x3d\x3f-\x7e]{1,250}$/;
/** With the separators of lines and paragraphs, which some readers take for the end of a line. */
const CONTROL = /[\p{Cc}\u2028\u2029]/u;
const CONTROL_BUT_TAB = /(?!\t)[\p{Cc}\u2028\u2029]/u;

/** Say why a client may not add this field, or null if it may. */
export function checkHeader(name: string, value: string): string | null {
  if (name.length > MAX_HEADER_NAME) return `the name is longer than ${MAX_HEADER_NAME} characters`;
  if (!FIELD_NAME.test(name)) return 'the name is not made of printable ASCII characters other than the colon';
  const why = whyReserved(name);
  if (why !== null) return `${name} may not be set: ${why}`;
  return checkLine(value);
}

/** Say why this text cannot stand in one header line (a subject, a display name, a value), or null if it can. */
export function checkLine(value: string): string | null {
  // Each character is an octet at least: no need to count those of a text far too long.
  if (value.length > MAX_HEADER_VALUE || Buffer.byteLength(value) > MAX_HEADER_VALUE) {
    return `it is longer than ${MAX_HEADER_VALUE} octets`;
  }
  if (CONTROL_BUT_TAB.test(value)) return 'it contains a line break or another control character';
  if (!value.isWellFormed()) return 'it is not well-formed Unicode';
  return null;
}

/** Say why an attachment may not have this name, or null if it may. */
export function checkFilename(value: string): string | null {
  if (value.length > MAX_FILENAME || Buffer.byteLength(value) > MAX_FILENAME) {
    return `it is longer than ${MAX_FILENAME} octets`;
  }
  if (value.trim() === '') return 'it is empty';
  if (CONTROL.test(value)) return 'it contains a line break or another control character';
  if (!value.isWellFormed()) return 'it is not well-formed Unicode';
  if (/[/\\]/.test(value)) return 'it contains a path';
  if (value === '.' || value === '..') return 'it is the name of a folder';
  return null;
}

/** Say why this is no media type, or null if it is `type/subtype` (RFC 6838 §4.2, without parameters). */
export function checkMimeType(value: string): string | null {
  return MIME_TYPE.test(value) ? null : 'it is not of the form type/subtype';
}

/** Say why this is no Content-ID without its brackets, or null if it is. More lenient than RFC 2045: no `@` needed. */
export function checkContentId(value: string): string | null {
  return CONTENT_ID.test(value) ? null : 'it is not 1 to 250 printable ASCII characters without spaces, < and >';
}

function whyReserved(name: string): string | null {
  const lower = name.toLowerCase();
  const exact = RESERVED_NAMES.get(lower);
  if (exact !== undefined) return exact;
  return RESERVED_PREFIXES.find(({ prefix }) => lower.startsWith(prefix))?.why ?? null;
}
