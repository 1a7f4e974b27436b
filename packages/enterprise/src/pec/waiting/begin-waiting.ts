// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Hooks } from '@mail-proxy/core';
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
  return async (message, envelope) => {
    const answer = await enveloping(message, envelope);
    if (answer !== null) await database.write(awaited.begin(message.messagePk, envelope.from));
    return answer;
  };
}
