// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac } from 'node:crypto';
import { startScriptedPeer } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, messageOf, openWorld, serveMail } from './engine-world.case.ts';

const PASSWORD = 'hunter2-secret';
const base64 = (text: string): string => Buffer.from(text).toString('base64');

test('an attempt shows how long it took and what was said, without what CRAM-MD5 proves and the body, though the relay answers with it', async () => {
  const challenge = '<1.2@relay.test>';
  const digest = createHmac('md5', PASSWORD).update(challenge).digest('hex');
  const response = base64(`someone ${digest}`);
  const answers: string[] = [];
  await using relay = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['PIPELINING', 'AUTH CRAM-MD5'],
      onAuth: () => `334 ${base64(challenge)}`,
      onAuthAnswer(line) {
        answers.push(line);
        return `235 2.7.0 welcome ${line} ${PASSWORD}`;
      },
      onMessage: () => '451 4.7.1 later',
    }),
  );
  await using world = await openWorld({ retry: { delaysMs: [3_600_000] } });
  await addAccount(world, relay, { user: 'someone', password: PASSWORD, auth_method: 'cram-md5' });
  await world.engine.submit([mail('m1', { text: 'the-body-of-it\n' })]);
  await historyUntil(world, 'm1', 'deferred');
  expect(answers).toEqual([response]);
  const view = await messageOf(world, 'm1');
  const [attempt, ...more] = view.history;
  expect(more).toEqual([]);
  expect(attempt).toMatchObject({ attempt: 1, type: 'deferred', stage: 'dot', code: 451, enhanced: '4.7.1' });
  expect(attempt?.duration_ms).toBeGreaterThanOrEqual(0);
  const said = attempt?.transcript?.join('\n') ?? '';
  for (const part of [
    'C: AUTH CRAM-MD5',
    'C: [redacted]',
    'S: 235 2.7.0 welcome [redacted]',
    'C: MAIL FROM:<sender@example.com>',
  ]) {
    expect(said).toContain(part);
  }
  expect(said).toMatch(/^\+\d+ms /);
  expect(said).toContain('S: 451 4.7.1 later');
  const all = JSON.stringify([view, await world.engine.execute('messages.events', { message_id: 'm1' }), world.logged]);
  for (const secret of [PASSWORD, base64(PASSWORD), response, digest, 'the-body-of-it']) {
    expect(all).not.toContain(secret);
  }
});
