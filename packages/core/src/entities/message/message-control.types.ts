// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MessageRow } from './message-row.ts';
import type { MessageState } from './message-state.ts';

/** What may be done with a message by hand. */
export const CONTROL_ACTIONS = ['cancel', 'hold', 'release', 'retry', 'reschedule', 'confirm'] as const;
export type ControlAction = (typeof CONTROL_ACTIONS)[number];

/**
 * One action with what it needs. Times in milliseconds.
 *
 * - `ownedBy`: this session holds the message and guarantees that it never reaches MAIL.
 * - `retry`: `expiresAt` is when a message that was final is given up again.
 * - `reschedule`: `expiresAt` is the new one; null keeps the one it has.
 */
export type MessageChange =
  | ({ readonly action: 'cancel' } & PerhapsOwned)
  | ({ readonly action: 'hold' | 'release' | 'confirm' } & PerhapsOwned)
  | ({ readonly action: 'retry'; readonly expiresAt: number } & PerhapsOwned)
  | ({ readonly action: 'reschedule'; readonly sendAt: number; readonly expiresAt: number | null } & PerhapsOwned);

interface PerhapsOwned {
  readonly ownedBy?: number;
}

/** What the queue has to know of a message to change it. */
export type ControlledMessage = Pick<
  MessageRow,
  'pk' | 'tenant_id' | 'account_pk' | 'state' | 'result' | 'attempts' | 'eligible_at' | 'created_at' | 'expires_at'
>;

/** The queue's changes by hand. */
export interface MessageControl {
  /**
   * Change a message in one unit, if its state still allows that.
   *
   * @returns its new state; null when the state did not allow it, and nothing was written
   */
  apply(message: ControlledMessage, change: MessageChange, now: number): Promise<MessageState | null>;
}

/** What a page of a bulk change ended in. */
export interface BatchStep {
  readonly changed: number;
  /** Lanes that got ready messages, each once. */
  readonly lanes: readonly LaneName[];
  /** Whether attachments of some are to be fetched. */
  readonly isPreparing: boolean;
  /** Whether more may be left. */
  readonly hasMore: boolean;
}

/** An account's lane, as the dispatcher knows it. */
export interface LaneName {
  readonly accountPk: string;
  readonly tenantId: string;
}

export interface BatchKey {
  readonly tenantId: string;
  readonly batchCode: string;
}

export interface SuspendedBatch extends BatchKey {
  /** Milliseconds. */
  readonly suspendedAt: number;
}

/** The queue's suspension of batches. The mark holds at once; the messages follow it in steps. */
export interface Batches {
  /** From here on nothing of the batch is claimed. @throws {MailProxyError} `not_found` when there is no such tenant */
  suspend(batch: BatchKey, now: number): Promise<void>;
  /** Messages that a suspension would park now. @throws {MailProxyError} `not_found` when there is no such tenant */
  countParkable(batch: BatchKey): Promise<number>;
  /** @returns whether the batch was suspended */
  activate(batch: BatchKey): Promise<boolean>;
  isSuspended(batch: BatchKey): Promise<boolean>;
  /** By tenant and code, after the given one. */
  list(tenantId: string | null, after: BatchKey | null, limit: number): Promise<readonly SuspendedBatch[]>;
  /** Park up to 1,000 messages of the batch while it is suspended. */
  park(batch: BatchKey, now: number): Promise<BatchStep>;
  /** Let up to 1,000 parked messages of the batch go on while it is not suspended, each at its old place. */
  free(batch: BatchKey, now: number): Promise<BatchStep>;
  /**
   * Finish what a suspension or an activation left when its process died, and park what came back to a suspended batch.
   *
   * @returns lanes that got ready messages
   */
  sweep(now: number): Promise<readonly LaneName[]>;
}
