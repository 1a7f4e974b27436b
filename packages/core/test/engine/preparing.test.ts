// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  AttachmentFailure,
  type BroughtFile,
  defineMixin,
  type Hooks,
  type MessageInput,
  type Mixin,
  type Preparation,
  type SubmittedFile,
} from '@mail-proxy/core';
import { type SinkMessage, startReportReceiver, startSmtpSink } from '@mail-proxy/testkit';
import PostalMime from 'postal-mime';
import { expect, test } from 'vitest';
import { addAccount, historyUntil, mail, messageOf, openWorld } from './engine-world.case.ts';

const LIMIT = 1_000;
const LARGE = Buffer.alloc(LIMIT + 1, 'a');
const SMALL = Buffer.from('small');

interface Links {
  readonly mixin: Mixin;
  /** What was asked at acceptance. */
  readonly submitted: (readonly SubmittedFile[])[];
  /** What was to be prepared, with the bytes that were read. */
  readonly prepared: { readonly id: string; readonly files: readonly (readonly [string, number])[] }[];
}

/** Puts a line in the place of each large file. */
function links(preparing: Partial<Pick<Hooks, 'preparing'>> = {}): Links {
  const submitted: (readonly SubmittedFile[])[] = [];
  const prepared: Links['prepared'] = [];
  const hooks: Partial<Hooks> = {
    needsPreparing(_, files) {
      submitted.push(files);
      return files.some(({ sizeBytes }) => sizeBytes === null || sizeBytes > LIMIT);
    },
    async preparing(message, files, signal) {
      const read = await Promise.all(files.map(async (file) => [file.filename, (await bytesOf(file)).length] as const));
      prepared.push({ id: message.id, files: read });
      if (preparing.preparing !== undefined) return preparing.preparing(message, files, signal);
      return detachLarge(files);
    },
    composing: (content) => ({
      ...content,
      text: [
        content.text,
        ...content.detached.map(({ filename, data }) => `${filename}: ${JSON.stringify(data)}`),
      ].join('\n'),
    }),
  };
  return { mixin: defineMixin({ id: 'links', contract: 1, setup: () => ({ hooks }) }), submitted, prepared };
}

function detachLarge(files: readonly BroughtFile[]): Preparation | null {
  const large = files.filter(({ sizeBytes }) => sizeBytes > LIMIT);
  if (large.length === 0) return null;
  return { detach: large.map(({ position, contentHash }) => ({ position, data: { hash: contentHash } })) };
}

async function bytesOf(file: BroughtFile): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of file.read()) pieces.push(piece);
  return Buffer.concat(pieces);
}

async function read(message: SinkMessage | undefined) {
  const { attachments, text = '' } = await PostalMime.parse(message?.raw ?? '');
  return { files: attachments.map(({ filename }) => filename), text };
}

const TWO: Partial<MessageInput> = {
  attachments: [
    { filename: 'large.bin', content: LARGE },
    { filename: 'small.txt', content: SMALL },
  ],
};

const HELD = { send_at: '2999-01-01T00:00:00Z' };
const DUE = { send_at: '2020-01-01T00:00:00Z' };

test('a file is taken out of a message once, and what a mixin kept of it is there in each attempt', async () => {
  const { mixin, submitted, prepared } = links();
  const seen: SinkMessage[] = [];
  await using sink = await startSmtpSink({
    onMessage(message, attempt) {
      seen.push(message);
      return attempt === 1 ? { code: 451, text: 'try again' } : null;
    },
  });
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  await historyUntil(world, 'm1', 'sent');
  const [first, second] = seen;
  expect(await read(first)).toEqual({
    files: ['small.txt'],
    text: expect.stringMatching(/^Some text\.\n+large\.bin: \{"hash":"[0-9a-f]{64}"\}\n$/),
  });
  expect(second?.raw.equals(first?.raw ?? Buffer.alloc(0))).toBe(true);
  expect(submitted).toEqual([
    [
      { filename: 'large.bin', disposition: 'attachment', sizeBytes: LARGE.length },
      { filename: 'small.txt', disposition: 'attachment', sizeBytes: SMALL.length },
    ],
  ]);
  const files = [
    ['large.bin', LARGE.length],
    ['small.txt', SMALL.length],
  ];
  expect(prepared).toEqual([{ id: 'm1', files }]);
  expect(await messageOf(world, 'm1')).toMatchObject({
    attempts: 2,
    attachments: [
      { filename: 'large.bin', fetched: true, size: LARGE.length, detached_by: 'links' },
      { filename: 'small.txt', fetched: true, size: SMALL.length, detached_by: null },
    ],
  });
});

test('mixins are asked of a message with files whose size is still unknown, after they were fetched', async () => {
  const { mixin, prepared } = links();
  await using server = await startReportReceiver({
    answer: (_body, _n, { path }) => ({ raw: path === '/a' ? LARGE : SMALL }),
  });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  const attachments = ['a', 'b'].map((name) => ({ filename: name, storage_path: `${server.url}/${name}` }));
  await world.engine.submit([mail('m1', { attachments })]);
  expect((await read((await sink.waitFor(1))[0])).files).toEqual(['b']);
  expect(prepared).toHaveLength(1);
});

test('nobody is asked of a message that came complete or has no files, and where no mixin says so it is ready at once', async () => {
  const { mixin, submitted, prepared } = links();
  await using world = await openWorld({ start: false, mixins: [mixin] });
  await addAccount(world, { port: 1 });
  const raw = Buffer.from(
    `From: a@example.com\r\nTo: b@example.org\r\n\r\n${`${LARGE.subarray(0, 900)}\r\n`.repeat(2)}`,
  );
  await world.engine.submit([
    mail('none'),
    { id: 'raw', raw },
    mail('small', { attachments: [{ filename: 'small.txt', content: SMALL }] }),
    mail('large', TWO),
  ]);
  expect(submitted.map((files) => files.length)).toEqual([1, 2]);
  for (const id of ['none', 'raw', 'small']) expect((await messageOf(world, id)).state).toBe('ready');
  expect(await messageOf(world, 'large')).toMatchObject({
    state: 'preparing',
    waiting_for: expect.arrayContaining([expect.objectContaining({ kind: 'attachments' })]),
  });
  expect(prepared).toEqual([]);
});

test('a refusal for good fails the message with its reason, and a retry by hand asks again', async () => {
  let isRefused = true;
  const { mixin, prepared } = links({
    preparing: async () =>
      isRefused ? { refuse: 'Attachment large.bin is too large', permanence: 'permanent' } : null,
  });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  const [failed] = await historyUntil(world, 'm1', 'error');
  expect(failed).toMatchObject({ error: 'admit: Attachment large.bin is too large' });
  expect(await messageOf(world, 'm1')).toMatchObject({
    result: 'failed',
    attempts: 0,
    recipients: [{ state: 'failed', stage: 'admit', verdict: 'policy', attempts: 0 }],
  });
  expect(sink.connections.total).toBe(0);
  isRefused = false;
  await world.engine.execute('messages.retry', { message_id: 'm1' });
  await historyUntil(world, 'm1', 'sent');
  expect((await read(sink.messages[0])).files).toEqual(['large.bin', 'small.txt']);
  expect(prepared).toHaveLength(2);
});

test.each<readonly [string, () => Preparation, string]>([
  ['a refusal for now', () => ({ refuse: 'not yet', permanence: 'temporary' }), 'admit: not yet'],
  [
    'a file that could not be handled for now',
    () => {
      throw new AttachmentFailure('unavailable', 'the storage is away');
    },
    'fetch: the storage is away',
  ],
  [
    'a bug',
    () => {
      throw new Error('oops');
    },
    'fetch: internal error: oops',
  ],
  ['a file that is not there', () => ({ detach: [{ position: 9, data: null }] }), 'fetch: internal error: mixin links'],
])('%s defers the message, and mixins are asked again', async (_, answer, reason) => {
  let asked = 0;
  const { mixin } = links({
    preparing: async (_message, files) => {
      asked += 1;
      return asked === 1 ? answer() : detachLarge(files);
    },
  });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  const events = await historyUntil(world, 'm1', 'sent');
  expect(events.map(({ event }) => event)).toEqual(['deferred', 'sent']);
  expect(events[0]).toMatchObject({ deferred_reason: expect.stringContaining(reason) });
  expect((await read(sink.messages[0])).files).toEqual(['small.txt']);
  expect(asked).toBe(2);
});

test('a file that cannot be handled fails the message for good where that is said', async () => {
  const { mixin } = links({
    preparing: async () => {
      throw new AttachmentFailure('misconfigured', 'there is no such storage');
    },
  });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  const [failed] = await historyUntil(world, 'm1', 'error');
  expect(failed).toMatchObject({ error: 'fetch: there is no such storage' });
});

test('who takes too long is told to stop, and asked again later', async () => {
  let asked = 0;
  const { mixin } = links({
    preparing: async (_message, files, signal) => {
      asked += 1;
      if (asked > 1) return detachLarge(files);
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(new Error('cut')));
      });
    },
  });
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin], attachments: { messageTimeoutMs: 1_000 } });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  const [deferred] = await historyUntil(world, 'm1', 'sent');
  expect(deferred).toMatchObject({ deferred_reason: 'fetch: preparing the attachments took longer than 1 s' });
});

test('what may be attached together counts without what is taken out', async () => {
  const { mixin } = links();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin], attachments: { maxMessageBytes: LIMIT } });
  await addAccount(world, sink);
  const small = (count: number) =>
    Array.from({ length: count }, (_, index) => ({ filename: `${index}.bin`, content: Buffer.alloc(LIMIT / 2) }));
  const { results } = await world.engine.submit([
    mail('fits', TWO),
    // No mixin wants to see it.
    mail('refused', { attachments: small(3) }),
    mail('still too large', { attachments: [...small(3), { filename: 'large.bin', content: LARGE }] }),
  ]);
  expect(results).toMatchObject([
    { id: 'fits', status: 'accepted' },
    { id: 'refused', code: 'invalid_input', problems: [{ pointer: '/messages/1/attachments' }] },
    { id: 'still too large', status: 'accepted' },
  ]);
  const [failed] = await historyUntil(world, 'still too large', 'error');
  expect(failed).toMatchObject({ error: 'fetch: the attachments are larger than 1000 bytes together' });
  await historyUntil(world, 'fits', 'sent');
  expect((await read(sink.messages[0])).files).toEqual(['small.txt']);
});

test('without mixins a message that is too large refuses the whole request, as ever', async () => {
  await using world = await openWorld({ start: false, attachments: { maxMessageBytes: LIMIT } });
  await addAccount(world, { port: 1 });
  await expect(world.engine.submit([mail('m1'), mail('m2', TWO)])).rejects.toMatchObject({ code: 'invalid_input' });
});

test('a message that takes the place of another is looked at anew, and nothing of the other is left', async () => {
  const { mixin, prepared } = links();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { ...TWO, ...HELD })]);
  const attachments = [{ filename: 'other.bin', content: LARGE }];
  await world.engine.submit([mail('m1', { attachments, on_conflict: 'replace_if_pending' })]);
  await historyUntil(world, 'm1', 'sent');
  expect(await read(sink.messages[0])).toMatchObject({ files: [], text: expect.stringContaining('other.bin: ') });
  expect(prepared).toMatchObject([{ files: [['other.bin', LARGE.length]] }]);
});

test('a mixin that is cut short is asked again by the engine that comes after, and sends nothing twice', async () => {
  const began = Promise.withResolvers<void>();
  const cut = links({
    preparing: async (_message, _files, signal) => {
      began.resolve();
      return new Promise((_resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason));
      });
    },
  });
  const { mixin, prepared } = links();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [cut.mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', TWO)]);
  await began.promise;
  await world.engine[Symbol.asyncDispose]();
  await using next = await openWorld({ database: world.database, mixins: [mixin] });
  const events = await historyUntil(next, 'm1', 'sent');
  expect(events.map(({ event }) => event)).toEqual(['sent']);
  expect(prepared).toHaveLength(1);
  expect(sink.messages).toHaveLength(1);
  expect((await read(sink.messages[0])).files).toEqual(['small.txt']);
});

test('where the mixin is gone by then, the message goes with all its files', async () => {
  const { mixin } = links();
  await using sink = await startSmtpSink();
  await using world = await openWorld({ mixins: [mixin] });
  await addAccount(world, sink);
  await world.engine.submit([mail('m1', { ...TWO, ...HELD })]);
  await world.engine[Symbol.asyncDispose]();
  await using next = await openWorld({ database: world.database });
  await next.engine.execute('messages.reschedule', { message_id: 'm1', ...DUE });
  await historyUntil(next, 'm1', 'sent');
  expect((await read(sink.messages[0])).files).toEqual(['large.bin', 'small.txt']);
});
