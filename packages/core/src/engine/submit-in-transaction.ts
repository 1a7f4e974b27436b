// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PostgresClient } from '../config/postgres-pool.ts';
import type { Database } from '../database/database.ts';
import type { BatchResult } from '../entities/message/message.schema.ts';
import type { MessageDraft } from '../entities/message/message-draft.ts';
import type { AcceptedState } from '../entities/message/message-services.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { Accept, AcceptInto } from '../queue/accept.ts';
import type { JoinedBatchResult } from './engine.types.ts';

export interface JoinedSubmission {
  readonly database: Database<CoreSchema>;
  readonly acceptInto: AcceptInto;
  /** Submit with this way to store a message. */
  readonly submit: (accept: Accept) => Promise<BatchResult>;
  /** A message that was stored is there for all to see. */
  readonly onArrived: (draft: MessageDraft, state: AcceptedState) => void;
}

/**
 * Store messages in a transaction of the caller's. Nobody else sees them before its commit, which the engine does not
 * hear of by itself. A NOTIFY in the unit that accepts (queue/accept.ts) would be sent with that very commit, and is the
 * place for a wake-up that needs no call of `committed`.
 */
export async function submitInTransaction(
  transaction: PostgresClient,
  { database, acceptInto, submit, onArrived }: JoinedSubmission,
): Promise<JoinedBatchResult> {
  const stored: { readonly draft: MessageDraft; readonly state: AcceptedState }[] = [];
  const result = await database.joining(transaction, (writer) =>
    submit(async (draft) => {
      const state = await acceptInto(draft, writer);
      stored.push({ draft, state });
      return state;
    }),
  );
  return {
    ...result,
    committed() {
      for (const { draft, state } of stored) onArrived(draft, state);
    },
  };
}
