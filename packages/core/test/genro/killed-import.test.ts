// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { importGenro } from '@mail-proxy/core';
import { createDatabase, tempDir } from '@mail-proxy/testkit';
import { describe, expect, inject, test } from 'vitest';
import { dumpPostgres, dumpSqlite } from '../transfer/dump.case.ts';
import { GENRO_DATABASES, payloadOf } from './genro-source.case.ts';

const CHILD = fileURLToPath(new URL('./genro-child-main.ts', import.meta.url));
const encryptionKey = Buffer.alloc(32, 1).toString('base64');
const MESSAGES = 2_000;
const numbers = Array.from({ length: MESSAGES }, (_, at) => at);

/** Import in a process of its own, and kill it once so many rows of a table are done. */
async function importAndKill(
  database: string,
  source: string,
  [table, rows]: readonly [string, number],
): Promise<void> {
  const more = [database, source, encryptionKey, table, String(rows)];
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, ...more], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  child.stdout.once('data', () => child.kill('SIGKILL'));
  expect(await closed).toEqual([null, 'SIGKILL']);
}

async function killTwiceAndGoOn(
  kind: (typeof GENRO_DATABASES)[number],
  database: string,
  dump: () => Promise<Readonly<Record<string, readonly string[]>>>,
) {
  await using source = await kind[1]('0.7');
  await source.insert('tenants', { id: 'acme', suspended_batches: 'all' });
  await source.insert('accounts', { pk: 'Z1', id: 'main', tenant_id: 'acme', host: 'smtp.example.com', port: 25 });
  const pkOf = (at: number) => `Z${String(at).padStart(6, '0')}`;
  const isSent = (at: number) => at % 2 === 0;
  await source.insert(
    'messages',
    ...numbers.map((at) => ({
      ...{ pk: pkOf(at), id: `m${at}`, tenant_id: 'acme', account_id: 'main', account_pk: 'Z1' },
      ...{ payload: payloadOf(`m${at}`), batch_code: 'all', smtp_ts: isSent(at) ? 1_790_000_000 : null },
    })),
  );
  const sent = numbers.filter(isSent);
  await source.insert(
    'message_events',
    ...sent.map((at) => ({ message_pk: pkOf(at), event_type: 'sent', event_ts: 1_790_000_000 })),
  );
  await source.insert(
    'command_log',
    ...sent.map(() => ({ command_ts: 1_790_000_000, endpoint: 'suspend', payload: '{}' })),
  );

  await importAndKill(database, source.address, ['messages', 1_000]);
  const half = (await dump())['messages']?.length ?? 0;
  expect([half > 0, half < MESSAGES]).toEqual([true, true]);
  await importAndKill(database, source.address, ['message_events', MESSAGES + 250]);
  const { counts } = await importGenro({ config: { database, encryptionKey }, source: source.address });
  expect(counts).toMatchObject({
    tenants: { already_here: 1, taken: 0 },
    accounts: { already_here: 1, taken: 0 },
    waiting_messages: { already_here: MESSAGES / 2, taken: 0, not_taken: 0 },
    finished_messages: { already_here: MESSAGES / 2, taken: 0, not_taken: 0 },
  });
  expect(counts.events.taken + counts.events.already_here).toBe(sent.length);
  expect(counts.events.taken).toBeGreaterThan(0);
  const after = await dump();
  const ids = (after['messages'] ?? []).map((row) => /"id","(\w+)"/.exec(row)?.[1]);
  expect(ids.toSorted()).toEqual(numbers.map((at) => `m${at}`).toSorted());
  expect([after['message_events']?.length, after['message_contents']?.length]).toEqual([sent.length, MESSAGES]);
  expect(after['command_log']?.filter((row) => row.includes('genro.suspend'))).toHaveLength(sent.length);
}

describe('an import of a genro-mail-proxy that is killed and started again', { timeout: 120_000 }, () => {
  test('takes nothing twice and loses nothing, on SQLite', async () => {
    using dir = tempDir();
    const database = dir.file('new.db');
    await killTwiceAndGoOn(GENRO_DATABASES[0], database, async () => dumpSqlite(database));
  });

  test.skipIf(inject('pgSkip') !== '')('takes nothing twice and loses nothing, on PostgreSQL', async () => {
    await using made = await createDatabase(inject('pgUrl') ?? '');
    await killTwiceAndGoOn(GENRO_DATABASES[1], made.url, () => dumpPostgres(made.url));
  });
});
