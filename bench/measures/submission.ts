// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { epochMs } from '../load/epoch.ts';
import { type BenchMail, type MakeMail, makeMail, makeMails } from '../load/mail.ts';
import type { Sender } from '../ways/way.ts';

/** How servers are fed. */
export interface Feeding {
  /** Mails in a request. @defaultValue 100 */
  readonly batch?: number;
  /** Clients that post at the same time, one request after the other each. @defaultValue two for each server */
  readonly clients?: number;
  /** @defaultValue a mail of 3 KiB */
  readonly make?: MakeMail;
}

/** Mails `PREFIX-1` to `PREFIX-COUNT`, ready to be handed over. */
export interface Submission {
  /** Hand over all of them. @returns when the last one was taken, in milliseconds since the epoch */
  run(): Promise<number>;
}

const BATCH = 100;

/** What can be made before the clock starts is made here. Requests are made as they are sent: of a million, too. */
export function prepareSubmission(
  sender: Sender,
  { prefix, count }: { readonly prefix: string; readonly count: number },
  { batch = BATCH, clients = 2 * sender.pids.length, make = makeMail }: Feeding = {},
): Submission {
  if (sender.isInProcess) {
    const mails = makeMails(prefix, count, make);
    return {
      async run() {
        await sender.submit(mails);
        return epochMs();
      },
    };
  }
  let made = 0;
  const takeBatch = (): readonly BenchMail[] => {
    const size = Math.min(batch, count - made);
    const first = made + 1;
    made += size;
    return Array.from({ length: size }, (_, index) => make(`${prefix}-${first + index}`, first + index));
  };
  const feed = async (): Promise<void> => {
    for (let mails = takeBatch(); mails.length > 0; mails = takeBatch()) await sender.submit(mails);
  };
  return {
    async run() {
      await Promise.all(Array.from({ length: clients }, feed));
      return epochMs();
    },
  };
}
