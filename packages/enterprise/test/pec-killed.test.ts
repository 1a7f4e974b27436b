// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { KEY, sharedDatabase } from './mailbox-world.case.ts';
import { MINUTE, openPecWorld, pastStart, pecClock } from './pec-world.case.ts';

test('a message that a relay took as the process was killed is awaited as if nothing had been', async () => {
  await using shared = await sharedDatabase();
  {
    await using relay = await startSmtpSink();
    const child = fileURLToPath(new URL('killed-after-sending-main.ts', import.meta.url));
    const options = ['--conditions=mail-proxy-source', child, shared.database, KEY, String(relay.port)];
    const [, signal] = await once(spawn(process.execPath, options, { stdio: 'inherit' }), 'exit');
    expect(signal).toBe('SIGKILL');
    expect(relay.messages).toHaveLength(1);
  }
  const clock = pecClock();
  await using world = await openPecWorld(undefined, {
    ...{ clock, database: shared.database, isAgain: true, config: { encryptionKey: KEY } },
  });
  await world.until(async () => expect((await world.status('m1')).acceptance_due_at).not.toBeNull());
  clock.leap(30 * MINUTE);
  pastStart(clock);
  await world.until(async () => expect(await world.eventsOf('m1')).toMatchObject([{ type: 'pec_timeout' }]));
  expect(world.sink.messages).toEqual([]);
});
