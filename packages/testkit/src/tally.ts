// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What has to be known of a message that arrived. */
interface Arrival {
  readonly mailId: string | undefined;
  /** Milliseconds since the epoch. */
  readonly receivedAt: number;
}

/** What became of the messages `PREFIX-1` to `PREFIX-COUNT`, by their header X-Genro-Mail-ID. */
export interface Tally {
  /** How many of them arrived. */
  readonly arrived: number;
  readonly missing: number;
  /** Arrivals of a message that had arrived already. */
  readonly duplicates: number;
  /** Milliseconds since the epoch; null when none arrived. */
  readonly firstAt: number | null;
  /** When the last one arrived for the first time; null when none did. */
  readonly lastAt: number | null;
}

/** Count numbered messages among all that were recorded, in the order of their arrival. */
export function tally(messages: readonly Arrival[], prefix: string, count: number): Tally {
  const seen = new Uint8Array(count + 1);
  const start = `${prefix}-`;
  let arrived = 0;
  let duplicates = 0;
  let firstAt: number | null = null;
  let lastAt: number | null = null;
  for (const { mailId, receivedAt } of messages) {
    if (!mailId?.startsWith(start)) continue;
    const number = Number(mailId.slice(start.length));
    if (!Number.isInteger(number) || number < 1 || number > count) continue;
    if (seen[number] === 1) {
      duplicates += 1;
      continue;
    }
    seen[number] = 1;
    arrived += 1;
    firstAt ??= receivedAt;
    lastAt = receivedAt;
  }
  return { arrived, missing: count - arrived, duplicates, firstAt, lastAt };
}
