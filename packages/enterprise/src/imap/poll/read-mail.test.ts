// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { fetchMail, messageIdOf, PIECE_BYTES } from './read-mail.ts';

/** A session over these bytes, that keeps what it was asked for. */
function sessionOf(raw: Buffer) {
  const asked: [number, number][] = [];
  const piece = async (_uid: number, start: number, maxBytes: number): Promise<Uint8Array> => {
    asked.push([start, maxBytes]);
    return raw.subarray(start, start + maxBytes);
  };
  return { piece, asked, head: async () => headOf(raw.length) };
}

const headOf = (sizeBytes: number) => ({ uid: 1, sizeBytes, receivedAt: 0 });

describe('a mail', () => {
  test('comes in pieces, whole where it fits', async () => {
    const raw = Buffer.alloc(PIECE_BYTES * 2 + 5, 'a');
    const session = sessionOf(raw);
    const mail = await fetchMail(session, headOf(raw.length), { maxBytes: 1_048_576 });
    expect(mail).toMatchObject({ isTruncated: false });
    expect(mail?.raw).toEqual(raw);
    expect(session.asked.map(([start]) => start)).toEqual([0, PIECE_BYTES, 2 * PIECE_BYTES]);
  });

  test('is cut at the bound, and told from another that begins alike by its size', async () => {
    const raw = Buffer.alloc(300_000, 'a');
    const one = await fetchMail(sessionOf(raw), headOf(300_000), { maxBytes: 100_000 });
    const other = await fetchMail(sessionOf(raw), headOf(300_001), { maxBytes: 100_000 });
    expect(one).toMatchObject({ isTruncated: true, raw: raw.subarray(0, 100_000) });
    expect(one?.hash).not.toBe(other?.hash);
  });

  test('is read further where a reader wants that, by its first bytes', async () => {
    const raw = Buffer.alloc(PIECE_BYTES * 3 + 5, 'a');
    const asked: Uint8Array[] = [];
    const bounds = (maxBytes: number) => ({
      maxBytes: PIECE_BYTES,
      more: async (start: Uint8Array) => {
        asked.push(start);
        return maxBytes;
      },
    });
    expect(await fetchMail(sessionOf(raw), headOf(raw.length), bounds(raw.length))).toMatchObject({
      ...{ raw, isTruncated: false },
    });
    expect(asked).toEqual([raw.subarray(0, PIECE_BYTES)]);
    expect(await fetchMail(sessionOf(raw), headOf(raw.length), bounds(2 * PIECE_BYTES))).toMatchObject({
      ...{ raw: raw.subarray(0, 2 * PIECE_BYTES), isTruncated: true },
    });
    // Nobody is asked about what is read anyway.
    await fetchMail(sessionOf(raw.subarray(0, PIECE_BYTES)), headOf(PIECE_BYTES), bounds(raw.length));
    expect(asked).toHaveLength(2);
  });

  test.each([0, 10, 1_000_000])('of which the server says %i bytes is what it sends', async (said) => {
    const raw = Buffer.from('Subject: x\r\n\r\ny\r\n');
    expect(await fetchMail(sessionOf(raw), headOf(said), { maxBytes: 100_000 })).toMatchObject({
      raw,
      isTruncated: false,
    });
  });

  test('that goes on behind its end is none', async () => {
    const session = { piece: async () => Buffer.from('xxxxx'), head: async () => headOf(100) };
    await expect(fetchMail(session, headOf(100), { maxBytes: 100_000 })).rejects.toMatchObject({
      shown: { code: 'protocol' },
    });
  });

  test('that is gone is null', async () => {
    const session = { piece: async () => null, head: async () => null };
    expect(await fetchMail(session, headOf(1), { maxBytes: 100_000 })).toBeNull();
  });

  test.each([null, new Uint8Array()])(
    'of which the server gives nothing, though it is there, is none',
    async (nothing) => {
      const session = { piece: async () => nothing, head: async () => headOf(100) };
      await expect(fetchMail(session, headOf(100), { maxBytes: 100_000 })).rejects.toMatchObject({
        shown: { code: 'protocol' },
      });
    },
  );

  test('that ends with a piece is whole', async () => {
    const raw = Buffer.alloc(PIECE_BYTES, 'a');
    expect(await fetchMail(sessionOf(raw), headOf(raw.length), { maxBytes: 1_048_576 })).toMatchObject({
      isTruncated: false,
      raw,
    });
  });
});

test.each([
  ['Message-ID: <a@b>\r\n\r\n', '<a@b>'],
  ['Subject: x\nmessage-id:\n\t<a@b> (comment)\n\nbody', '<a@b>'],
  ['Subject: x\r\n\r\nMessage-ID: <in@body>\r\n', null],
  ['Message-ID: none\r\n\r\n', null],
  [`Message-ID: <${'x'.repeat(2_000)}@b>\r\n\r\n`, null],
  ['X-Message-ID: <a@b>\r\n\r\n', null],
  ['Message-ID: <a\0@b>\r\n\r\n', null],
  ['Message-ID: <stra\u00dfe@b>\r\n\r\n', Buffer.from('<stra\u00dfe@b>').toString('latin1')],
  ['', null],
])('the Message-ID of %j is %j', (raw, id) => {
  expect(messageIdOf(Buffer.from(raw))).toBe(id);
});
