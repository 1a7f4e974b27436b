// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, type Intercepted, startTcpProxy, type TcpProxy } from '@mail-proxy/testkit';
import pg from 'pg';
import * as v from 'valibot';
import { inject } from 'vitest';
import { type EngineConfigInput, postgresSchema } from '../../src/config/engine-config.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createWorld, type World } from '../conformance/store-world.case.ts';

/** As it is sent: a query of its own, which ends with a zero. */
const COMMIT = 'commit\0';

/** How the commit that is intercepted ends at the server; the client is cut off without an answer in any case. */
export type CommitEnd = 'happened' | 'never arrived';

export const COMMIT_ENDS: readonly CommitEnd[] = ['happened', 'never arrived'];

/** Patience of tests: what hangs is given up within a second. */
export const IMPATIENT: NonNullable<EngineConfigInput['postgres']> = { connectMs: 1_000, statementMs: 1_500 };

export interface ProxiedWorld extends World {
  readonly proxy: TcpProxy;
  /** Of its database, past the proxy. */
  readonly url: string;
}

/** The queue on a database of its own, behind a proxy that can lose the answer to a commit. */
export async function createProxiedWorld({
  postgres = {},
}: Pick<EngineConfigInput, 'postgres'> = {}): Promise<ProxiedWorld> {
  const made = await createDatabase(serverUrl(), inject('pgMigrated'));
  const proxy = await startTcpProxy(Number(new URL(made.url).port));
  const database = await openDatabase(proxy.inPlaceOf(made.url), { postgres: v.parse(postgresSchema, postgres) });
  const dispose = async (): Promise<void> => {
    await database[Symbol.asyncDispose]();
    await proxy.close();
    await made.drop();
  };
  const world = await createWorld(async () => ({ database, connect: null, dispose }));
  return {
    ...world,
    proxy,
    url: made.url,
  };
}

/** Ask the server past the engine. */
export async function query(url: string, text: string): Promise<readonly Readonly<Record<string, unknown>>[]> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<Record<string, unknown>>(text)).rows;
  } finally {
    await client.end();
  }
}

export function serverUrl(): string {
  const url = inject('pgUrl');
  if (url === undefined) throw new Error('there is no PostgreSQL');
  return url;
}

export function interceptCommit(proxy: TcpProxy): Promise<Intercepted> {
  return proxy.intercept(COMMIT);
}

/** Stop the first commit of which `isIt` holds while it is stopped, and let the others pass: heartbeats, say. */
export async function interceptCommitThat(proxy: TcpProxy, isIt: () => Promise<boolean>): Promise<Intercepted> {
  let commit = await interceptCommit(proxy);
  for (;;) {
    const next = interceptCommit(proxy);
    if (await isIt()) {
      void next.then(({ pass }) => pass());
      return commit;
    }
    commit.pass();
    commit = await next;
  }
}

/** Cut the connection of the next commit before it is answered. */
export async function loseNextAnswer(proxy: TcpProxy, end: CommitEnd): Promise<void> {
  const commit = await interceptCommit(proxy);
  if (end === 'happened') {
    commit.deliver();
    await commit.answered;
  }
  commit.cut();
}
