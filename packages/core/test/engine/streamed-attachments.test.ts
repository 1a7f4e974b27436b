// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { defineMixin, MailProxyError } from '@mail-proxy/core';
import { startSmtpSink } from '@mail-proxy/testkit';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { failAt, TestSource } from '../../src/smtp/byte-source.case.ts';
import { addAccount, historyUntil, mail, openWorld } from './engine-world.case.ts';

const FILE = randomBytes(1_000_000);
const PIECE = 57 * 4_600;

/** Adds a file that is read while the message is sent. */
function attaching(source: TestSource) {
  return defineMixin({
    id: 'attaching',
    contract: 1,
    setup: () => ({
      hooks: {
        composing(content) {
          const file = {
            filename: 'a.bin',
            mimeType: 'application/octet-stream',
            disposition: 'attachment',
            contentId: null,
            bytes: source,
          } as const;
          return { ...content, attachments: [file] };
        },
      },
    }),
  });
}

/** A source whose first reading fails so in its middle. */
function failingOnce(error: Error): TestSource {
  const source: TestSource = new TestSource(FILE, {
    pieceBytes: PIECE,
    beforePiece: (at) => failAt(at, source.readings === 1 ? 2 * PIECE : Number.POSITIVE_INFINITY, error),
  });
  return source;
}

test('a file that is read while it is sent arrives whole', async () => {
  await using sink = await startSmtpSink();
  const source = new TestSource(FILE, { pieceBytes: PIECE });
  await using world = await openWorld({ mixins: [attaching(source)] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1')]);
  const [message] = await sink.waitFor(1);
  const { attachments } = await PostalMime.parse(message?.raw ?? '');
  const content = attachments[0]?.content as ArrayBuffer; // as parsed by default
  expect(Buffer.from(content).equals(FILE)).toBe(true);
  expect(source).toMatchObject({ readings: 1, open: 0 });
});

test('a file that cannot be read fails the attempt as a bug does, and nobody gets half of it', async () => {
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [attaching(failingOnce(new Error('the disk is gone')))] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1')]);
  expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
    { event: 'deferred', attempt: 1, deferred_reason: expect.stringContaining('the disk is gone') },
    { event: 'sent', attempt: 2, possible_duplicate: false },
  ]);
  expect(sink.messages).toHaveLength(1);
});

test.each(['retry', 'hold'] as const)(
  'a database that goes away while a file is read puts the message back uncounted and without doubt, under %s',
  async (on_in_doubt) => {
    const away = new MailProxyError('database_unavailable');
    await using sink = await startSmtpSink();
    await using world = await openWorld({ mixins: [attaching(failingOnce(away))] });
    await addAccount(world, sink);
    await world.engine.submit([mail('m1', { on_in_doubt })]);
    expect(await historyUntil(world, 'm1', 'sent')).toMatchObject([
      { event: 'sent', attempt: 1, possible_duplicate: false },
    ]);
    expect(sink.messages).toHaveLength(1);
    expect(world.logged.filter((line) => line.includes('as the database is away'))).toHaveLength(1);
  },
);
