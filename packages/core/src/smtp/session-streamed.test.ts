// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { startSmtpSink } from '@mail-proxy/testkit';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { bytesOf, TestSource } from './byte-source.case.ts';
import { base64LinesBytes } from './compose/base64-lines.ts';
import { compose } from './compose/compose.ts';
import { composeBytes, PLAIN_CONTENT } from './compose/composed-message.case.ts';
import { CHUNK_BYTES } from './dot-stuffing.ts';
import { joinParts, streamedBody } from './message-body.ts';
import { aTransaction, GENEROUS_TIMEOUTS, openTestSession, relayAt, serve, startPeer } from './scripted-peer.case.ts';
import { BOTH_WAYS, messageWith, sayUpTo354 } from './streamed-peer.case.ts';
import { TEST_ONLY_CERTIFICATE, TEST_ONLY_KEY } from './test-certificates.case.ts';

const TLS = { key: TEST_ONLY_KEY, cert: TEST_ONLY_CERTIFICATE, mode: 'implicit' } as const;
const FILE = { filename: 'a.bin', mimeType: 'a/b', disposition: 'attachment', contentId: null } as const;

describe('a message of 25 MB that is read while it is sent', () => {
  test.each([
    ['pipelined', {}],
    ['in lock-step', { hide: ['PIPELINING'] }],
    ['under TLS', { tls: TLS }],
  ] as const)('arrives at a real server as the same message from memory does, %s', async (_, options) => {
    await using sink = await startSmtpSink(options);
    using session = await openTestSession(relayAt(sink.port, { tls: 'tls' in options ? 'implicit' : 'none' }));
    const bytes = randomBytes(25 * 1_048_576);
    const source = new TestSource(bytes, { pieceBytes: 57 * 4_600 });
    const { body } = compose({ ...PLAIN_CONTENT, attachments: [{ ...FILE, bytes: source }] });
    expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'accepted' }]);
    const { bytes: inMemory } = composeBytes({ ...PLAIN_CONTENT, attachments: [{ ...FILE, bytes }] });
    expect(body.byteLength).toBe(inMemory.length);
    expect(sink.messages[0]?.raw.equals(inMemory)).toBe(true);
    expect(source).toMatchObject({ readings: 1, open: 0, givenBytes: bytes.length });
    // The connection is as good as before.
    expect(await session.send(aTransaction())).toMatchObject([{ status: 'accepted' }]);
  });
});

describe('a streamed message', () => {
  test('gets its dots stuffed at the borders of its parts and chunks, and arrives byte for byte', async () => {
    await using sink = await startSmtpSink();
    using session = await openTestSession(relayAt(sink.port));
    const text = fc.string({ unit: fc.constantFrom('.', '..', 'a', '\r\n', '\r\n.', '\r\n.\r\n'), maxLength: 12 });
    const filler = fc.constantFrom(0, 0, 0, CHUNK_BYTES - 3, CHUNK_BYTES - 2, CHUNK_BYTES - 1, CHUNK_BYTES);
    const part = fc.oneof(
      { weight: 4, arbitrary: fc.tuple(filler, text).map(([bytes, end]) => Buffer.from(`${'x'.repeat(bytes)}${end}`)) },
      { weight: 1, arbitrary: fc.nat(200).map((bytes) => new TestSource(Buffer.alloc(bytes, 'octets'))) },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(part, { minLength: 1, maxLength: 5 }), async (parts) => {
        const body = streamedBody([Buffer.from('Subject: x\r\n\r\n'), ...parts, Buffer.from('\r\n')]);
        expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'accepted' }]);
        expect(sink.messages.at(-1)?.raw.equals(await bytesOf(body))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  test('without a line break at its end is given one, and MAIL counts it', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    const body = joinParts(['Subject: x\r\n\r\n', new TestSource(Buffer.from('octets'))]);
    expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'accepted' }]);
    expect(peer.connections[0]?.messages[0]?.raw).toBe('Subject: x\r\n\r\nb2N0ZXRz\r\n');
    expect(peer.connections[0]?.commands[1]).toBe('MAIL FROM:<from@sender.test> SIZE=24');
  });

  test.each([
    ['too large for the relay', ['SIZE 10000'], 'Subject: x', 552],
    ['8-bit for a relay without 8BITMIME', ['PIPELINING'], 'Subject: ä', 554],
  ])('%s is refused without being read', async (_, extensions, subject, code) => {
    await using peer = await startPeer((connection) => serve(connection, { extensions }));
    using session = await openTestSession(relayAt(peer.port));
    const source = new TestSource(Buffer.alloc(10_000));
    const body = joinParts([`${subject}\r\n\r\n`, source, '\r\n']);
    expect(await session.send(aTransaction({ body }))).toMatchObject([{ status: 'refused', reply: { code } }]);
    expect(source.readings).toBe(0);
    expect(session.usable).toBe(true);
  });

  test('is not read before the relay asks for it', async () => {
    await using peer = await startPeer((connection) =>
      serve(connection, { answers: { DATA: () => '451 4.3.0 later' } }),
    );
    using session = await openTestSession(relayAt(peer.port));
    const source = new TestSource(Buffer.alloc(10_000));
    const [reply] = await session.send(aTransaction({ body: messageWith(source) }));
    expect(reply).toMatchObject({ status: 'refused', stage: 'data' });
    expect(source.readings).toBe(0);
  });

  test.each(BOTH_WAYS)('is not read ahead of a relay that stops reading, %s', async (_, extensions) => {
    // Far beyond what the sockets of both sides take while nobody reads.
    const source = new TestSource(Buffer.alloc(32 * 1_048_576), { pieceBytes: CHUNK_BYTES });
    const taken = Promise.withResolvers<number>();
    await using peer = await startPeer(async (connection) => {
      await sayUpTo354(connection, extensions);
      connection.socket.pause();
      await source.closed;
      connection.socket.resume();
      await connection.gone();
      taken.resolve(connection.unreadBytes);
    });
    using session = await openTestSession(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, blockMs: 300 } }));
    const [reply] = await session.send(aTransaction({ body: messageWith(source) }));
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'timeout', stage: 'body' } });
    // What was read and is not in the kernel: a piece, the chunk made of it, and what the socket holds.
    expect(base64LinesBytes(source.givenBytes) - (await taken.promise)).toBeLessThan(4 * CHUNK_BYTES);
    expect(source.givenBytes).toBeGreaterThan(0);
  });
});
