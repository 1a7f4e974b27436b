// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import type { ImapSession, MailHead } from './imap-session.ts';
import { MailboxFailure } from './mailbox-failure.ts';

/** Of a mail that are asked for at a time. */
export const PIECE_BYTES = 262_144;

/** A Message-ID is looked for in so much; longer ones are none (RFC 5322, 2.1.1). */
const MAX_MESSAGE_ID = 998;

/** The start of a mail. */
export interface FetchedMail extends MailHead {
  readonly raw: Uint8Array;
  readonly isTruncated: boolean;
  readonly hash: string;
  readonly messageId: string | null;
}

/** How much of a mail is read. */
export interface FetchBounds {
  readonly maxBytes: number;
  /** Asked once so much was read, where there is more: with these first bytes, how many in all? @defaultValue no more */
  readonly more?: (start: Uint8Array) => Promise<number>;
}

/**
 * Fetch a mail, piece by piece and no more than is wanted of it, without marking it as seen.
 *
 * @returns null where it is gone
 * @throws {MailboxFailure}
 */
export async function fetchMail(
  session: Pick<ImapSession, 'piece' | 'head'>,
  head: MailHead,
  bounds: FetchBounds,
): Promise<FetchedMail | null> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  let isWhole = false;
  let { maxBytes, more = null } = bounds;
  while (length < maxBytes) {
    const asked = Math.min(PIECE_BYTES, maxBytes - length);
    const piece = await session.piece(head.uid, length, asked);
    if (piece === null) {
      // Passed by for good, so that one answer is not enough.
      if ((await session.head(head.uid)) === null) return null;
      throw nonsense(`mail ${head.uid} is there, and has no content`);
    }
    pieces.push(piece);
    length += piece.length;
    // The size that the server names is not to be relied upon.
    isWhole = piece.length < asked;
    if (isWhole) break;
    if (length < maxBytes || more === null || head.sizeBytes <= length) continue;
    maxBytes = await more(pieces[0] ?? piece);
    more = null;
  }
  // Some servers name wrong sizes; one that goes on behind the end is wrong about the mail.
  if (isWhole && length < head.sizeBytes && ((await session.piece(head.uid, length, 1))?.length ?? 0) > 0) {
    throw nonsense(`mail ${head.uid} goes on behind its end`);
  }
  if (length === 0 && head.sizeBytes > 0) throw nonsense(`mail ${head.uid} is there, and has no content`);
  const raw = pieces.length === 1 && pieces[0] !== undefined ? pieces[0] : Buffer.concat(pieces);
  const isTruncated = !isWhole && head.sizeBytes > length;
  return { ...head, raw, isTruncated, hash: hashOf(raw, isTruncated, head), messageId: messageIdOf(raw) };
}

function nonsense(what: string): MailboxFailure {
  return new MailboxFailure({ stage: 'fetch', code: 'protocol', message: `the server says what cannot be: ${what}` });
}

/** Two large mails may begin alike, with the same attachment sent twice: their sizes tell them apart, or nothing does. */
function hashOf(raw: Uint8Array, isTruncated: boolean, { sizeBytes }: MailHead): string {
  const hash = createHash('sha256').update(raw);
  if (isTruncated) hash.update(`\0${sizeBytes}`);
  return hash.digest('hex');
}

/** The first Message-ID of the header, with brackets; none with control characters, since PostgreSQL stores no NUL. */
export function messageIdOf(raw: Uint8Array): string | null {
  const text = Buffer.from(raw.buffer, raw.byteOffset, Math.min(raw.length, PIECE_BYTES)).toString('latin1');
  const end = text.search(/\r?\n\r?\n/);
  const header = end === -1 ? text : text.slice(0, end);
  const [, value = ''] = /^message-id[ \t]*:([^\n]*(?:\r?\n[ \t][^\n]*)*)/im.exec(header) ?? [];
  const [id = null] = /<[^<>\s\u0000-\u001f\u007f]+>/.exec(value) ?? [];
  return id !== null && id.length <= MAX_MESSAGE_ID ? id : null;
}
