// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '../../errors.ts';
import { reachOf } from '../../operations/principal.ts';
import { changeMessage } from './change-message.ts';
import type { ControlServices } from './message-services.ts';

/**
 * What a deletion does about mail.
 * - `cancel`: cancel what waits, then remove what is done and told.
 * - `discard`: the same, and remove what the tenant was not told of as well.
 */
export const CLEAR_MODES = ['cancel', 'discard'] as const;
export type ClearMode = (typeof CLEAR_MODES)[number];

/** Whose mail: an account's, or that of all accounts of the tenant. */
export interface MailOwner {
  readonly tenantId: string;
  readonly accountPk: string | null;
}

/** What is done with, of an account or a tenant. */
export interface FinishedMail {
  /** Messages that are not final, by their states. */
  waiting(owner: MailOwner): Promise<Readonly<Record<string, number>>>;
  /** Events that the tenant has not acknowledged; 0 for one that is not told. No more than 10,000 are counted. */
  unreported(owner: MailOwner): Promise<number>;
  /**
   * Remove up to `limit` finished messages, each with its end written down.
   *
   * @returns how many were removed
   */
  remove(owner: MailOwner, options: RemoveOptions): Promise<number>;
  /**
   * Remove these, told or not, where they are final. The ids of those that were sent stay taken; the others may be used
   * again.
   *
   * @returns how many were removed
   */
  removeNamed(messages: readonly NamedEnd[], now: number): Promise<number>;
}

export interface RemoveOptions {
  /** Keep what the tenant was not told of. */
  readonly isTold: boolean;
  readonly now: number;
  readonly limit: number;
  /** Milliseconds: only what ended before. @defaultValue all */
  readonly endedBefore?: number;
}

export interface NamedEnd {
  readonly pk: string;
  readonly isSent: boolean;
}

export type ClearMail = (owner: MailOwner, mode: ClearMode) => Promise<void>;

/** Messages in one unit, or looked at together. */
const PIECE = 100;
const RETRY_AFTER_MS = 5_000;

/**
 * Leave no mail of an account or a tenant: cancel what waits, each with its event, and remove what is done. What is being sent, in
 * doubt, or not told yet stays, and is told to the caller, who asks again; what was cancelled by then stays cancelled.
 *
 * @throws {MailProxyError} `in_use` with the counts of what is in the way
 */
export async function clearMail(
  services: ControlServices & { readonly finished: FinishedMail },
  owner: MailOwner,
  mode: ClearMode,
): Promise<void> {
  const { finished, clock } = services;
  await cancelAll(services, owner);
  const waiting = await finished.waiting(owner);
  if (Object.keys(waiting).length > 0) {
    throw new MailProxyError('in_use', {
      detail: 'messages of it are being sent or in doubt; confirm or retry those in doubt, and ask again',
      extra: waiting,
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const unreported = mode === 'discard' ? 0 : await finished.unreported(owner);
  if (unreported > 0) {
    throw new MailProxyError('in_use', {
      detail: 'the tenant was not told of all of its mail; ask again once it was, or discard what it does not know',
      extra: { unreported_events: unreported },
      retryAfterMs: RETRY_AFTER_MS,
    });
  }
  const options = { isTold: mode !== 'discard', now: clock.now(), limit: PIECE };
  while ((await finished.remove(owner, options)) === PIECE);
}

async function cancelAll(services: ControlServices, { tenantId, accountPk }: MailOwner): Promise<void> {
  const reach = reachOf(tenantId);
  const told = new Set<string>();
  for (let after: string | null = null; ; ) {
    const page = { order: 'oldest first', after, limit: PIECE } as const;
    const rows = await services.messages.list(reach, { account: accountPk ?? undefined, isOpen: true }, page);
    for (const row of rows) {
      const end = await changeMessage(services, reach, row, { action: 'cancel' });
      if (end.ok) told.add(row.tenant_id);
    }
    for (const id of told) services.told(id);
    after = rows.at(-1)?.pk ?? null;
    if (rows.length < PIECE) return;
  }
}
