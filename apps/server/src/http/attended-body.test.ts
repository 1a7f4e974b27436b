// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { VirtualClock } from '@mail-proxy/core/testing';
import { expect, test } from 'vitest';
import { attendedBody } from './attended-body.ts';

const STALLED_MS = 1_000;
const PIECE = Buffer.from('piece');

/** A body of so many pieces, and what becomes of it. */
function attended(pieces: number, { hasConnection = true, fails = false } = {}) {
  const clock = new VirtualClock();
  const seen = { made: 0, letGo: 0, ended: 0, cut: [] as unknown[] };
  const source = new ReadableStream<Uint8Array>(
    {
      pull(controller) {
        if (seen.made === pieces) {
          if (fails) throw new Error('the storage broke');
          return controller.close();
        }
        seen.made += 1;
        controller.enqueue(PIECE);
      },
      cancel() {
        seen.letGo += 1;
      },
    },
    { highWaterMark: 0 },
  );
  const body = attendedBody(source, {
    clock,
    stalledMs: STALLED_MS,
    ended() {
      seen.ended += 1;
    },
    cut(reason) {
      seen.cut.push(reason);
      return hasConnection;
    },
  });
  return { clock, seen, reader: body.getReader() };
}

test('a piece is read when one is taken, and not before', async () => {
  const { seen, reader } = attended(3);
  expect(seen.made).toBe(0);
  await reader.read();
  expect(seen).toMatchObject({ made: 1, ended: 0 });
  await reader.read();
  expect(seen.made).toBe(2);
});

test('at its end it has ended once, and nothing is cut', async () => {
  const { seen, reader, clock } = attended(2);
  while (!(await reader.read()).done);
  await clock.advance(10 * STALLED_MS);
  await reader.cancel();
  expect(seen).toEqual({ made: 2, letGo: 0, ended: 1, cut: [] });
  expect(clock.pendingTimers).toBe(0);
});

test('a client that goes away lets go of what it came from', async () => {
  const { seen, reader, clock } = attended(9);
  await reader.read();
  await reader.cancel();
  await clock.advance(10 * STALLED_MS);
  expect(seen).toEqual({ made: 1, letGo: 1, ended: 1, cut: [] });
});

test('a client that takes nothing any more is cut off, and the source let go of', async () => {
  const { seen, reader, clock } = attended(9);
  await reader.read();
  await clock.advance(STALLED_MS - 1);
  await reader.read();
  await clock.advance(STALLED_MS - 1);
  expect(seen.cut).toEqual([]);
  await clock.advance(1);
  expect(seen).toEqual({ made: 2, letGo: 1, ended: 1, cut: [null] });
});

test('a source that fails cuts the connection; without one the answer fails', async () => {
  const connected = attended(1, { fails: true });
  await connected.reader.read();
  const last = connected.reader.read();
  await expect.poll(() => connected.seen.cut).toEqual([new Error('the storage broke')]);
  await connected.reader.cancel();
  expect((await last).done).toBe(true);
  expect(connected.seen.ended).toBe(1);

  const embedded = attended(1, { fails: true, hasConnection: false });
  await embedded.reader.read();
  await expect(embedded.reader.read()).rejects.toThrow('the storage broke');

  const stalled = attended(9, { hasConnection: false });
  await stalled.reader.read();
  await stalled.clock.advance(STALLED_MS);
  await expect(stalled.reader.read()).rejects.toThrow('nobody took it');
});
