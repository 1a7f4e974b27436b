// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { exactlyOne, type Statement } from '@mail-proxy/core';
import type { PecDatabase, PecMessagesTable, PecRecipientsTable } from '../receipts.table.ts';
import {
  type DueMessage,
  type DueRecipient,
  type FoundMail,
  MAX_CANDIDATES,
  prepareAwaitedStatements,
} from './awaited.statements.ts';

/** A message of which receipts may come. */
export interface AwaitedMail extends PecMessagesTable {
  /** The client's. */
  readonly id: string;
  readonly recipients: readonly PecRecipientsTable[];
}

/** How many of each wait now. */
export interface AwaitedNow {
  readonly acceptances: number;
  readonly deliveries: number;
}

/** What a receipt names a message by. */
export interface SentAs {
  readonly reference: string;
  readonly sender: string;
  /** Null for those of all tenants. */
  readonly tenantId: string | null;
}

/** What is awaited of messages, and the ends of waiting. What receipts change of it is in states.ts. */
export interface AwaitedStore {
  /** To be committed before a relay is given the message: no crash after that loses sight of it. */
  begin(messagePk: string, sender: string): readonly Statement[];
  find(messagePk: string): Promise<AwaitedMail | null>;
  /** With this Message-ID, by this sender; not where there are so many that none of them could be meant. */
  byReference(sent: SentAs): Promise<readonly AwaitedMail[] | 'too_many'>;
  /** Messages that a relay took since, or will take for nobody any more. */
  toCollect(limit: number): Promise<readonly Pick<PecMessagesTable, 'message_pk' | 'tenant_id'>[]>;
  /** Begin to wait for what a relay took. */
  collect(messagePk: string, acceptanceMs: number): readonly Statement[];
  dueMessages(now: number, limit: number): Promise<readonly DueMessage[]>;
  dueRecipients(now: number, limit: number): Promise<readonly DueRecipient[]>;
  /** End the wait; the unit fails with `lease_lost` where something was said meanwhile, or somebody else ended it. */
  messageTimedOut(due: DueMessage, now: number): Statement;
  recipientTimedOut(due: DueRecipient, now: number): Statement;
  counts(): Promise<AwaitedNow>;
}

export function createAwaitedStore(database: PecDatabase): AwaitedStore {
  const s = prepareAwaitedStatements(database);
  const withRecipients = async (rows: readonly FoundMail[]): Promise<readonly AwaitedMail[]> => {
    const found = await database.readAll(rows.map(({ message_pk }) => s.recipients.bind({ message_pk })));
    return rows.map((row, index) => ({ ...row, recipients: found[index]?.rows ?? [] }));
  };
  return {
    begin: (message_pk, sender) => [
      s.begin.bind({ message_pk, sender: sender.toLowerCase() }),
      s.dropReplaced.bind({ message_pk }),
      s.beginRecipients.bind({ message_pk }),
    ],
    async find(message_pk) {
      const [mail] = await withRecipients(await database.read(s.find.bind({ message_pk })));
      return mail ?? null;
    },
    async byReference({ reference, sender, tenantId }) {
      const named = { reference, sender: sender.toLowerCase(), tenant_id: tenantId ?? '' };
      const rows = await database.read((tenantId === null ? s.byReference : s.byReferenceOfTenant).bind(named));
      return rows.length > MAX_CANDIDATES ? 'too_many' : withRecipients(rows);
    },
    toCollect: (limit) => database.read(s.toCollect.bind({ limit })),
    collect: (message_pk, acceptance_ms) => [
      // The message before its recipients, as everywhere, so that no two units wait for each other.
      s.take.bind({ message_pk }),
      s.takeRecipients.bind({ message_pk }),
      s.await.bind({ message_pk, acceptance_ms }),
      s.close.bind({ message_pk }),
    ],
    dueMessages: (now, limit) => database.read(s.dueMessages.bind({ now, limit })),
    dueRecipients: (now, limit) => database.read(s.dueRecipients.bind({ now, limit })),
    messageTimedOut: ({ message_pk, due_at }, now) =>
      exactlyOne(s.messageTimedOut.bind({ message_pk, due_at, now }), 'lease_lost'),
    recipientTimedOut({ message_pk, position, due_at, awaits, give_up_at }, now) {
      const before = { message_pk, position, due_at, awaits };
      const ended =
        awaits === 'delivery' ? s.givenUp.bind({ ...before, now }) : s.noticed.bind({ ...before, give_up_at });
      return exactlyOne(ended, 'lease_lost');
    },
    async counts() {
      const [[messages], [recipients]] = await Promise.all([
        database.read(s.awaitedMessages.bind({})),
        database.read(s.awaitedRecipients.bind({})),
      ]);
      return { acceptances: messages?.count ?? 0, deliveries: recipients?.count ?? 0 };
    },
  };
}
