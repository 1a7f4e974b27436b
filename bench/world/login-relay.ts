// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fileURLToPath } from 'node:url';
import { spawnServer, type Tally } from '@mail-proxy/testkit';
import { HttpClient } from '../load/http-client.ts';
import type { Relay } from './relay.ts';

const LOGIN = { user: 'bench', pass: 'a password of the bench' };

/** A relay that wants TLS from the first byte and a login. @param latencyMs by which all that it says is late */
export async function openLoginRelay(latencyMs: number): Promise<Relay> {
  const server = await spawnServer({
    entry: fileURLToPath(new URL('login-relay-main.ts', import.meta.url)),
    args: [],
    env: { LATENCY_MS: String(latencyMs), LOGIN_USER: LOGIN.user, LOGIN_PASS: LOGIN.pass },
  });
  const client = new HttpClient(server.url);
  const ask = async (path: string): Promise<unknown> => JSON.parse(await client.get(path));
  return {
    host: '127.0.0.1',
    port: Number(await ask('/port')),
    login: LOGIN,
    taken: async () => Number(await ask('/taken')),
    waitFor: async (total) => void (await ask(`/wait?total=${total}`)),
    // What login-relay-main.ts answers.
    tally: async (prefix, count) => (await ask(`/tally?prefix=${prefix}&count=${count}`)) as Tally,
    async [Symbol.asyncDispose]() {
      client[Symbol.dispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}
