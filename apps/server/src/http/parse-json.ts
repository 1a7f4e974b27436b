// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError, releaseMemory } from '@mail-proxy/core';

export type JsonObject = Readonly<Record<string, unknown>>;

const utf8 = new TextDecoder('utf-8', { fatal: true });
/** For what is not the start of a text, where U+FEFF is a character. */
const laterUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });
const PART_BYTES = 524_288;

/**
 * Parse a body that must be one JSON object in UTF-8 (RFC 8259). Its bytes are the caller's to give away: large ones are empty
 * afterwards.
 *
 * @throws {MailProxyError} `malformed_json`, or `invalid_input` for another JSON value and for a key `__proto__`
 */
export function parseJsonObject(bytes: Uint8Array): JsonObject {
  const text = decode(bytes);
  releaseMemory(bytes);
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // The text of a syntax error quotes the body, which is not to be answered or logged: its place is enough.
    const at = error instanceof Error ? /position (\d+)/.exec(error.message)?.[1] : undefined;
    throw new MailProxyError('malformed_json', {
      detail: at === undefined ? 'the JSON text ends too early or is none' : `not JSON at position ${at}`,
      cause: error,
    });
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw invalid('', 'expected a JSON object');
  }
  // Only a text with these letters, or with escapes that may stand for them, can hold the key. Of up to six letters the
  // runtime looks for the first alone, ten times as fast.
  if (text.includes('__prot') || text.includes('\\u')) refuseProto(value);
  // JSON.parse makes objects with string keys only.
  return value as JsonObject;
}

function decode(bytes: Uint8Array): string {
  try {
    return bytes.byteLength <= PART_BYTES ? utf8.decode(bytes) : decodeParts(bytes);
  } catch (error) {
    throw new MailProxyError('malformed_json', { detail: 'the body is not UTF-8', cause: error });
  }
}

/** Without the copies outside the heap that the runtime makes of longer strings, each a reason for a full collection. */
function decodeParts(bytes: Uint8Array): string {
  let text = '';
  for (let start = 0; start < bytes.byteLength; ) {
    let end = Math.min(start + PART_BYTES, bytes.byteLength);
    // Not within a character; one that is longer than any is not UTF-8, which the decoder finds.
    for (let back = 0; back < 3 && ((bytes[end] ?? 0) & 0xc0) === 0x80; back++) end--;
    text += (start === 0 ? utf8 : laterUtf8).decode(bytes.subarray(start, end));
    start = end;
  }
  return text;
}

/** A key `__proto__` would become a prototype wherever an object is copied by assignment. */
function refuseProto(root: object): void {
  // Its own stack: a deep document must not exhaust ours.
  const open: { readonly value: object; readonly pointer: string }[] = [{ value: root, pointer: '' }];
  for (let at = open.pop(); at !== undefined; at = open.pop()) {
    for (const [key, inner] of Object.entries(at.value)) {
      const pointer = `${at.pointer}/${key.replaceAll('~', '~0').replaceAll('/', '~1')}`;
      if (key === '__proto__') throw invalid(pointer, 'unknown field');
      if (typeof inner === 'object' && inner !== null) open.push({ value: inner, pointer });
    }
  }
}

function invalid(pointer: string, message: string): MailProxyError {
  return new MailProxyError('invalid_input', {
    detail: `${pointer || '/'}: ${message}`,
    problems: [{ pointer, message }],
  });
}
