// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { MessageState } from '../entities/message/message-state.ts';

/** What becomes of a message whose time has come: it is prepared first, where that has steps left. */
export const dueState = sql<MessageState>`case when unfetched > 0 then 'preparing' else 'ready' end`;

/** What becomes of one that may go on: it waits for its time, if that has not come. */
export function stateAt(now: number) {
  return sql<MessageState>`case when eligible_at > ${now} then 'deferred' else ${dueState} end`;
}
