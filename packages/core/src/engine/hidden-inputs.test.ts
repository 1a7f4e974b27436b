// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { GenericSchema } from 'valibot';
import { describe, expect, test } from 'vitest';
import { hiddenBy } from '../operations/redact.ts';
import { coreOperations } from './operations.ts';

/**
 * Fields of inputs, by name or by path, that take any text and may stand in the command log. One that is new fails the test below until it is
 * either marked in its schema with `secret` or `content`, or written here by somebody who thought about it.
 */
const PLAIN_TEXTS: ReadonlySet<string> = new Set([
  'account_id',
  'address',
  'after',
  'allowed_hosts',
  'batch_code',
  'bcc',
  'before',
  'cc',
  'client_attachment_path',
  'client_base_url',
  'client_sync_path',
  'created_after',
  'created_before',
  'deferred_ts',
  'dkim_key_id',
  'domain',
  'ehlo_name',
  'expires_at',
  'first_seq',
  'from',
  'host',
  'id',
  'ids',
  'include',
  'ip_ranges',
  'key_id',
  'label',
  'last',
  'last_seq',
  'limit',
  'mail_id',
  'message_id',
  'minutes',
  'name',
  'operation',
  'outcome',
  'position',
  'principal',
  'protocol',
  'reason',
  'recipient',
  'reply_to',
  'retention.audit',
  'retention.content',
  'retention.events',
  'retention.metadata',
  'return_path',
  'secret_id',
  'selector',
  'send_at',
  'senders',
  'since',
  'status',
  'storage_id',
  'suppression.complaint_expiry',
  'suppression.hard_expiry',
  'suppression.soft_expiry',
  'suppression.within',
  'tenant_id',
  'tls_ca',
  'tls_client_cert',
  'tls_servername',
  'to',
  'token_id',
  'until',
  'user',
  'wait',
]);

describe('every field of an input that takes any text', () => {
  for (const { name, input, http } of coreOperations) {
    const schemas = [input, ...(http.forMail === undefined ? [] : [http.forMail.input])];
    test(`of ${name} is marked as secret or content, or known to be plain`, () => {
      const open = schemas.flatMap((schema) => openTexts(schema, []));
      expect(open.filter((path) => !PLAIN_TEXTS.has(path) && !PLAIN_TEXTS.has(path.split('.').at(-1) ?? ''))).toEqual(
        [],
      );
    });
  }
});

test('no field that is said to be plain is named as secrets are', () => {
  expect([...PLAIN_TEXTS].filter((field) => /secret$|password|token$|private|credential|^key$/.test(field))).toEqual(
    [],
  );
});

interface Shape {
  readonly type: string;
  readonly wrapped?: GenericSchema;
  readonly entries?: Readonly<Record<string, GenericSchema>>;
  readonly item?: GenericSchema;
  readonly value?: GenericSchema;
  readonly options?: readonly unknown[];
}

/** The paths of the fields whose values are texts or may hold some, but for those that are hidden. */
function openTexts(schema: GenericSchema, path: readonly string[]): string[] {
  if (hiddenBy(schema) !== null) return [];
  // Every field that is read is optional there.
  const { type, wrapped, entries, item, value, options } = schema as unknown as Shape;
  if (wrapped !== undefined) return openTexts(wrapped, path);
  if (entries !== undefined) return Object.entries(entries).flatMap(([key, field]) => openTexts(field, [...path, key]));
  if (item !== undefined) return openTexts(item, path);
  if (type === 'record' && value !== undefined) return openTexts(value, path);
  if (type === 'union' || type === 'variant') {
    // Of these two kinds the options are schemas.
    return (options as readonly GenericSchema[]).flatMap((option) => openTexts(option, path));
  }
  if (type === 'lazy') throw new Error(`nobody knows what ${path.join('.')} is before it is given`);
  return type === 'string' ? [path.join('.')] : [];
}
