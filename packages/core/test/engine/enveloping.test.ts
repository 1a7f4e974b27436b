// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { defineMixin, type Enveloping } from '@mail-proxy/core';
import { startSmtpSink } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { addAccount, eventsUntil, mail, openWorld } from './engine-world.case.ts';

const enveloping = (choose: (recipients: readonly string[]) => Enveloping) =>
  defineMixin({
    id: 'paths',
    contract: 1,
    setup: () => ({ hooks: { enveloping: (_, { to }) => choose(to) } }),
  });

const THREE = ['one@example.org', 'two@example.org', 'three@example.org'];

test('a mixin chooses the return path and names the envelope', async () => {
  await using sink = await startSmtpSink();
  const paths = enveloping(() => ({ returnPath: 'back+1@bounce.example.com', envelopeId: 'm+1' }));
  await using world = await openWorld({ mixins: [paths] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { to: THREE })]);
  const message = await sink.waitFor(1).then(([first]) => first);
  expect(message).toMatchObject({ from: 'back+1@bounce.example.com', to: THREE, envelopeId: 'm+1' });
  expect(message?.headers.get('from')).toEqual(['Sender <sender@example.com>']);
});

test('a relay without DSN is told no name of the envelope', async () => {
  await using sink = await startSmtpSink({ hide: ['DSN'] });
  await using world = await openWorld({ mixins: [enveloping(() => ({ envelopeId: 'm1' }))] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1')]);
  expect(await sink.waitFor(1)).toMatchObject([{ from: 'sender@example.com', envelopeId: null }]);
});

test('recipients with return paths of their own go in transactions of their own, and the message is sent once to each', async () => {
  await using sink = await startSmtpSink({
    onRcpt: (address, attempt) =>
      address.startsWith('two') && attempt === 1 ? { code: 450, text: '4.2.0 later' } : null,
  });
  const paths = enveloping(() => ({
    returnPath: (recipient) =>
      recipient.startsWith('one') ? 'sender@example.com' : `back+${recipient.slice(0, 3)}@example.com`,
  }));
  await using world = await openWorld({ mixins: [paths] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { to: [...THREE, 'one-more@example.org'] })]);
  await eventsUntil(world, ({ event }) => event === 'sent');
  expect(sink.messages.map(({ from, to }) => [from, to])).toEqual([
    ['sender@example.com', ['one@example.org', 'one-more@example.org']],
    ['back+thr@example.com', ['three@example.org']],
    ['back+two@example.com', ['two@example.org']],
  ]);
  expect(new Set(sink.messages.map(({ messageId }) => messageId)).size).toBe(1);
});

test('a return path that would break the command fails the attempt and reaches no relay', async () => {
  await using sink = await startSmtpSink();
  const paths = enveloping(() => ({ returnPath: 'a@b>\r\nRCPT TO:<evil@example.net' }));
  await using world = await openWorld({ mixins: [paths] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1')]);
  const events = await eventsUntil(world, ({ event }) => event === 'deferred');
  expect(events.at(-1)?.recipients[0]?.reply).toContain('internal error');
  expect(sink.messages).toEqual([]);
});
