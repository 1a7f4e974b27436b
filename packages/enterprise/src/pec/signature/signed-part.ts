// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { contentTypeOf, type Entity, entityOf, partsOf } from '../../mail/entity.ts';
import { fieldOf, fieldsOf } from '../../mail/fields.ts';

/** What a mail in `multipart/signed` consists of (RFC 8551, 3.5.3). */
export interface SignedPart {
  /** The signed MIME entity with its own header: its bytes as they stand in the mail, without the line end before the delimiter. */
  readonly content: Uint8Array;
  /** DER, or BER, of the detached signature. */
  readonly signature: Uint8Array;
}

const PKCS7 = /^application\/(x-)?pkcs7-signature$/i;

/**
 * Take the signed bytes and the signature out of a mail that is `multipart/signed` with a PKCS #7 signature at its top.
 * Null for all other mail, for one with anything but those two parts (what a third part says would be unsigned), and for one
 * with two Content-Types, of which readers take one or the other.
 */
export function signedPart(raw: Uint8Array): SignedPart | null {
  const mail = entityOf(raw);
  const { type, boundary, parameters } = contentTypeOf(mail);
  if (type !== 'multipart/signed' || boundary === null || !PKCS7.test(parameters['protocol'] ?? '')) return null;
  if (fieldsOf(mail.fields, 'content-type').length > 1) return null;
  const [content, signed, ...more] = partsOf(mail.body, boundary, 2) ?? [];
  if (content === undefined || signed === undefined || more.length > 0) return null;
  const signature = signatureOf(entityOf(signed));
  return signature === null ? null : { content, signature };
}

function signatureOf(part: Entity): Uint8Array | null {
  if (!PKCS7.test(contentTypeOf(part).type)) return null;
  const { body } = part;
  switch ((fieldOf(part.fields, 'content-transfer-encoding') ?? '7bit').toLowerCase()) {
    case 'base64':
      return Buffer.from(Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('latin1'), 'base64');
    case '7bit':
    case '8bit':
    case 'binary':
      return body;
    default:
      return null;
  }
}
