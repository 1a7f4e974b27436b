// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { type SinkMessage, startSmtpSink } from '@mail-proxy/testkit';
import fc from 'fast-check';
import PostalMime from 'postal-mime';
import { describe, expect, test } from 'vitest';
import { addAccount, eventsUntil, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const subjectOf = (message: SinkMessage): string => message.headers.get('subject')?.[0] ?? '';

describe('what arrives', () => {
  test('text and html to several recipients with cc and bcc arrive as one envelope, and Bcc is in no header', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    await world.engine.submit([
      mail('m1', {
        to: ['Éva <eva@example.org>', 'two@example.org'],
        cc: ['three@example.org'],
        bcc: ['hidden@example.org'],
        subject: 'Grüße',
        text: 'Plain wörds\n.leading dot\n',
        html: '<p>Bold wörds</p>',
      }),
    ]);
    const [message] = await sink.waitFor(1);
    const [sent] = (await historyUntil(world, 'm1', 'sent')).slice(-1);

    expect(message?.from).toBe('sender@example.com');
    expect(message?.to).toEqual(['eva@example.org', 'two@example.org', 'three@example.org', 'hidden@example.org']);
    expect(message?.headers.has('bcc')).toBe(false);
    expect(message?.raw.toString('latin1')).not.toContain('hidden@');
    expect(message?.headers.get('x-genro-mail-id')).toEqual(['m1']);
    const view = await messageOf(world, 'm1');
    expect(message?.messageId).toBe(view.message_id);
    // A Date has whole seconds.
    const createdSecond = Math.floor(Date.parse(view.created_at) / 1_000);
    expect(Date.parse(message?.headers.get('date')?.[0] ?? '')).toBe(createdSecond * 1_000);
    const parsed = await PostalMime.parse(message?.raw ?? '');
    expect(parsed.subject).toBe('Grüße');
    expect(parsed.text?.trimEnd()).toBe('Plain wörds\n.leading dot');
    expect(parsed.html?.trimEnd()).toBe('<p>Bold wörds</p>');
    expect(parsed.to).toEqual([
      { name: 'Éva', address: 'eva@example.org' },
      { name: '', address: 'two@example.org' },
    ]);
    expect(view).toMatchObject({ state: 'final', result: 'sent', attempts: 1 });
    expect(view.recipients.map(({ kind, state }) => `${kind} ${state}`)).toEqual([
      'to sent',
      'to sent',
      'cc sent',
      'bcc sent',
    ]);
    expect(sent?.recipients).toHaveLength(4);
  });

  test('the bytes of a base64 attachment arrive intact', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const bytes = randomBytes(100_003);
    await world.engine.submit([
      mail('m1', {
        attachments: [
          { filename: 'Übersicht 1.pdf', storage_path: `base64:${bytes.toString('base64')}` },
          { filename: 'empty.bin', storage_path: 'base64:' },
        ],
      }),
    ]);
    const [message] = await sink.waitFor(1);
    const { attachments } = await PostalMime.parse(message?.raw ?? '');
    expect(attachments.map(({ filename, mimeType }) => ({ filename, mimeType }))).toEqual([
      { filename: 'Übersicht 1.pdf', mimeType: 'application/pdf' },
      { filename: 'empty.bin', mimeType: 'application/octet-stream' },
    ]);
    const [first, second] = attachments.map(({ content }) => Buffer.from(content as ArrayBuffer)); // as parsed by default
    expect(first?.equals(bytes)).toBe(true);
    expect(second).toHaveLength(0);
  });

  test.each([
    ['plain', 'text/plain'],
    ['html', 'text/html'],
  ] as const)('body with content_type %s is sent as %s', async (content_type, mimeType) => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const { text: _, ...rest } = mail('m1');
    await world.engine.submit([{ ...rest, body: '<b>one</b>', content_type }]);
    const [message] = await sink.waitFor(1);
    expect(message?.headers.get('content-type')?.[0]).toContain(mimeType);
    const parsed = await PostalMime.parse(message?.raw ?? '');
    expect((content_type === 'html' ? parsed.html : parsed.text)?.trimEnd()).toBe('<b>one</b>');
  });

  test('250 recipients are served in transactions of at most 100', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const to = Array.from({ length: 250 }, (_, index) => `r${index}@example.org`);
    await world.engine.submit([mail('m1', { to: ['list@example.org'], bcc: to.slice(1) })]);
    const history = await historyUntil(world, 'm1', 'sent');
    expect(sink.messages.map((message) => message.to.length)).toEqual([100, 100, 50]);
    expect(sink.messages.flatMap((message) => message.to)).toEqual(['list@example.org', ...to.slice(1)]);
    expect(new Set(sink.messages.map((message) => message.raw.toString('latin1'))).size).toBe(1);
    expect(history).toHaveLength(1);
  });
});

describe('who takes a message', () => {
  test('without account_id it goes through the only account, and through the default one of several', async () => {
    await using first = await startSmtpSink();
    await using second = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, first, { id: 'first' });
    await world.engine.submit([mail('m1')]);
    await first.waitFor(1);
    await addAccount(world, second, { id: 'second', is_default: true });
    await world.engine.submit([mail('m2')]);
    await second.waitFor(1);
    expect([first, second].map((sink) => sink.messages.map(subjectOf))).toEqual([['m1'], ['m2']]);
  });

  test('an unknown account rejects that message and no other of the batch', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const result = await world.engine.submit([mail('m1', { account_id: 'nobody' }), mail('m2')]);
    expect(result).toMatchObject({
      accepted: 1,
      rejected: 1,
      results: [
        {
          index: 0,
          id: 'm1',
          status: 'rejected',
          code: 'unknown_account',
          problems: [{ pointer: '/messages/0/account_id' }],
        },
        { index: 1, id: 'm2', status: 'accepted' },
      ],
    });
    await sink.waitFor(1);
    expect(sink.messages.map(subjectOf)).toEqual(['m2']);
  });

  test('a tenant without accounts gets no_default_account', async () => {
    await using world = await openWorld();
    const { results } = await world.engine.submit([mail('m1')]);
    expect(results).toMatchObject([
      { status: 'rejected', code: 'no_default_account', problems: [{ pointer: '/messages/0/account_id' }] },
    ]);
  });

  test('more recipients than max_recipients are refused, and nothing of the batch is stored', async () => {
    await using world = await openWorld({ limits: { maxRecipients: 2 } });
    await addAccount(world, { port: 9 });
    const submitting = world.engine.submit([
      mail('m1'),
      mail('m2', { to: ['a@example.org'], cc: ['b@example.org'], bcc: ['c@example.org'] }),
    ]);
    await expect(submitting).rejects.toMatchObject({
      code: 'invalid_input',
      problems: [{ pointer: expect.stringContaining('/messages/1/') }],
    });
    await expect(messageOf(world, 'm1')).rejects.toMatchObject({ code: 'not_found' });
  });
});

describe('the same id again', () => {
  test('is a duplicate_id, also after the message was sent', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const inOneBatch = await world.engine.submit([mail('m1'), mail('m1')]);
    await historyUntil(world, 'm1', 'sent');
    const later = await world.engine.submit([mail('m1'), mail('m2')]);
    await historyUntil(world, 'm2', 'sent');
    expect(inOneBatch.results.map(({ code }) => code)).toEqual([undefined, 'duplicate_id']);
    expect(later.results.map(({ code }) => code)).toEqual(['duplicate_id', undefined]);
    expect(sink.messages.map(subjectOf)).toEqual(['m1', 'm2']);
  });

  test('twenty submissions at the same time send it exactly once', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const results = await Promise.all(Array.from({ length: 20 }, () => world.engine.submit([mail('m1')])));
    await world.engine.submit([mail('last', { priority: 'low' })]);
    await historyUntil(world, 'm1', 'sent');
    await historyUntil(world, 'last', 'sent');
    const codes = results.flatMap(({ results: [only] }) => only?.code ?? only?.status);
    expect(codes.toSorted()).toEqual(['accepted', ...Array.from({ length: 19 }, () => 'duplicate_id')]);
    expect(sink.messages.map(subjectOf).toSorted()).toEqual(['last', 'm1']);
  });
});

describe('messages for later', () => {
  test('a message waits for its time', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const dueAt = Date.now() + 2_000;
    await world.engine.submit([mail('later', { deferred_ts: dueAt / 1_000 }), mail('now')]);
    expect((await messageOf(world, 'later')).state).toBe('deferred');
    await sink.waitFor(2);
    expect(sink.messages.map(subjectOf)).toEqual(['now', 'later']);
    expect(sink.messages[1]?.at).toBeGreaterThanOrEqual(Math.floor(dueAt));
  });

  test('a waiting message can be cancelled and is never sent', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    await addAccount(world, sink);
    const dueAt = Date.now() + 2_000;
    await world.engine.submit([
      mail('cancelled', { send_at: new Date(dueAt).toISOString() }),
      mail('kept', { send_at: new Date(dueAt + 1).toISOString() }),
    ]);
    await world.engine.execute('messages.cancel', { message_id: 'cancelled' });
    const events = await eventsUntil(world, (event) => event.id === 'kept');
    expect(events.map(({ id, event }) => `${id} ${event}`)).toEqual(['cancelled cancelled', 'kept sent']);
    expect(sink.messages.map(subjectOf)).toEqual(['kept']);
    expect(await messageOf(world, 'cancelled')).toMatchObject({
      state: 'final',
      result: 'cancelled',
      recipients: [{ state: 'cancelled' }],
    });
    await expect(world.engine.execute('messages.cancel', { message_id: 'cancelled' })).rejects.toMatchObject({
      code: 'conflict',
    });
  });
});

describe('order', () => {
  test('what waits is sent immediate first, then high, medium and low', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ start: false });
    await addAccount(world, sink, { max_connections: 1 });
    for (const priority of ['low', 'medium', 'high', 'immediate'] as const) {
      await world.engine.submit([mail(`${priority} 1`, { priority }), mail(`${priority} 2`, { priority })]);
    }
    await world.engine.start();
    await sink.waitFor(8);
    expect(sink.messages.map(subjectOf)).toEqual(
      ['immediate', 'high', 'medium', 'low'].flatMap((level) => [`${level} 1`, `${level} 2`]),
    );
  });

  test('an immediate message overtakes a queue that a slow relay holds up', async () => {
    const [arrived, released] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()];
    await using sink = await startSmtpSink({
      async onMessage() {
        arrived.resolve();
        await released.promise;
        return null;
      },
    });
    await using world = await openWorld();
    await addAccount(world, sink, { max_connections: 1 });
    await world.engine.submit(Array.from({ length: 10 }, (_, index) => mail(`low ${index}`, { priority: 'low' })));
    await arrived.promise;
    await world.engine.submit([mail('urgent', { priority: 'immediate' })]);
    released.resolve();
    await sink.waitFor(11);
    // One was under way, two were at hand already while it was still being loaded.
    expect(sink.messages.map(subjectOf).indexOf('urgent')).toBeLessThanOrEqual(3);
  });

  test('of more than one connection one is kept for immediate messages', async () => {
    const released = Promise.withResolvers<void>();
    await using sink = await startSmtpSink({
      async onMessage(message) {
        if (subjectOf(message) !== 'urgent') await released.promise;
        return null;
      },
    });
    await using world = await openWorld();
    await addAccount(world, sink, { max_connections: 2 });
    await world.engine.submit(Array.from({ length: 10 }, (_, index) => mail(`low ${index}`, { priority: 'low' })));
    await world.engine.submit([mail('urgent', { priority: 'immediate' })]);
    await sink.waitFor(1);
    expect(sink.messages.map(subjectOf)).toEqual(['urgent']);
    released.resolve();
    await sink.waitFor(11);
    expect(sink.connections.peak).toBe(2);
  });

  test('what was replaced before it was claimed goes out as it is by then, to whom it is for by then', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld({ start: false });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { subject: 'old', message_id: '<kept@example.com>' })]);
    const changed = mail('m1', { subject: 'new', to: ['two@example.org'], message_id: '<kept@example.com>' });
    await world.engine.submit([{ ...changed, on_conflict: 'replace_if_pending' }]);
    await world.engine.start();
    const messages = await sink.waitFor(1);
    expect(messages.map((message) => [subjectOf(message), message.to])).toEqual([['new', ['two@example.org']]]);
  });

  test('within one account and level, first attempts are always made in the order of acceptance', async () => {
    await using sink = await startSmtpSink();
    await using world = await openWorld();
    for (const id of ['a', 'b']) await addAccount(world, sink, { id, max_connections: 1 });
    const message = fc.record({
      account: fc.constantFrom('a', 'b'),
      level: fc.constantFrom('immediate', 'high', 'medium', 'low'),
    });
    const batches = fc.array(fc.array(message, { minLength: 1, maxLength: 8 }), { minLength: 1, maxLength: 5 });
    let round = 0;
    let total = 0;
    await fc.assert(
      fc.asyncProperty(batches, async (plan) => {
        round += 1;
        const before = total;
        const submitted: string[] = [];
        for (const [number, batch] of plan.entries()) {
          const messages = batch.map(({ account, level }, index) => {
            const group = `${account} ${level}`;
            submitted.push(`${group} ${round}-${number}-${index}`);
            return mail(submitted.at(-1) ?? '', { account_id: account, priority: level });
          });
          await world.engine.submit(messages);
        }
        total += submitted.length;
        await sink.waitFor(total);
        const arrived = sink.messages.slice(before).map(subjectOf);
        const groupOf = (subject: string): string => subject.slice(0, subject.lastIndexOf(' '));
        expect(Object.fromEntries(Map.groupBy(arrived, groupOf))).toEqual(
          Object.fromEntries(Map.groupBy(submitted, groupOf)),
        );
      }),
      { numRuns: 15 },
    );
  });
});
