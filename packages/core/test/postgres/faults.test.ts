// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually, startPostgres, startTcpProxy, type TestPostgres } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { seededRandom } from '../../src/testing/index.ts';
import { type EngineUnderLoad, startUnderLoad } from './engine-under-load.case.ts';
import { IMPATIENT, interceptCommit, query } from './proxied-store.case.ts';

/** Accepted before, between and after faults. */
const SOME = 100;
/** The long form: GMP_FAULT_ROUNDS=40 */
const ROUNDS = Number(process.env['GMP_FAULT_ROUNDS'] ?? 15);

const KILL_ALL = `select pg_terminate_backend(pid) from pg_stat_activity
  where datname = current_database() and pid <> pg_backend_pid()`;

describe.skipIf(inject('pgSkip') !== '')('PostgreSQL under load', { timeout: 240_000 }, () => {
  test.each(['immediate', 'fast'] as const)(
    'a restart (%s) in mid-run loses nothing and repeats nothing',
    async (how) => {
      await using server = await startPostgres();
      await using load = await startUnderLoad({ database: server.url, postgres: IMPATIENT }, { directUrl: server.url });
      for (let round = 0; round < 2; round++) {
        await load.untilAccepted(SOME);
        await server.restart(how);
      }
      await load.untilAccepted(SOME);
      await expectAllIsWell(load);
    },
  );

  test('connections killed at any moment, also in mid-transaction, lose nothing and repeat nothing', async () => {
    await using server = await startPostgres();
    await using load = await startUnderLoad({ database: server.url, postgres: IMPATIENT }, { directUrl: server.url });
    for (let round = 0; round < ROUNDS; round++) {
      await load.untilAccepted(7);
      await query(server.url, KILL_ALL);
    }
    await load.untilAccepted(SOME);
    await expectAllIsWell(load);
  });

  test('commits whose answers are lost, whether they happened or not, lose nothing and repeat nothing', async () => {
    await using server = await startPostgres();
    await using proxy = await startTcpProxy(Number(new URL(server.url).port));
    await using load = await startUnderLoad(
      { database: proxy.inPlaceOf(server.url), postgres: IMPATIENT },
      { directUrl: server.url },
    );
    const seed = Date.now() % 100_000;
    const random = seededRandom(seed);
    for (let round = 0; round < ROUNDS; round++) {
      await load.untilAccepted(Math.floor(random() * 10));
      const commit = await interceptCommit(proxy);
      if (random() < 0.5) {
        commit.deliver();
        await commit.answered;
      }
      commit.cut();
    }
    await load.untilAccepted(SOME);
    await expectAllIsWell(load, `seed ${seed}`);
  });

  test('a database that is read-only for a while refuses for now, and all goes on by itself', async () => {
    await using server = await startPostgres();
    await using load = await startUnderLoad({ database: server.url, postgres: IMPATIENT }, { directUrl: server.url });
    await load.untilAccepted(SOME);
    await query(server.url, 'alter database postgres set default_transaction_read_only = on');
    await query(server.url, KILL_ALL);
    await load.untilRefused();
    await expect.poll(() => load.engine.ready()).toEqual({ ready: false, reasons: ['the database takes no writes'] });
    await query(server.url, 'begin read write; alter database postgres reset all; commit');
    await load.untilAccepted(SOME);
    await eventually(async () => (await load.engine.ready()).ready);
    await expectAllIsWell(load);
  });

  test('a server that takes connections and says nothing is given up in time, and all goes on by itself', async () => {
    await using made = await createDatabase(serverUrl(), inject('pgMigrated'));
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    await using load = await startUnderLoad(
      { database: proxy.inPlaceOf(made.url), postgres: IMPATIENT },
      { directUrl: made.url },
    );
    await load.untilAccepted(SOME);
    proxy.mode = 'swallow';
    await load.untilRefused();
    expect(await load.engine.ready()).toEqual({ ready: false, reasons: ['the database does not answer'] });
    proxy.mode = 'pass';
    await load.untilAccepted(SOME);
    await expectAllIsWell(load);
  });

  test('a backend that stands still is left behind, and what it held comes back once it is gone', async () => {
    await using server = await startPostgres();
    await using load = await startUnderLoad({ database: server.url, postgres: IMPATIENT }, { directUrl: server.url });
    await load.untilAccepted(SOME);
    const pid = await writerOf(server);
    process.kill(pid, 'SIGSTOP');
    try {
      // Nobody can tell what becomes of the messages in its open transaction; all others are taken, and go out.
      await eventually(() => load.offer('beside'), { timeoutMs: 60_000 });
      await load.sink.waitFor(({ mailId }) => mailId === 'beside', { timeoutMs: 60_000 });
    } finally {
      process.kill(pid, 'SIGCONT');
    }
    await expectAllIsWell(load);
  });
});

async function expectAllIsWell(load: EngineUnderLoad, hint = ''): Promise<void> {
  const { lost, repeated, states, complaints } = await load.finish();
  expect({ lost, repeated, complaints }, hint).toEqual({ lost: [], repeated: [], complaints: [] });
  expect(states).toEqual({ 'final sent': load.accepted.size });
  const { body } = await load.engine.metricsText();
  expect(body).toMatch(/^gmp_pending_messages 0$/m);
}

/** Process of the connection that writes. */
function writerOf(server: TestPostgres): Promise<number> {
  return eventually(
    async () => {
      const [row] = await query(
        server.url,
        `select pid from pg_stat_activity where application_name = 'mail-proxy' and backend_xid is not null`,
      );
      if (row === undefined) throw new Error('nobody writes');
      return Number(row['pid']);
    },
    { intervalMs: 0 },
  );
}

function serverUrl(): string {
  return inject('pgUrl') ?? '';
}
