// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { hash, type KeyObject, sign } from 'node:crypto';
import { readBody, type StreamedBody, streamedBody } from '../message-body.ts';
import { RelaxedBodyHash, relaxedBodyHash, relaxedField } from './dkim-canonical.ts';
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
  const bodyAt = startOfBody(bytes);
  const bodyHash = relaxedBodyHash(bytes.subarray(bodyAt));
  return Buffer.concat([signatureFields(bytes.subarray(0, bodyAt), keys, { bodyHash, at }), bytes]);
}

/**
 * The same for a message that is read while it is sent: its sources are read once for the signatures.
 *
 * @throws Error where a source cannot be read
 */
export async function signStreamedDkim(
  body: StreamedBody,
  keys: readonly DkimSigningKey[],
  at: number,
): Promise<StreamedBody> {
  if (keys.length === 0) return body;
  const [start] = body.parts;
  if (!Buffer.isBuffer(start)) throw new TypeError('a message that starts with a source cannot be signed');
  const bodyAt = startOfBody(start);
  const hash = new RelaxedBodyHash().update(start.subarray(bodyAt));
  for await (const piece of readBody(streamedBody(body.parts.slice(1)))) hash.update(piece);
  const signatures = signatureFields(start.subarray(0, bodyAt), keys, { bodyHash: hash.digest(), at });
  return streamedBody([signatures, ...body.parts]);
}

/** Behind the empty line that ends the fields. */
function startOfBody(bytes: Buffer): number {
  const split = bytes.indexOf('\r\n\r\n');
  if (split < 0) throw new TypeError('a message without an empty line after its fields cannot be signed');
  return split + 4;
}

/** What is signed beside the fields. */
interface SignedValues {
  readonly bodyHash: string;
  readonly at: number;
}

/** @param head - the fields of the message, with the empty line behind them */
function signatureFields(head: Buffer, keys: readonly DkimSigningKey[], values: SignedValues): Buffer {
  const signed = signedFields(head.toString('latin1', 0, head.length - 4));
  const signatures = keys.map((key) => signatureField(key, { ...values, signed }));
  return Buffer.from(`${signatures.join('\r\n')}\r\n`, 'latin1');
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
  { signed, bodyHash, at }: SignedValues & { readonly signed: Signed },
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
