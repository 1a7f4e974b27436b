// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MIMEType } from 'node:util';
import { MailProxyError } from '@mail-proxy/core';

/** One part of a form. */
export interface FormPart {
  /** Of the field. */
  readonly name: string;
  /** Without folders; undefined where the part has none. */
  readonly filename: string | undefined;
  /** `type/subtype`; undefined where the part says nothing better than application/octet-stream. */
  readonly mimeType: string | undefined;
  readonly body: AsyncIterable<Uint8Array>;
}

/** Its header fields by their names in lower case; octets as Latin-1. */
export type PartFields = Readonly<Record<string, readonly string[] | undefined>>;

/**
 * Understand the header of a part (RFC 7578 §4).
 *
 * @throws {MailProxyError} `malformed_request`
 */
export function formPart(fields: PartFields, body: AsyncIterable<Uint8Array>): FormPart {
  const [disposition = ''] = fields['content-disposition'] ?? [];
  const parameters = /^form-data *;/i.test(disposition) ? parse(`multipart/${disposition}`)?.params : undefined;
  const name = parameters?.get('name');
  if (parameters === undefined || name == null) {
    throw new MailProxyError('malformed_request', { detail: 'a part of the form has no name' });
  }
  const filename = parameters.get('filename');
  const [type = ''] = fields['content-type'] ?? [];
  const mimeType = parse(type)?.essence;
  return {
    name: fromOctets(name),
    filename: filename === null ? undefined : lastSegment(fromOctets(filename)),
    mimeType: mimeType === 'application/octet-stream' ? undefined : mimeType,
    body,
  };
}

/**
 * Find the boundary of a form; null where the body is none.
 *
 * @throws {MailProxyError} `malformed_request` where there is none
 */
export function boundaryOf(headers: Pick<Headers, 'get'>): string | null {
  const type = parse(headers.get('content-type') ?? '');
  if (type?.essence !== 'multipart/form-data') return null;
  const boundary = type.params.get('boundary');
  // RFC 2046 §5.1.1.
  if (boundary !== null && /^[\x20-\x7e]{0,69}[\x21-\x7e]$/.test(boundary)) return boundary;
  throw new MailProxyError('malformed_request', { detail: 'expected Content-Type: multipart/form-data; boundary=...' });
}

/** Node's own reading of types; it knows quoted strings, which a Content-Disposition has, too. */
function parse(text: string): MIMEType | undefined {
  try {
    return new MIMEType(text);
  } catch (error) {
    if (error instanceof TypeError) return undefined;
    throw error;
  }
}

/** RFC 7578 §5.1: what is written today is UTF-8. */
function fromOctets(latin1: string): string {
  return Buffer.from(latin1, 'latin1').toString('utf8');
}

/** RFC 7578 §4.2: a path is not to be used. */
function lastSegment(filename: string): string {
  return filename.slice(Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1);
}
