// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { failAt, TestSource } from './byte-source.case.ts';
import type { PeerConnection } from './scripted-peer.case.ts';
import { standingClock } from './standing-clock.case.ts';
import { BOTH_WAYS, messageWith, sendUpToData } from './streamed-peer.case.ts';

const PIECE = 57 * 4_600;
/** Far beyond what the sockets of both sides take while nobody reads. */
const HUGE = Buffer.alloc(32 * 1_048_576, 'octets');

/** A source that waits before a piece, and says when it does. */
function waitingSource(bytes: Uint8Array = HUGE, waitsAt = 2 * PIECE) {
  const asked = Promise.withResolvers<void>();
  const gate = Promise.withResolvers<void>();
  const source = new TestSource(bytes, {
    pieceBytes: PIECE,
    beforePiece(at) {
      if (at < waitsAt) return;
      asked.resolve();
      return gate.promise;
    },
  });
  return { source, asked: asked.promise, gate };
}

/** What the relay does in the middle of a message, and what that is to the sender. */
const INTERRUPTIONS: readonly [string, (connection: PeerConnection) => void, object][] = [
  ['552', (peer) => peer.say('552 5.3.4 too big'), { status: 'refused', stage: 'body', reply: { code: 552 } }],
  ['421', (peer) => peer.say('421 4.3.2 closing'), { status: 'refused', stage: 'body', reply: { code: 421 } }],
  ['250', (peer) => peer.say('250 2.0.0 queued'), { status: 'broken', doubt: false, fault: { kind: 'protocol' } }],
  ['a close', (peer) => peer.close(), { status: 'broken', doubt: false, fault: { kind: 'closed', stage: 'body' } }],
  ['a reset', (peer) => peer.reset(), { status: 'broken', doubt: false, fault: { kind: 'reset', stage: 'body' } }],
];

describe.each(BOTH_WAYS)('in the middle of a streamed message, %s', (_, extensions) => {
  test.each(INTERRUPTIONS)('%s while it flows closes the source', async (_name, interrupt, wanted) => {
    const source = new TestSource(HUGE, { pieceBytes: PIECE });
    let isWhole = false;
    const { reply, usable } = await sendUpToData(
      messageWith(source),
      async (connection) => {
        await connection.received(1_000_000);
        connection.socket.pause();
        interrupt(connection);
        await source.closed;
        connection.socket.resume();
        await connection.bodyLength();
        isWhole = true;
      },
      { extensions },
    );
    expect(reply).toMatchObject(wanted);
    expect(reply.status === 'broken' && 'cause' in reply.fault).toBe(false);
    await source.closed;
    expect(source.open).toBe(0);
    expect(source.givenBytes).toBeLessThan(HUGE.length);
    expect({ usable, isWhole }).toEqual({ usable: false, isWhole: false });
  });

  test.each(INTERRUPTIONS)(
    '%s while the source is waited for does not wait for it',
    async (_name, interrupt, wanted) => {
      const { source, asked, gate } = waitingSource();
      const interrupted = async (connection: PeerConnection) => {
        await asked;
        interrupt(connection);
        await connection.gone();
      };
      const { reply, usable } = await sendUpToData(messageWith(source), interrupted, { extensions });
      expect(reply).toMatchObject(wanted);
      expect(usable).toBe(false);
      // Whatever comes of the reading is nobody's business any more: were it, an unhandled rejection would fail the test.
      gate.reject(new Error('too late'));
      await source.closed;
      expect(source.givenBytes).toBe(2 * PIECE);
    },
  );

  test('the end of the session closes the source', async () => {
    const { source, asked, gate } = waitingSource();
    const { reply } = await sendUpToData(messageWith(source), (connection) => connection.gone(), {
      extensions,
      onSending: (session) => void asked.then(() => session.destroy()),
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'aborted', stage: 'body' } });
    expect(reply.status === 'broken' && 'cause' in reply.fault).toBe(false);
    gate.resolve();
    await source.closed;
    // The piece that was under way was the last.
    expect(source.givenBytes).toBe(3 * PIECE);
  });

  test.each([
    ['before its first piece', 0],
    ['in its middle', 3 * PIECE],
    ['at its end', HUGE.length],
  ])('a source that throws %s closes the connection without the final dot', async (_when, failsAt) => {
    const failed = new Error('the disk is gone');
    const source = new TestSource(HUGE, { pieceBytes: PIECE, beforePiece: (at) => failAt(at, failsAt, failed) });
    let isWhole = false;
    const { reply, usable, transcript } = await sendUpToData(
      messageWith(source),
      async (connection) => {
        await connection.bodyLength();
        isWhole = true;
      },
      { extensions },
    );
    const text = 'the message could not be read to its end';
    expect(reply).toEqual({
      status: 'broken',
      address: 'a@rcpt.test',
      doubt: false,
      fault: { kind: 'aborted', stage: 'body', text, cause: failed },
    });
    expect({ usable, isWhole, open: source.open }).toEqual({ usable: false, isWhole: false, open: 0 });
    expect(transcript.at(-2)).toMatch(/^\+\d+ms C: \([\d,]+ of [\d,]+ bytes\)$/);
    expect(transcript.at(-1)).toContain(`* aborted at body: ${text}`);
  });

  test.each([
    ['less', -1, 'ended after'],
    ['more', 1, 'gave more'],
  ])('a source that gives %s than it said does the same', async (_what, difference, said) => {
    const sizeBytes = 4 * PIECE;
    const source = new TestSource(HUGE.subarray(0, sizeBytes + difference), { pieceBytes: PIECE, sizeBytes });
    let isWhole = false;
    const { reply, usable } = await sendUpToData(
      messageWith(source),
      async (connection) => {
        await connection.bodyLength();
        isWhole = true;
      },
      { extensions },
    );
    const cause = expect.objectContaining({ message: expect.stringContaining(said) });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'aborted', stage: 'body', cause } });
    expect({ usable, isWhole, open: source.open }).toEqual({ usable: false, isWhole: false, open: 0 });
  });
});

describe('time', () => {
  test('that the source takes is not counted as the relay’s, and the message arrives', async () => {
    const { clock, advance } = standingClock();
    const { source, asked, gate } = waitingSource(HUGE.subarray(0, 4 * PIECE));
    const slow = async (connection: PeerConnection) => {
      await asked;
      advance(50_000);
      gate.resolve();
      await connection.bodyLength();
      connection.say('250 2.0.0 queued');
    };
    const timeouts = { blockMs: 1_000, transactionMs: 60_000 };
    const { reply, usable } = await sendUpToData(messageWith(source), slow, { timeouts, clock });
    expect(reply.status).toBe('accepted');
    expect(usable).toBe(true);
  });

  test('of the whole transaction ends it while the source is waited for, without blame for the relay', async () => {
    const { clock, advance } = standingClock();
    const { source, asked, gate } = waitingSource();
    const slow = async (connection: PeerConnection) => {
      await asked;
      advance(60_000);
      await connection.gone();
    };
    const timeouts = { blockMs: 1_000, transactionMs: 60_000 };
    const { reply, usable } = await sendUpToData(messageWith(source), slow, { timeouts, clock });
    const cause = expect.objectContaining({ message: 'the message could not be read in time' });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'aborted', stage: 'body', cause } });
    expect(usable).toBe(false);
    gate.resolve();
    await source.closed;
  });

  test('that the relay takes is counted once the source has given something', async () => {
    const { source, asked, gate } = waitingSource();
    const stopping = async (connection: PeerConnection) => {
      await asked;
      connection.socket.pause();
      gate.resolve();
      await source.closed;
    };
    const { reply } = await sendUpToData(messageWith(source), stopping, { timeouts: { blockMs: 300 } });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'timeout', stage: 'body' } });
  });
});
