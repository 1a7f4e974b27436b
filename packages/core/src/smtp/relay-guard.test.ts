// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startScriptedPeer } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import type { OutgoingPolicy } from '../outgoing/outgoing-http.types.ts';
import { createRelayGuard } from './relay-guard.ts';
import { RFC5321_TIMEOUTS, type SmtpRelay } from './session.types.ts';
import { openConnection } from './session-opening.ts';

/** A relay by this name, and how often the name was asked for: each time it resolves to the next of these. */
function guarded(port: number, addresses: readonly (readonly string[])[], policy: OutgoingPolicy = {}) {
  const asked: string[] = [];
  const guard = createRelayGuard(policy, async (host) => {
    asked.push(host);
    const found = addresses[asked.length - 1] ?? [];
    return found.map((address) => ({ address, family: address.includes(':') ? 6 : 4 }));
  });
  const timeouts = { ...RFC5321_TIMEOUTS, connectMs: 5_000 };
  const relay: SmtpRelay = { host: 'relay.example', port, tls: 'none', ehloName: 'client.test', timeouts, guard };
  return { asked, open: () => openConnection(relay, { clock: systemClock }) };
}

const greet = () =>
  startScriptedPeer(async (client) => {
    await client.send('220 hi\r\n');
    await client.line();
    await client.send('250 hi\r\n');
  });

test.each([
  [['127.0.0.1'], 'resolves to 127.0.0.1, which is a loopback address'],
  [['1.1.1.1', '10.0.0.5'], 'resolves to 10.0.0.5, which is a private address'],
  [['169.254.169.254'], 'the address of a metadata service'],
  [['::ffff:192.168.0.1'], 'a private address'],
])('a name that resolves to %j is not connected to', async (addresses, reason) => {
  await using peer = await greet();
  const { open } = guarded(peer.port, [addresses]);
  await expect(open()).rejects.toMatchObject({
    fault: { kind: 'unsupported', stage: 'connect', text: expect.stringContaining(reason) },
  });
  expect(peer.connections).toBe(0);
});

test('what was checked is what is connected to: the name is not asked for again', async () => {
  await using peer = await greet();
  const { asked, open } = guarded(peer.port, [['127.0.0.1'], ['10.0.0.5']], { allowedHosts: ['127.0.0.1'] });
  const { connection } = await open();
  connection.destroy();
  expect(asked).toEqual(['relay.example']);
  await expect(open()).rejects.toMatchObject({ fault: { text: expect.stringContaining('10.0.0.5') } });
});

test('a name without an address is one that cannot be resolved', async () => {
  const { open } = guarded(1, [[]]);
  await expect(open()).rejects.toMatchObject({ fault: { kind: 'dns' } });
});
