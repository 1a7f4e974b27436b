// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { timeOfPk } from '../../identity.ts';
import type { BatchResult } from './message.schema.ts';
import type { MessageDraft } from './message-draft.ts';
import type { MessageResult, MessageState } from './message-state.ts';
import type { OnConflict } from './on-conflict.ts';
import type { TakenRoom } from './tenant-room.ts';

/** What one message of a submission became. */
export type Submitted =
  | {
      readonly ok: true;
      readonly pk: string;
      readonly id: string;
      readonly tenantId: string;
      readonly accountId: string;
      readonly state: MessageState;
      readonly createdAt: number;
      /** Its id was taken, and this was done about it; absent where it was not. */
      readonly conflict?: 'ignored' | 'replaced';
    }
  | { readonly ok: false; readonly id: string | null; readonly error: MailProxyError };

/** A message that passed all checks, as far as its answer needs it. */
export interface Pending {
  readonly draft: MessageDraft;
  readonly accountId: string;
  readonly onConflict: OnConflict;
  readonly room: TakenRoom;
}

/** The message that has an id, or had it. */
export interface TakenId {
  readonly pk: string;
  readonly state: MessageState;
  readonly result: MessageResult | null;
  /** Null where the message is gone. */
  readonly accountId: string | null;
}

/** The same, found now. */
export interface FoundId extends TakenId {
  /** It waits, and no relay can have taken any of it. */
  readonly isReplaceable: boolean;
}

/** The key parts of a draft, which outlive it in the plan of a request. */
export interface DraftName {
  readonly pk: string;
  readonly id: string;
  readonly tenantId: string;
  readonly accountId: string;
  readonly onConflict: OnConflict;
  readonly createdAt: number;
  /** The message in whose place it is. */
  readonly replaces?: string | undefined;
}

/** Whether the message was stored, and takes room. */
export function isStored({ draft }: Pending, submitted: Submitted | undefined): boolean {
  return submitted?.ok === true && submitted.pk === draft.message.pk;
}

export function nameOf({ draft, accountId, onConflict }: Pending, replaces?: string): DraftName {
  const { pk, id, tenant_id: tenantId, created_at: createdAt } = draft.message;
  return { pk, id, tenantId, accountId, onConflict, createdAt, replaces };
}

/** What a draft became, by the message that has its id now. */
export function submittedAs(name: DraftName, taken: TakenId): Submitted {
  const { pk, id, tenantId, accountId, onConflict, createdAt } = name;
  const { state } = taken;
  if (taken.pk === pk) return { ok: true, pk, id, tenantId, accountId, state, createdAt };
  const there = { ok: true, pk: taken.pk, id, tenantId, state, createdAt: timeOfPk(taken.pk) } as const;
  if (taken.pk === name.replaces) return { ...there, accountId, conflict: 'replaced' };
  if (onConflict === 'ignore') return { ...there, accountId: taken.accountId ?? accountId, conflict: 'ignored' };
  return { ok: false, id, error: refusalOf(id, onConflict, taken) };
}

/** A message that may be replaced is one that somebody is sending, or that was sent in part. */
function refusalOf(id: string, onConflict: OnConflict, { state, result }: TakenId): MailProxyError {
  const extra = { state, ...(result === null ? {} : { result }) };
  if (onConflict === 'replace_if_pending' && state !== 'final') {
    return new MailProxyError('in_flight', { detail: `the message ${id} cannot be replaced any more`, extra });
  }
  return new MailProxyError('duplicate_id', { detail: `the tenant has a message with the id ${id} already`, extra });
}

/** The answer to a batch: one line a message, in the order of the request. */
export function toBatchResult(submitted: readonly Submitted[]): BatchResult {
  const results = submitted.map((one, index): BatchResult['results'][number] => {
    if (one.ok) {
      const { id, pk, state, conflict } = one;
      return { index, id, pk, status: 'accepted', ...(conflict === undefined ? {} : { conflict, state }) };
    }
    const { code, message: reason, retryAfterMs, problems, extra } = one.error;
    const { state, result } = extra as { readonly state?: MessageState; readonly result?: MessageResult };
    return {
      index,
      id: one.id,
      status: 'rejected',
      code,
      reason,
      ...(state === undefined ? {} : { state }),
      ...(result === undefined ? {} : { result }),
      ...(retryAfterMs === undefined ? {} : { retry_after: Math.ceil(retryAfterMs / 1_000) }),
      ...(problems.length === 0 ? {} : { problems: [...problems] }),
    };
  });
  const accepted = submitted.filter((one) => one.ok).length;
  return { accepted, rejected: submitted.length - accepted, results };
}

/** Where all of a batch has to come again: when the last of what refused it is over. */
export function retryAfterOf({ accepted, results }: BatchResult): Readonly<Record<string, string>> {
  const seconds = results.map(({ retry_after }) => retry_after);
  if (accepted > 0 || seconds.length === 0 || seconds.some((each) => each === undefined)) return {};
  return { 'retry-after': String(Math.max(...seconds.map((each) => each ?? 0))) };
}
