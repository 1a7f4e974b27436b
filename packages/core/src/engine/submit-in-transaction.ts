// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PostgresClient } from '../config/postgres-pool.ts';
import type { Database } from '../database/database.ts';
import type { BatchResult } from '../entities/message/message.schema.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { JoinedBatchResult } from './engine.types.ts';
import { createIntake, type Intake, type IntakeParts } from './intake.ts';

export interface JoinedSubmission extends Omit<IntakeParts, 'writer'> {
  readonly database: Database<CoreSchema>;
  /** Submit with these ways to store messages. */
  readonly submit: (intake: Intake) => Promise<BatchResult>;
}

/**
 * Store messages in a transaction of the caller's. Nobody else sees them before its commit, which the engine does not
 * hear of by itself. A NOTIFY in the unit that accepts (queue/accept.ts) would be sent with that very commit, and is the
 * place for a wake-up that needs no call of `committed`.
 */
export async function submitInTransaction(
  transaction: PostgresClient,
  { database, submit, onArrived, onReplaced, ...parts }: JoinedSubmission,
): Promise<JoinedBatchResult> {
  const news: (() => void)[] = [];
  const result = await database.joining(transaction, (writer) =>
    submit(
      createIntake({
        ...parts,
        writer,
        onArrived: (draft, state) => void news.push(() => onArrived(draft, state)),
        onReplaced: (pk) => void news.push(() => onReplaced(pk)),
      }),
    ),
  );
  return {
    ...result,
    committed() {
      for (const tell of news) tell();
    },
  };
}
