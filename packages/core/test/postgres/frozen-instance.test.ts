// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase, eventually, startSmtpSink, startTcpProxy } from '@mail-proxy/testkit';
import { expect, inject, test } from 'vitest';
import { startGatedRelay } from '../engine/control-world.case.ts';
import { addAccount, mail, openWorld } from '../engine/engine-world.case.ts';
import { interceptCommitThat, query, serverUrl } from './proxied-store.case.ts';

/** Less than what a statement may take by default: 30 s. */
const PATIENCE = { timeoutMs: 20_000 };

test.skipIf(inject('pgSkip') !== '')(
  'what an instance holds that stands still in the middle of a transaction is sent by another after its lease',
  async () => {
    await using made = await createDatabase(serverUrl(), inject('pgMigrated'));
    await using proxy = await startTcpProxy(Number(new URL(made.url).port));
    await using sink = await startSmtpSink();
    const delivery = { leaseMs: 3_000 };
    await using frozen = await openWorld({ database: proxy.inPlaceOf(made.url), delivery });
    await addAccount(frozen, sink);
    // Of the claim of the message: it is locked, and neither side hears of the other any more.
    const claiming = interceptCommitThat(proxy, () => isLocked(made.url, 'm1'));
    await frozen.engine.submit([mail('m1')]);
    const claim = await claiming;
    proxy.mode = 'swallow';
    await using other = await openWorld({ database: made.url, delivery });
    await sink.waitFor(1, PATIENCE);
    claim.cut();
    proxy.cutAll();
    proxy.mode = 'pass';
    await expect
      .poll(async () => (await other.engine.execute('instance.get', {})) as object)
      .toMatchObject({ waiting: 0 });
    expect(sink.messages).toHaveLength(1);
  },
);

test.skipIf(inject('pgSkip') !== '')(
  'a message that others took back between MAIL and its first byte is not sent by who began it',
  async () => {
    await using made = await createDatabase(serverUrl(), inject('pgMigrated'));
    await using relay = await startGatedRelay('MAIL');
    await using world = await openWorld({ database: made.url, delivery: { leaseMs: 1_500 } });
    await addAccount(world, relay);
    await world.engine.submit([mail('m1')]);
    await relay.reached;
    // As an instance does that finds the session dead.
    await query(made.url, 'update sessions set ended_at = heartbeat_at where ended_at is null');
    await query(made.url, `update messages set state = 'ready', owner_session = null`);
    await eventually(() => world.logged.some((line) => line.includes('beginning a new one')));
    relay.open();
    await expect.poll(() => world.engine.execute('instance.get', {})).toMatchObject({ waiting: 0 });
    expect(relay.subjects).toEqual(['m1']);
  },
);

/** Whether a transaction that is under way has changed the message. */
async function isLocked(url: string, id: string): Promise<boolean> {
  const text = `select 1 from messages where id = '${id}' and pg_xact_status(xmax::text::xid8) = 'in progress'`;
  return (await query(url, text)).length > 0;
}
