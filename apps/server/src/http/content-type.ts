// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';

/**
 * Refuse a body that is not plain JSON in UTF-8. To demand the type also keeps web pages out: no form of theirs can
 * send it without asking first.
 *
 * @throws {MailProxyError} `unsupported_media_type`
 */
export function requireJson(headers: Pick<Headers, 'get'>): void {
  const [type = '', ...parameters] = (headers.get('content-type') ?? '').toLowerCase().split(';');
  if (!/^application\/(json|[\w.+-]+\+json)$/.test(type.trim())) {
    throw new MailProxyError('unsupported_media_type', { detail: 'expected Content-Type: application/json' });
  }
  const charset = parameters.map((parameter) => parameter.trim()).find((parameter) => parameter.startsWith('charset='));
  if (charset !== undefined && !/^charset="?utf-?8"?$/.test(charset)) {
    throw new MailProxyError('unsupported_media_type', { detail: 'expected UTF-8' });
  }
  requireIdentity(headers);
}

/**
 * Refuse a body that has to be unpacked: what it grows to is not known before.
 *
 * @throws {MailProxyError} `unsupported_media_type`
 */
export function requireIdentity(headers: Pick<Headers, 'get'>): void {
  const encoding = headers.get('content-encoding');
  if (encoding !== null && encoding.toLowerCase() !== 'identity') {
    throw new MailProxyError('unsupported_media_type', { detail: 'expected a body without Content-Encoding' });
  }
}

/** Whether a Content-Type is this one, whatever its parameters. */
export function isType(contentType: string | null | undefined, type: string): boolean {
  return contentType?.split(';', 1)[0]?.trim().toLowerCase() === type;
}
