// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HostileRequest } from './hostile-requests.ts';
import type { ApiDocument } from './json-schema.ts';
import { loopbackValues } from './loopback-values.ts';
import type { KnownValues } from './schema-values.ts';

/** A server that has something of everything, so that hostile requests get further than "not found". */
export interface HostileWorld {
  readonly document: ApiDocument;
  readonly known: KnownValues;
  readonly tokens: readonly string[];
}

type Json = Readonly<Record<string, unknown>>;

/** Things of a kind: some will be removed. */
const OF_EACH = 12;

/**
 * Fill a server.
 *
 * A storage of files needs `/srv/mail/{tenant}` among the server's attachment roots.
 *
 * @param port - of a relay on this machine, or one where nothing listens
 * @throws Error with the answer where something cannot be made
 */
export async function fillForHostile(url: string, adminToken: string, port: number): Promise<HostileWorld> {
  const call = async (method: string, path: string, body?: Json): Promise<Json> => {
    const response = await fetch(url + path, {
      method,
      headers: { authorization: `Bearer ${adminToken}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await response.text();
    // Of mixins that are not there.
    if (response.status === 404 && method === 'POST') return {};
    if (!response.ok) throw new Error(`${method} ${path} was answered ${response.status}: ${text}`);
    return JSON.parse(text);
  };
  const of = { tenant_id: 'acme' };
  const several = async (path: string, field: string, body: (n: number) => Json): Promise<readonly unknown[]> => {
    const made: unknown[] = [];
    for (let n = 0; n < OF_EACH; n++) made.push((await call('POST', path, body(n)))[field]);
    return made.filter((each) => each !== undefined);
  };

  await call('POST', '/v1/tenants', { id: 'acme' });
  const main = await call('POST', '/v1/accounts', { ...of, id: 'main', host: '127.0.0.1', port, is_default: true });
  const box = await call('POST', '/v1/accounts', { ...of, id: 'box', type: 'sandbox' });
  const mail = { ...of, from: 'a@example.net', to: 'b@example.org', subject: 'Hi', text: 'Hello', batch_code: 'b1' };
  const later = { ...mail, send_at: '2999-01-01T00:00:00Z' };
  const accounts = await several('/v1/accounts', 'pk', (n) => ({ ...of, id: `a${n}`, host: '127.0.0.1', port }));
  const storage = (n: number): Json => ({
    ...of,
    name: `s${n}`,
    protocol: 'local',
    config: { base_path: '/srv/mail/acme' },
  });
  const mailbox = { ...of, host: '127.0.0.1', port: 1, user: 'u', password: 'p', purposes: ['bounces'] };
  const tenantKey = await call('POST', '/v1/tenants/acme/api-keys', {});
  const testKey = await call('POST', '/v1/tenants/acme/api-keys', { mode: 'test' });
  const ids: Record<string, readonly unknown[]> = {
    tenant_id: ['acme', 'acme', 'acme', 'default', 'nobody'],
    account_id: [main['pk'], box['pk'], 'main', ...accounts],
    message_id: [
      ...(await several('/v1/messages', 'pk', (n) => ({ ...later, id: `m${n}` }))),
      ...(await several('/v1/messages', 'pk', () => mail)),
    ],
    batch_code: ['b1', 'none'],
    id: ['m1', 'main', 'acme', ...Array.from({ length: 200 }, (_, n) => `new-${n}`)],
    key_id: await several('/v1/tenants/acme/api-keys', 'id', () => ({})),
    token_id: await several('/v1/instance/tokens', 'id', () => ({ kind: 'metrics' })),
    secret_id: await several('/v1/tenants/acme/signing-secrets', 'id', () => ({ overlap_seconds: 0 })),
    dkim_key_id: await several('/v1/dkim-keys', 'pk', (n) => ({
      ...{ ...of, domain: `d${n}.example`, selector: 's', generate: 'ed25519' },
    })),
    storage_id: await several('/v1/storages', 'pk', storage),
    mailbox_id: await several('/v1/mailboxes', 'pk', () => mailbox),
  };
  const known = Object.fromEntries(Object.entries(ids).filter(([, values]) => values.length > 0));
  // Its schemas are those that the requests are made from.
  const document = (await call('GET', '/openapi.json')) as unknown as ApiDocument;
  return {
    document,
    known: loopbackValues(port, known),
    tokens: [...Array(6).fill(adminToken), String(tenantKey['api_key']), String(testKey['api_key'])],
  };
}

/** Whether a request takes away what all others are about. */
export function endsTheWorld({ operation, path }: HostileRequest): boolean {
  return operation === 'tenants.delete' && /^\/v1\/tenants\/(acme|default)(\?|$)/.test(path);
}
