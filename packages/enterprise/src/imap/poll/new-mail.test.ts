// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { MailHead } from './imap-session.ts';
import { newMail } from './new-mail.ts';

/** A folder with these UIDs, that counts what it is asked. */
function folderOf(uids: readonly number[]) {
  const folder = {
    asked: 0,
    async uidAt(place: number): Promise<number | null> {
      folder.asked += 1;
      return uids[place - 1] ?? null;
    },
    async heads(from: number, to: number): Promise<readonly MailHead[]> {
      folder.asked += 1;
      return uids.slice(from - 1, to).map((uid) => ({ uid, sizeBytes: 1, receivedAt: 0 }));
    },
  };
  return folder;
}

/** UIDs that rise by 1 to 5. */
function risingUids(count: number): readonly number[] {
  let uid = 0;
  return Array.from({ length: count }, (_, at) => {
    uid += 1 + ((at * 7) % 5);
    return uid;
  });
}

test.each([0, 1, 2, 9, 10, 11, 100, 1_000])('of %i mails, those behind any UID are found', async (count) => {
  const uids = risingUids(count);
  const last = uids.at(-1) ?? 0;
  for (let after = 0; after <= last + 1; after += count < 100 ? 1 : 37) {
    const found = await newMail(folderOf(uids), { after, exists: count, uidnext: last + 1, count: 10 });
    const wanted = uids.filter((uid) => uid > after);
    // A folder that fits into one answer is answered whole; else the first ones are enough.
    expect(found.map(({ uid }) => uid)).toEqual(wanted.slice(0, 10));
  }
});

test('in a folder with a million mails, the new ones are found with a few questions', async () => {
  const uids = Array.from({ length: 1_000_000 }, (_, at) => at + 1);
  const options = { exists: uids.length, uidnext: 1_000_001, count: 100 };
  for (const [after, most] of [
    [1_000_000, 0],
    [999_999, 4],
    [999_900, 18],
    [3, 42],
    [0, 42],
  ] as const) {
    const folder = folderOf(uids);
    const [first] = await newMail(folder, { ...options, after });
    expect(first?.uid).toBe(after === 1_000_000 ? undefined : after + 1);
    expect(folder.asked).toBeLessThanOrEqual(most);
  }
});

test('a server that does not name a UID is not believed', async () => {
  const folder = { ...folderOf([]), uidAt: async () => null };
  await expect(newMail(folder, { after: 0, exists: 1_000, uidnext: null, count: 10 })).rejects.toMatchObject({
    shown: { stage: 'fetch', code: 'protocol' },
  });
});
