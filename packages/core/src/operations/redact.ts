// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
/** Fields that hold a secret or a person's mail, wherever they stand in an input. */
const SECRET_FIELDS: ReadonlySet<string> = new Set([
  'password',
  'client_auth',
  'config',
  'token',
  'api_key',
  'secret',
  'oauth',
  'access_token',
  'refresh_token',
  'client_secret',
  'tls_client_key',
  'private_key',
]);
const CONTENT_FIELDS: ReadonlySet<string> = new Set(['text', 'html', 'body', 'subject', 'attachments', 'headers']);

/** A copy of an operation's input that may be stored and shown: secrets and content replaced by a word. */
export function redact(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(redact);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      if (inner === null || inner === undefined) return [key, inner];
      if (SECRET_FIELDS.has(key)) return [key, '[secret]'];
      if (CONTENT_FIELDS.has(key)) return [key, '[content]'];
      return [key, redact(inner)];
    }),
  );
}
