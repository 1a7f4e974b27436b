// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { type Clock, systemClock } from '../clock.ts';
import { CHUNK_BYTES } from './dot-stuffing.ts';
import {
  type Answers,
  aTransaction,
  GENEROUS_TIMEOUTS,
  openTestSession,
  type PeerConnection,
  relayAt,
  serve,
  startPeer,
} from './scripted-peer.case.ts';
import type { RecipientReply, SmtpRelay, SmtpTimeouts } from './session.types.ts';
import { standingClock } from './standing-clock.case.ts';

/** Far beyond what the sockets of both sides take while nobody reads. */
const HUGE = Buffer.alloc(32 * 1_048_576, 'a line of the message, as long as lines are in mail today\r\n');

async function sendBody(body: Uint8Array, answers: Answers = {}, overrides: Partial<SmtpRelay> = {}) {
  await using peer = await startPeer((connection) =>
    serve(connection, { extensions: ['PIPELINING', '8BITMIME'], answers }),
  );
  using session = await openTestSession(relayAt(peer.port, overrides));
  const [reply] = await session.send(aTransaction({ body }));
  const { usable } = session;
  await session.quit();
  return { reply: reply!, usable, raw: peer.connections[0]?.messages[0]?.raw };
}

/** A relay up to its 354; then `afterwards` takes over. */
async function sendUpToData(
  body: Uint8Array,
  afterwards: (connection: PeerConnection) => Promise<void> | void,
  { timeouts = {}, clock = systemClock }: { timeouts?: Partial<SmtpTimeouts>; clock?: Clock } = {},
): Promise<{ reply: RecipientReply; usable: boolean }> {
  await using peer = await startPeer(async (connection) => {
    connection.say('220 hi');
    await connection.line();
    connection.say('250-relay', '250 PIPELINING');
    while ((await connection.line()) !== 'DATA');
    connection.say('250 ok', '250 ok', '354 go');
    await afterwards(connection);
  });
  using session = await openTestSession(relayAt(peer.port, { timeouts: { ...GENEROUS_TIMEOUTS, ...timeouts } }), {
    clock,
  });
  const [reply] = await session.send(aTransaction({ body }));
  return { reply: reply!, usable: session.usable };
}

const SMALL = Buffer.from('Subject: x\r\n\r\nsmall\r\n');

describe('the body', () => {
  test.each([
    ['no body at all', '', ''],
    ['a lone dot', '.\r\n', '..\r\n'],
    ['lines that start with dots', '.a\r\n..b\r\nc.\r\n.\r\n', '..a\r\n...b\r\nc.\r\n..\r\n'],
    ['no CRLF at the end', 'a\r\nb', 'a\r\nb\r\n'],
    ['a CR at the end', 'a\r\nb\r', 'a\r\nb\r\r\n'],
    ['a dot at the end', 'a\r\n.', 'a\r\n..\r\n'],
    ['an end of data in the middle', 'a\r\n.\r\nMAIL FROM:<x@y>\r\n', 'a\r\n..\r\nMAIL FROM:<x@y>\r\n'],
  ])('with %s arrives as it should', async (_, body, wanted) => {
    expect(await sendBody(Buffer.from(body))).toMatchObject({
      reply: { status: 'accepted' },
      usable: true,
      raw: wanted,
    });
  });

  test.each(['|\r\n.', '\r|\n.', '\r\n|.', '\r\n.|', '\r\n.|\r\n'])(
    'a chunk that ends at the bar in %j is stuffed all the same',
    async (around) => {
      const [before = '', after = ''] = around.split('|');
      for (const chunks of [1, 2]) {
        const filler = 'x'.repeat(chunks * CHUNK_BYTES - before.length);
        const body = `${filler}${before}${after}tail\r\n`;
        const { raw } = await sendBody(Buffer.from(body));
        // Compared as booleans: a difference of 64 KiB helps nobody.
        expect(raw === body.replaceAll('\r\n.', '\r\n..')).toBe(true);
      }
    },
  );

  test.each([0, 1, 2, 3])('of whole chunks and %i bytes arrives whole', async (extra) => {
    const body = `${'y'.repeat(2 * CHUNK_BYTES + extra - 2)}\r\n`;
    expect((await sendBody(Buffer.from(body))).raw === body).toBe(true);
  });

  test('of 2 MiB with dots everywhere arrives whole, as any kind of bytes', async () => {
    const bytes = Buffer.from('.\r\n..\r\nü\r\n'.repeat(150_000));
    const view = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const { raw, reply } = await sendBody(view);
    expect(reply.status).toBe('accepted');
    expect(raw?.replace(/^\./, '').replaceAll('\r\n.', '\r\n') === bytes.toString('latin1')).toBe(true);
  });

  test('of 32 MiB to a relay that pauses in between arrives whole', async () => {
    let length = 0;
    const { reply, usable } = await sendUpToData(HUGE, async (connection) => {
      connection.socket.pause();
      await new Promise<void>((resolve) => setImmediate(resolve));
      connection.socket.resume();
      length = await connection.bodyLength();
      connection.say('250 queued');
    });
    expect(reply.status).toBe('accepted');
    expect(usable).toBe(true);
    expect(length).toBe(HUGE.length + (HUGE.subarray(-2).equals(Buffer.from('\r\n')) ? 0 : 2));
  });
});

describe('a failure before the final dot is no doubt', () => {
  test('close right after 354, with more to come than the sockets take', async () => {
    const { reply, usable } = await sendUpToData(HUGE, (connection) => connection.reset());
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { stage: 'body' } });
    expect(usable).toBe(false);
  });

  test('close right before 354', async () => {
    const answers = { DATA: () => 'close' };
    expect(await sendBody(SMALL, answers)).toMatchObject({
      reply: { status: 'broken', doubt: false, fault: { kind: 'closed', stage: 'data' } },
    });
  });

  test('no answer to DATA', async () => {
    const { reply } = await sendBody(SMALL, { DATA: () => '' }, { timeouts: { ...GENEROUS_TIMEOUTS, dataMs: 100 } });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'timeout', stage: 'data' } });
  });

  test('RST in the middle of the body', async () => {
    const { reply } = await sendUpToData(HUGE, async (connection) => {
      await connection.received(HUGE.length / 2);
      connection.reset();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'reset', stage: 'body' } });
  });

  test('a relay that stops reading runs into the block timeout', async () => {
    const stop = (connection: PeerConnection) => {
      connection.socket.pause();
    };
    const { reply } = await sendUpToData(HUGE, stop, { timeouts: { blockMs: 200 } });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'timeout', stage: 'body' } });
  });

  test('a tarpit that reads on and on, slowly, runs into the limit of the whole transaction', async () => {
    const { clock, advance } = standingClock();
    const tarpit = async (connection: PeerConnection) => {
      for (let bytes = 1_000_000; ; bytes += 1_000_000) {
        await connection.received(bytes);
        // Never long enough for the block timeout.
        advance(9_000);
      }
    };
    const { reply } = await sendUpToData(HUGE, tarpit, { timeouts: { transactionMs: 60_000 }, clock });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'timeout', stage: 'body' } });
  });

  test.each(['452 4.3.1 full', '554 5.7.1 spam', '421 4.3.2 closing'])(
    '%s in the middle of the body is a refusal; the rest and the dot are not sent',
    async (answer) => {
      let isWhole = false;
      const { reply, usable } = await sendUpToData(HUGE, async (connection) => {
        await connection.received(1_000_000);
        connection.say(answer);
        await connection.bodyLength();
        isWhole = true;
      });
      expect(reply).toMatchObject({ status: 'refused', stage: 'body', reply: { code: Number(answer.slice(0, 3)) } });
      expect(usable).toBe(false);
      expect(isWhole).toBe(false);
    },
  );

  test('250 in the middle of the body accepts nothing', async () => {
    const { reply, usable } = await sendUpToData(HUGE, async (connection) => {
      await connection.received(1_000_000);
      connection.say('250 2.0.0 queued');
      await connection.gone();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: false, fault: { kind: 'protocol', stage: 'body' } });
    expect(usable).toBe(false);
  });

  test('destroy in the middle of the body', async () => {
    await using peer = await startPeer((connection) => serve(connection));
    using session = await openTestSession(relayAt(peer.port));
    const sending = session.send(aTransaction({ body: Buffer.alloc(5_000_000, 'x') }));
    session.destroy();
    expect(await sending).toMatchObject([{ status: 'broken', doubt: false, fault: { kind: 'aborted' } }]);
  });
});

describe('a failure after the final dot is doubt, unless a reply decides', () => {
  test('no answer', async () => {
    const { reply, usable } = await sendUpToData(SMALL, async (connection) => void (await connection.body()), {
      timeouts: { dotMs: 100 },
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true, fault: { kind: 'timeout', stage: 'dot' } });
    expect(usable).toBe(false);
  });

  test('the reply to the dot is waited for beyond the limit of the transaction', async () => {
    const { clock, advance } = standingClock();
    const slow = async (connection: PeerConnection) => {
      await connection.body();
      advance(9_000);
      connection.say('250 2.0.0 queued after all');
    };
    const { reply } = await sendUpToData(SMALL, slow, { timeouts: { transactionMs: 5_000 }, clock });
    expect(reply.status).toBe('accepted');
  });

  test('close', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.close();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true, fault: { kind: 'closed', stage: 'dot' } });
  });

  test('RST', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.reset();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true, fault: { kind: 'reset', stage: 'dot' } });
  });

  test('"25" and close', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.sayRaw('25');
      connection.close();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true, fault: { kind: 'closed', stage: 'dot' } });
  });

  test('"250-queued" without its last line, and close', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.sayRaw('250-queued\r\n');
      connection.close();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true });
  });

  test('250 and RST at once: sent', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      await connection.sayAndFlush('250 2.0.0 queued');
      connection.reset();
    });
    expect(reply).toMatchObject({ status: 'accepted', reply: { code: 250 } });
  });

  test('250 and close at once: sent', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.say('250 2.0.0 queued');
      connection.close();
    });
    expect(reply).toMatchObject({ status: 'accepted' });
  });

  test('554 and close at once: refused', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.body();
      connection.say('554 5.7.1 spam');
      connection.close();
    });
    expect(reply).toMatchObject({ status: 'refused', stage: 'dot', reply: { code: 554 } });
  });

  test('a small body cut in the middle: its dot was written with it, so it is doubt', async () => {
    const { reply } = await sendUpToData(SMALL, async (connection) => {
      await connection.received(5);
      connection.reset();
    });
    expect(reply).toMatchObject({ status: 'broken', doubt: true });
  });
});
