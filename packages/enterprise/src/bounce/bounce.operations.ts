// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { type Database, defineOperation, fields, MailProxyError, type Reach } from '@mail-proxy/core';
import * as v from 'valibot';
import { receiveInput, receiveRawInput } from '../mail/received-mail.schema.ts';
import {
  changed,
  receivedOutput,
  settingsInput,
  settingsOutput,
  toReceived,
  toSettings,
  toUnmatched,
  unmatchedOutput,
} from './bounce.schema.ts';
import { type ReceivedBounce, type ReceiveParts, receiveBounce } from './receive-bounce.ts';
import { type BounceSettingsStore, DEFAULT_SETTINGS } from './settings.store.ts';
import type { UnmatchedStore } from './unmatched.store.ts';

export interface BounceServices {
  readonly bounces: {
    readonly database: Pick<Database<unknown>, 'write'>;
    readonly receiving: ReceiveParts;
    readonly settings: BounceSettingsStore;
    readonly unmatched: UnmatchedStore;
  };
  /** Of core. @throws {MailProxyError} `not_found` */
  readonly tenants: { get(reach: Reach, id: string): Promise<unknown> };
}

/** As much of a mail as is read. */
const MAX_READ_BYTES = 8 * 1_048_576;

/** Not in the list of what can be done: it is what receiving is for a body that is a mail. */
const receiveRawBounce = defineOperation({
  name: 'bounces.receive-raw',
  summary: 'Take in a mail that came back',
  http: { method: 'POST', path: '/v1/bounces' },
  access: 'tenant',
  scope: 'bounces:write',
  audit: true,
  input: receiveRawInput,
  output: receivedOutput,
  async run({ bounces }: BounceServices, { raw }, { reach }) {
    const pieces: Uint8Array[] = [];
    let length = 0;
    for await (const piece of raw.read()) {
      pieces.push(piece);
      length += piece.byteLength;
      if (length >= MAX_READ_BYTES) break;
    }
    return toReceived(await receive(bounces, Buffer.concat(pieces, Math.min(length, MAX_READ_BYTES)), reach));
  },
});

export const receiveBounces = defineOperation({
  name: 'bounces.receive',
  summary: 'Take in a mail that came back: a bounce or a complaint becomes events of the message that it is about',
  http: { method: 'POST', path: '/v1/bounces', forMail: receiveRawBounce },
  access: 'tenant',
  scope: 'bounces:write',
  audit: true,
  input: receiveInput,
  output: receivedOutput,
  run: async ({ bounces }: BounceServices, { mail_base64 }, { reach }) =>
    toReceived(await receive(bounces, Buffer.from(mail_base64, 'base64'), reach)),
});

export const listUnmatchedBounces = defineOperation({
  name: 'bounces.list-unmatched',
  summary: 'List bounces and complaints whose messages were not found, newest first',
  http: { method: 'GET', path: '/v1/bounces/unmatched' },
  access: 'tenant',
  scope: 'bounces:read',
  audit: false,
  input: v.strictObject({ tenant_id: v.optional(fields.tenantId), ...fields.page }),
  output: fields.pageOf(unmatchedOutput),
  async run({ bounces }: BounceServices, { after, limit }, { reach }) {
    const rows = await bounces.unmatched.list(reach.tenantId, { after: after ?? null, limit });
    const last = rows.at(-1);
    return { items: rows.map(toUnmatched), next: rows.length === limit && last !== undefined ? last.pk : null };
  },
});

export const getBounceSettings = defineOperation({
  name: 'bounces.settings',
  summary: "Show where a tenant's bounces come to",
  http: { method: 'GET', path: '/v1/tenants/{tenant_id}/bounces' },
  access: 'tenant',
  scope: 'bounces:read',
  audit: false,
  input: v.strictObject({ tenant_id: fields.tenantId }),
  output: settingsOutput,
  async run({ bounces, tenants }: BounceServices, { tenant_id }, { reach }) {
    await tenants.get(reach, tenant_id);
    return toSettings(tenant_id, await bounces.settings.get(tenant_id));
  },
});

export const updateBounceSettings = defineOperation({
  name: 'bounces.update-settings',
  summary:
    "Change where a tenant's bounces come to, and begin to name envelopes; what is absent stays, null is the default",
  http: { method: 'PATCH', path: '/v1/tenants/{tenant_id}/bounces' },
  access: 'tenant',
  scope: 'bounces:write',
  audit: true,
  input: settingsInput,
  output: settingsOutput,
  async run({ bounces, tenants }: BounceServices, input, { reach }) {
    const { database, settings } = bounces;
    const { tenant_id } = input;
    await tenants.get(reach, tenant_id);
    const wanted = changed((await settings.get(tenant_id)) ?? DEFAULT_SETTINGS, input);
    if (wanted.perRecipient && wanted.returnPathDomain === null) {
      throw new MailProxyError('invalid_input', {
        problems: [{ pointer: '/return_path_domain', message: 'required: without it recipients have no return paths' }],
      });
    }
    await database.write([settings.put(tenant_id, wanted)]);
    settings.forget(tenant_id);
    return toSettings(tenant_id, wanted);
  },
});

export const removeBounceSettings = defineOperation({
  name: 'bounces.remove-settings',
  summary: "Send a tenant's mail with its own return paths again, under no names",
  http: { method: 'DELETE', path: '/v1/tenants/{tenant_id}/bounces', status: 204 },
  access: 'tenant',
  scope: 'bounces:write',
  audit: true,
  input: v.strictObject({ tenant_id: fields.tenantId }),
  output: v.null(),
  async run({ bounces, tenants }: BounceServices, { tenant_id }, { reach }) {
    await tenants.get(reach, tenant_id);
    await bounces.database.write([bounces.settings.remove(tenant_id)]);
    bounces.settings.forget(tenant_id);
    return null;
  },
});

export const bounceOperations = [
  receiveBounces,
  listUnmatchedBounces,
  getBounceSettings,
  updateBounceSettings,
  removeBounceSettings,
] as const;

async function receive(
  { database, receiving }: BounceServices['bounces'],
  raw: Uint8Array,
  { tenantId }: Reach,
): Promise<ReceivedBounce> {
  const hash = createHash('sha256').update(raw).digest('hex');
  const { statements, committed } = await receiveBounce({ raw, hash, tenantId }, receiving);
  if (statements.length > 0) await database.write(statements);
  return committed();
}
