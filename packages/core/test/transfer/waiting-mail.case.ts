// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createMailEngine, type MailEngine } from '@mail-proxy/core';
import { sql } from 'kysely';
import { openDatabase } from '../../src/database/open.ts';
import { rawStatement } from '../../src/database/raw.ts';

export const KEY = Buffer.alloc(32, 7).toString('base64');

/** Milliseconds since the epoch: by any clock the session was dead for longer than a lease. */
const LONG_AGO = 1_000;

export const USERS = { user: 'the password of the relay' };
export const REPORT_TOKEN = 'the-token-of-the-tenant';

/** Ids of the messages that wait for an engine in {@link leaveMail}, and may be sent. */
export const DUE = ['ready', 'urgent', 'leased', 'attached', 'fetched'] as const;

export function openEngine(database: string, encryptionKey = KEY): Promise<MailEngine> {
  return createMailEngine({
    config: {
      database,
      encryptionKey,
      delivery: { ehloName: 'client.test' },
      retry: { baseMs: 50, maxDelayMs: 500 },
      // The report endpoint of these tests is on this machine.
      outgoing: { allowPrivateNetworks: true },
      attachments: { roots: ['/srv/mail/{tenant}'] },
    },
  });
}

const mail = (id: string, fields: object = {}) => ({
  id,
  from: 'Sender <sender@example.com>',
  to: ['one@example.org'],
  subject: id,
  text: 'Some text.\n',
  ...fields,
});

/** Who is there to be talked to, on the old database and on the new one. */
export interface Outside {
  /** Of the relay. */
  readonly port: number;
  readonly reportUrl: string;
}

/**
 * Leave mail in every state there is: some sent, some waiting, some of a session that was killed. The relay asks for the
 * password of {@link USERS}, the reports carry {@link REPORT_TOKEN}.
 */
export async function leaveMail(database: string, { port, reportUrl }: Outside): Promise<void> {
  {
    await using engine = await openEngine(database);
    await engine.execute('accounts.create', {
      id: 'main',
      host: '127.0.0.1',
      port,
      tls: 'none',
      user: 'user',
      password: USERS.user,
    });
    await engine.execute('tenants.update', {
      tenant_id: 'default',
      client_base_url: reportUrl,
      client_auth: { method: 'bearer', token: REPORT_TOKEN },
    });
    await engine.execute('api-keys.create', { tenant_id: 'default', label: 'key' });
    await engine.execute('storages.create', {
      name: 'files',
      protocol: 'local',
      config: { base_path: '/srv/mail/default' },
    });
    await engine.execute('dkim-keys.create', { domain: 'example.com', selector: 'mail', generate: 'ed25519' });
    await engine.start();
    await engine.submit([mail('sent')]);
    for await (const event of engine.events()) if (event.event === 'sent') break;
    await engine.execute('instance.pause', {});
    await engine.execute('batches.suspend', { batch_code: 'news', tenant_id: 'default' });
    const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, at) => at % 256)).toString('base64');
    await engine.submit([
      mail('ready'),
      mail('urgent', { priority: 0 }),
      mail('later', { send_at: '2090-01-01T00:00:00Z' }),
      mail('parked', { batch_code: 'news' }),
      mail('held'),
      mail('gone'),
      mail('leased'),
      mail('doubtful'),
      mail('fetched', {
        attachments: [{ filename: 'f', storage_path: `${reportUrl}/f`, auth: { method: 'bearer', token: 'of-f' } }],
      }),
      mail('attached', { attachments: [{ filename: 'a.bin', storage_path: `base64:${bytes}` }] }),
    ] as Parameters<MailEngine['submit']>[0]);
    await engine.execute('messages.hold', { message_id: 'held', tenant_id: 'default' });
    await engine.execute('messages.cancel', { message_id: 'gone', tenant_id: 'default' });
  }
  await killSession(database);
}

/** As a server that was killed leaves a file: one message leased, one in doubt, its session open. */
async function killSession(path: string): Promise<void> {
  await using database = await openDatabase<unknown>(path);
  await database.write([
    rawStatement(
      database,
      sql`insert into sessions (number, instance, started_at, heartbeat_at, ended_at) values (41, 'killed', ${sql.lit(LONG_AGO)}, ${sql.lit(LONG_AGO)}, null)`,
    ),
    // Numbers of rows since deleted are not given again either.
    rawStatement(database, sql`update sqlite_sequence set seq = 77 where name = 'sessions'`),
    rawStatement(database, sql`update messages set state = 'leased', owner_session = 41 where id = 'leased'`),
    rawStatement(database, sql`update messages set state = 'in_doubt', on_in_doubt = 'hold' where id = 'doubtful'`),
    rawStatement(
      database,
      sql`insert into rate_uses (scope, window_ms, bucket_at, session, used) values ('account:x', 60000, 120000, 41, 3)`,
    ),
    rawStatement(database, sql`update message_events set seq = null where seq > 2`),
  ]);
}
