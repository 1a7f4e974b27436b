// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { startReportReceiver, WEBHOOK_VECTORS } from '@mail-proxy/testkit';
import { Webhook } from 'standardwebhooks';
import { describe, expect, test } from 'vitest';
import { systemClock } from '../clock.ts';
import { openReportingWorld } from './reporting-world.case.ts';
import { signatureOf, webhookHeaders } from './sign-report.ts';

const SECRETS = [
  `whsec_${Buffer.alloc(32, 1).toString('base64')}`,
  `whsec_${Buffer.alloc(24, 2).toString('base64')}`,
] as const;

describe('the vectors of Standard Webhooks', () => {
  test('there are all of them', () => {
    expect(WEBHOOK_VECTORS).toHaveLength(17);
    expect(WEBHOOK_VECTORS.filter((vector) => vector.isValid).length).toBeGreaterThan(3);
  });

  // What a signature is not valid for, besides another one: missing parts, and times that are too far away.
  const signable = WEBHOOK_VECTORS.filter((vector) => typeof vector.timestamp === 'number' && vector.id !== null);
  test.each(signable)('$name: the signature is among those of the call exactly if it is made of the same', (vector) => {
    const { secret, id, timestamp, payload, signature, now = Number(timestamp), isValid } = vector;
    const ours = signatureOf(secret, { id: String(id), timestamp: Number(timestamp), payload });
    const isInTime = Math.abs(now - Number(timestamp)) <= 300;
    const hasSecret = secret.replace('whsec_', '') !== '';
    expect(signature.split(' ').includes(ours) && isInTime && hasSecret).toBe(isValid);
  });

  test('a call that lacks a part is none that we make', () => {
    const others = WEBHOOK_VECTORS.filter((vector) => !signable.includes(vector));
    expect(others.map(({ name, isValid }) => [name, isValid])).toEqual([
      ['missing id', false],
      ['non-numeric timestamp', false],
    ]);
  });
});

test('the library verifies what is sent, with each of two secrets while one takes the place of the other', async () => {
  await using world = await openReportingWorld();
  await using endpoint = await startReportReceiver();
  await world.addTold('acme', endpoint.url, { method: 'none' }, SECRETS);
  await world.addEvent('acme', { type: 'error', detail: { reason: 'gänzlich unbekannt ☂' } });
  await using running = world.report();
  await running.acknowledged.waitFor(1);
  const [call] = endpoint.requests;
  const headers = Object.fromEntries(Object.entries(call?.headers ?? {}).map(([name, value]) => [name, String(value)]));
  for (const secret of SECRETS) expect(new Webhook(secret).verify(call?.rawBody ?? '', headers)).toEqual(call?.body);
  expect(() =>
    new Webhook(`whsec_${Buffer.alloc(32, 3).toString('base64')}`).verify(call?.rawBody ?? '', headers),
  ).toThrow();
  expect(headers['webhook-signature']?.split(' ')).toHaveLength(2);
  expect(headers['webhook-id']).toMatch(/^msg_[\w-]{22}$/);
  expect(Math.abs(Number(headers['webhook-timestamp']) - systemClock.now() / 1_000)).toBeLessThan(120);
});

test('without a secret there is no signature, and the id of the call is there all the same', () => {
  const headers = webhookHeaders([], { id: 'msg_1', timestamp: 1_772_000_000, payload: '{}' });
  expect(headers).toEqual({ 'webhook-id': 'msg_1', 'webhook-timestamp': '1772000000' });
});
