// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { fileURLToPath } from 'node:url';
import {
  type CountingSinkProcess,
  type ServerProcess,
  spawnCountingSink,
  spawnServer,
  type TempDir,
  tempDir,
} from '@mail-proxy/testkit';
import { ADMIN_TOKEN } from '../world/api.ts';
import { type Client, openClient } from './client.ts';

/** A server as users run it, on a file of its own, and a relay that takes everything. */
export interface LoadWorld extends AsyncDisposable {
  readonly server: ServerProcess;
  readonly sink: CountingSinkProcess;
  readonly operator: Client;
  /** Make a tenant with an account for the relay, or for another one. @returns its key */
  addTenant(id: string, port?: number): Promise<string>;
  /** The value of a sample of the metrics. */
  metric(sample: string): Promise<number>;
}

/** The built one. */
const ENTRY = fileURLToPath(new URL('../../apps/server/dist/main.js', import.meta.url));
const ENCRYPTION_KEY = randomBytes(32).toString('base64');

export function startServer(dir: TempDir, env: Readonly<Record<string, string>> = {}): Promise<ServerProcess> {
  return spawnServer({
    entry: ENTRY,
    isBuilt: true,
    env: {
      GMP_PORT: '0',
      GMP_DATA_DIR: dir.path,
      GMP_API_TOKEN: ADMIN_TOKEN,
      GMP_LOG_LEVEL: 'warn',
      GMP_ENCRYPTION_KEY: ENCRYPTION_KEY,
      MALLOC_ARENA_MAX: '2',
      ...env,
    },
    startTimeoutMs: 120_000,
    stopTimeoutMs: 60_000,
  });
}

export async function openLoadWorld(env: Readonly<Record<string, string>> = {}): Promise<LoadWorld> {
  const stack = new AsyncDisposableStack();
  const dir = stack.use(tempDir());
  const sink = stack.use(await spawnCountingSink());
  const server = stack.use(await startServer(dir, env));
  const operator = stack.use(openClient(server.url, 4));
  return {
    server,
    sink,
    operator,
    async addTenant(id, port = sink.port) {
      const { text } = await operator.call('POST', '/v1/tenants', { id });
      const relay = { tenant_id: id, id: `relay-${id}`, host: '127.0.0.1', port, tls: 'none' };
      const { status } = await operator.call('POST', '/v1/accounts', relay);
      if (status !== 201) throw new Error(`an account was answered ${status}`);
      // the answer to tenants.create
      return (JSON.parse(text) as { readonly api_key: string }).api_key;
    },
    async metric(sample) {
      const { text } = await operator.call('GET', '/metrics');
      const line = text.split('\n').find((each) => each.startsWith(`${sample} `));
      return Number(line?.slice(sample.length));
    },
    [Symbol.asyncDispose]: () => stack.disposeAsync(),
  };
}

export function mail(id: string, text = 'Some words.\n'.repeat(20)): object {
  return { id, from: 'sender@example.com', to: `${id}@example.org`, subject: id, text };
}
