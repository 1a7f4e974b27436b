// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash, type KeyObject, sign } from 'node:crypto';
import { relaxedBodyHash, relaxedField } from './dkim-canonical.ts';
import type { DkimAlgorithm } from './dkim-key.ts';

/** A private key with the place of its public half. */
export interface DkimSigningKey {
  /** Lower case, A-labels. */
  readonly domain: string;
  readonly selector: string;
  readonly algorithm: DkimAlgorithm;
  readonly privateKey: KeyObject;
}

/**
 * The fields that are signed where they are present: what RFC 6376 §5.4.1 recommends of those that this proxy
 * writes, and the two that RFC 8058 §4 demands.
 */
const SIGNED_FIELDS: ReadonlySet<string> = new Set([
  'from',
  'to',
  'cc',
  'subject',
  'date',
  'message-id',
  'reply-to',
  'mime-version',
  'list-unsubscribe',
  'list-unsubscribe-post',
]);
const SIGNED_PREFIX = 'content-';

const MAX_LINE = 76;
/** Base64 in lines that, indented, are no longer. */
const SIGNATURE_PIECES = /.{1,72}/g;

/**
 * Sign a composed message (RFC 6376, RFC 8463), relaxed in header and body: one DKIM-Signature for each key, in
 * front of the message. The same message, keys and time give the same bytes.
 *
 * `From` is named once more than it occurs, so that a second one breaks the signature.
 *
 * @param bytes - a message of CRLF lines, as {@link compose} makes it
 * @param at - when the message was made, in seconds since the epoch
 */
export function signDkim(bytes: Buffer, keys: readonly DkimSigningKey[], at: number): Buffer {
  if (keys.length === 0) return bytes;
  const split = bytes.indexOf('\r\n\r\n');
  if (split < 0) throw new TypeError('a message without an empty line after its fields cannot be signed');
  const bodyHash = relaxedBodyHash(bytes.subarray(split + 4));
  const signed = signedFields(bytes.toString('latin1', 0, split));
  const signatures = keys.map((key) => signatureField(key, { signed, bodyHash, at }));
  return Buffer.concat([Buffer.from(`${signatures.join('\r\n')}\r\n`, 'latin1'), bytes]);
}

interface Signed {
  /** As `h=` lists them, in the order in which they are hashed. */
  readonly names: readonly string[];
  /** Relaxed, with CRLF; octets as Latin-1. */
  readonly text: string;
}

function signedFields(head: string): Signed {
  const fields = head
    .split(/\r\n(?![ \t])/)
    .map(relaxedField)
    .filter((field) => isSigned(nameOf(field)));
  // Of several fields of a name, verifiers take the last one first (RFC 6376 §5.4.2).
  fields.reverse();
  // The one name too many finds no field left, and so adds nothing to what is hashed.
  return { names: [...fields.map(nameOf), 'from'], text: fields.map((field) => `${field}\r\n`).join('') };
}

function isSigned(name: string): boolean {
  return SIGNED_FIELDS.has(name) || name.startsWith(SIGNED_PREFIX);
}

function nameOf(field: string): string {
  return field.slice(0, field.indexOf(':'));
}

function signatureField(
  { domain, selector, algorithm, privateKey }: DkimSigningKey,
  { signed, bodyHash, at }: { readonly signed: Signed; readonly bodyHash: string; readonly at: number },
): string {
  const unsigned = [
    `DKIM-Signature: v=1; a=${algorithm}; c=relaxed/relaxed;`,
    ` d=${domain};`,
    ` s=${selector}; t=${at};`,
    ...foldNames(signed.names),
    ` bh=${bodyHash};`,
    ' b=',
  ].join('\r\n');
  const data = Buffer.from(`${signed.text}${relaxedField(unsigned)}`, 'latin1');
  return `${unsigned}${foldSignature(signatureOf(data, algorithm, privateKey))}`;
}

function signatureOf(data: Buffer, algorithm: DkimAlgorithm, key: KeyObject): string {
  switch (algorithm) {
    case 'rsa-sha256':
      return sign('sha256', data, key).toString('base64');
    case 'ed25519-sha256':
      // RFC 8463 §3: the hash is what is signed, with plain Ed25519.
      return sign(null, hash('sha256', data, 'buffer'), key).toString('base64');
    default:
      throw new TypeError(`unknown algorithm ${algorithm satisfies never}`);
  }
}

/** The `h=` tag, folded between names. */
function foldNames(names: readonly string[]): string[] {
  const lines: string[] = [];
  let line = ' h=';
  for (const [index, name] of names.entries()) {
    const piece = index === names.length - 1 ? `${name};` : `${name}:`;
    if (line.length + piece.length > MAX_LINE) {
      lines.push(line);
      line = '  ';
    }
    line += piece;
  }
  return [...lines, line];
}

function foldSignature(signature: string): string {
  return (signature.match(SIGNATURE_PIECES) ?? []).join('\r\n  ');
}
