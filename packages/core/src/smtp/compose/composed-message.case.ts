// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect } from 'vitest';
import { compose } from './compose.ts';
import type { MailContent } from './content.ts';

export const PLAIN_CONTENT: MailContent = {
  from: { name: 'Acme', address: 'noreply@acme.example' },
  to: [{ name: 'Mario Rossi', address: 'mario@example.com' }],
  cc: [],
  replyTo: [],
  subject: 'Hello',
  text: 'Hello.\n',
  html: null,
  calendar: null,
  headers: [],
  attachments: [],
  detached: [],
  messageId: '<0198c0de-0000-7000-8000-000000000001@acme.example>',
  date: Date.UTC(2026, 1, 3, 4, 5, 6),
};

/** Compose content that is in memory as a whole, as the message then is. */
export function composeBytes(content: MailContent): { readonly bytes: Buffer; readonly smtpUtf8: boolean } {
  const { body, smtpUtf8 } = compose(content);
  if (!Buffer.isBuffer(body)) throw new Error('a message without sources is one buffer');
  return { bytes: body, smtpUtf8 };
}

/** What must hold of every message, read from the octets alone. */
export function expectCleanWire(bytes: Buffer, smtpUtf8 = false): void {
  const text = bytes.toString('latin1');
  expect(text.endsWith('\r\n')).toBe(true);
  expect(text.replaceAll('\r\n', '')).not.toMatch(/[\r\n\0]/);
  expect(Math.max(...text.split('\r\n').map((line) => line.length))).toBeLessThanOrEqual(998);
  if (!smtpUtf8) expect(text).toMatch(/^[\t\r\n\x20-\x7e]*$/);
  const head = text.slice(0, text.indexOf('\r\n\r\n') + 2);
  expect(head).toMatch(/^(?:[\x21-\x39\x3b-\x7e]+:(?: [^\r\n]*[^\r\n\t ])?(?:\r\n[ \t]+[^\r\n\t ][^\r\n]*)*\r\n)+$/);
}

/** One node of a message as a strict reader sees it. */
export interface ReadEntity {
  /** Unfolded, in their order, names in lower case. */
  readonly fields: readonly (readonly [name: string, value: string])[];
  readonly type: string;
  /** Decoded octets of a leaf; empty for a multipart. */
  readonly octets: Buffer;
  readonly parts: readonly ReadEntity[];
}

/** Read a message by the letter: one CRLF belongs to each delimiter, and anything unexpected throws. */
export function readEntity(text: string): ReadEntity {
  const split = text.indexOf('\r\n\r\n');
  if (split < 0) throw new Error('no empty line after the fields');
  const fields = text
    .slice(0, split)
    .replace(/\r\n(?=[ \t])/g, '')
    .split('\r\n')
    .map((line): [string, string] => {
      const colon = line.indexOf(':');
      if (colon < 1) throw new Error(`no field: ${line}`);
      return [line.slice(0, colon).toLowerCase(), line.slice(colon + 1).replace(/^ /, '')];
    });
  const contentType = fieldOf(fields, 'content-type');
  const body = text.slice(split + 4);
  const type = contentType.split(';')[0] ?? '';
  if (!type.startsWith('multipart/')) {
    return { fields, type, octets: decode(fieldOf(fields, 'content-transfer-encoding'), body), parts: [] };
  }
  const boundary = /boundary="([^"]+)"/.exec(contentType)?.[1];
  if (boundary === undefined) throw new Error('no boundary');
  const pieces = `\r\n${body}`.split(`\r\n--${boundary}`);
  if (pieces.shift() !== '' || pieces.pop() !== '--\r\n') throw new Error('text outside the parts');
  const parts = pieces.map((piece) => {
    if (!piece.startsWith('\r\n')) throw new Error('a delimiter with text behind it');
    return readEntity(piece.slice(2));
  });
  return { fields, type, octets: Buffer.alloc(0), parts };
}

/** The value of a field that must be there exactly once. */
export function fieldOf(fields: ReadEntity['fields'], name: string): string {
  const values = fields.filter(([given]) => given === name);
  if (values.length !== 1) throw new Error(`${values.length} fields called ${name}`);
  return values[0]?.[1] ?? '';
}

/** Decode encoded-words (RFC 2047): those next to each other are joined without the white space between. */
export function decodeWords(text: string): string {
  return text.replace(/=\?UTF-8\?[BQ]\?[^? ]*\?=(?: =\?UTF-8\?[BQ]\?[^? ]*\?=)*/g, (run) =>
    run
      .split(' ')
      .map((word) => {
        const [, , encoding, payload = ''] = word.split('?');
        return encoding === 'B' ? Buffer.from(payload, 'base64') : unescapeHex(payload.replaceAll('_', ' '), '=');
      })
      .map((octets) => new TextDecoder('utf-8', { fatal: true }).decode(octets))
      .join(''),
  );
}

/** Read one parameter of a field, by RFC 2045 or RFC 2231. */
export function parameterOf(value: string, name: string): string {
  const found = [...value.matchAll(/; ([^=;" ]+)=("(?:[^"\\]|\\.)*"|[^;" ]*)/g)].map(([, key = '', raw = '']) => ({
    key,
    value: raw.startsWith('"') ? raw.slice(1, -1).replace(/\\(.)/g, '$1') : raw,
  }));
  const sections = found.filter(({ key }) => key === name || key.startsWith(`${name}*`));
  if (sections.length === 0) throw new Error(`no parameter ${name} in ${value}`);
  const octets = sections.map(({ key, value }, index) => {
    if (!key.endsWith('*')) return Buffer.from(value);
    return unescapeHex(index === 0 ? value.replace(/^utf-8''/, '') : value, '%');
  });
  return Buffer.concat(octets).toString();
}

function decode(encoding: string, body: string): Buffer {
  switch (encoding) {
    case '7bit':
      return Buffer.from(body);
    case 'base64':
      if (!/^[A-Za-z0-9+/=\r\n]*$/.test(body)) throw new Error('not base64');
      return Buffer.from(body, 'base64');
    case 'quoted-printable':
      return unescapeHex(body.replaceAll('=\r\n', ''), '=');
    default:
      throw new Error(`unknown transfer encoding ${encoding}`);
  }
}

function unescapeHex(text: string, mark: '=' | '%'): Buffer {
  const hex = new RegExp(`${mark}([0-9A-F]{2})`, 'g');
  return Buffer.from(
    text.replace(hex, (_, digits: string) => String.fromCharCode(Number.parseInt(digits, 16))),
    'latin1',
  );
}
