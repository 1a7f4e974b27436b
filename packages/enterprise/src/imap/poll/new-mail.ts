// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImapSession, MailHead } from './imap-session.ts';
import { MailboxFailure } from './mailbox-failure.ts';

export interface NewMailOptions {
  /** UID of the last mail that was looked at. */
  readonly after: number;
  /** Mail in the folder, as it was just opened. */
  readonly exists: number;
  /** Null where the server does not say. */
  readonly uidnext: number | null;
  /** Heads at most. */
  readonly count: number;
}

/**
 * The first mails behind a UID, in their order. Looks for the place by halves instead of asking for all UIDs: a folder
 * with a million mails would answer with megabytes. Between FETCH commands no place moves (RFC 9051, 7.5.1).
 */
export async function newMail(
  session: Pick<ImapSession, 'uidAt' | 'heads'>,
  { after, exists, uidnext, count }: NewMailOptions,
): Promise<readonly MailHead[]> {
  if (exists === 0 || uidnext === after + 1) return [];
  const first = exists <= count ? 1 : await placeBehind(session, after, exists);
  if (first > exists) return [];
  const heads = await session.heads(first, Math.min(exists, first + count - 1));
  return heads.filter(({ uid }) => uid > after);
}

/** The place of the first mail behind the UID; one behind the last where there is none. */
async function placeBehind(session: Pick<ImapSession, 'uidAt'>, after: number, exists: number): Promise<number> {
  const isBehind = async (place: number): Promise<boolean> => {
    const uid = await session.uidAt(place);
    if (uid !== null) return uid > after;
    const message = `the server does not name the UID of mail ${place} of ${exists}`;
    throw new MailboxFailure({ stage: 'fetch', code: 'protocol', message });
  };
  let low = 1;
  let high = exists + 1;
  // New mail is at the end, mostly.
  for (let step = 1; high - low > 0; step *= 2) {
    const place = Math.max(low, high - step);
    if (!(await isBehind(place))) {
      low = place + 1;
      break;
    }
    high = place;
  }
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    if (await isBehind(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}
