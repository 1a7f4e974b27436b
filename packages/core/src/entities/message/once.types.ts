// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { UnitWriter } from '../../database/database.ts';
import type { IdempotencyKeysTable } from '../idempotency-key/idempotency-key.table.ts';
import type { MessageDraft } from './message-draft.ts';

/** A draft that takes the place of what a message said. */
export interface Replacement {
  /** Of the message that has the draft's id. */
  readonly targetPk: string;
  readonly draft: MessageDraft;
  /** Key of the event that tells of it. */
  readonly eventPk: string;
}

/** A request and its key, with all that it stores. */
export interface OnceRequest extends Omit<IdempotencyKeysTable, 'outcome'> {
  /** Stored unless their ids are taken, in the order in which the outcome tells of them. */
  readonly drafts: readonly MessageDraft[];
  /** Those of the drafts that take the place of a message that is there. */
  readonly replacements: readonly Replacement[];
}

/** A request that was answered: this one, if it has its owner. */
export type Answered = Omit<IdempotencyKeysTable, 'outcome'> & {
  /** Of each draft what {@link FIELD_END} ends: key, state, result and account's id of the message that has its id. */
  readonly outcome: string;
};

/** Requests that are stored once, by their keys. */
export interface OnceStore {
  /** The answer to a key that was used and is not free again. */
  find(key: Pick<IdempotencyKeysTable, 'tenant_id' | 'key'>, now: number): Promise<Answered | null>;
  /**
   * Store the messages of a request and the answer to it in one unit, unless the key has been used: then nothing is
   * stored, and the other request's answer is returned.
   *
   * @param writer the database by default; a transaction that all of it is to be part of
   * @throws {MailProxyError} `in_flight`: one of the replacements cannot be made any more; nothing was stored
   */
  accept(request: OnceRequest, writer?: UnitWriter): Promise<Answered>;
  /** Forget up to `limit` keys that are free again. @returns how many */
  sweep(now: number, limit: number): Promise<number>;
}

/** What stands between the fields of a draft in an outcome, and between the drafts: neither can be in an id. */
export const FIELD_END = '\u001f';
export const DRAFT_END = '\u001e';
