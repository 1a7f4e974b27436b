// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Enveloping, Hooks } from '@mail-proxy/core';
import type { PecDatabase } from '../receipts.table.ts';
import type { AwaitedStore } from './awaited.store.ts';

export interface BeginWaitingParts {
  readonly database: Pick<PecDatabase, 'write'>;
  readonly awaited: Pick<AwaitedStore, 'begin'>;
}

/** Remember each certified message before a relay is given it, so that no receipt comes to one that nobody knows. */
export function beginWaiting(
  enveloping: Hooks['enveloping'],
  { database, awaited }: BeginWaitingParts,
): Hooks['enveloping'] {
  const begin = async (
    answer: ReturnType<Hooks['enveloping']>,
    messagePk: string,
    from: string,
  ): Promise<Enveloping | null> => {
    const chosen = await answer;
    if (chosen !== null) await database.write(awaited.begin(messagePk, from));
    return chosen;
  };
  return (message, envelope) => {
    const answer = enveloping(message, envelope);
    // Ordinary mail, at once.
    return answer === null ? null : begin(answer, message.messagePk, envelope.from);
  };
}
