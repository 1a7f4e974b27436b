// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachments/attachment-failure.ts';
import type { Clock, Random } from '../clock.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import { isMailProxyError } from '../errors.ts';
import type { Log } from '../observability/log.ts';
import type { LoadRecipients } from '../queue/load-recipients.ts';
import type { Preparing, PreparingMessage } from '../queue/preparing.ts';
import type { Settle, Settlement } from '../queue/settle.ts';
import { type RetryPolicy, resolveRetryPolicy } from '../retry-policy.ts';
import type { BringAttachment } from './bring-attachment.ts';
import { settlementOfFetch } from './fetch-settlement.ts';
import { isDatabaseAway, writeOutcome } from './run-attempt.ts';

export interface PrepareServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly log: Log;
  readonly preparing: Pick<Preparing, 'attachments' | 'pin'>;
  readonly recipients: LoadRecipients;
  readonly accounts: { relayRow(pk: string): Promise<AccountRelayRow> };
  readonly bring: BringAttachment;
  /** Bytes of an attachment that is stored already. */
  readonly sizeOf: (attachment: MessageAttachmentsTable) => Promise<number>;
  readonly settle: Settle;
  readonly policy: RetryPolicy;
  readonly limits: { readonly maxMessageBytes: number; readonly messageTimeoutMs: number };
  readonly onReady: (message: PreparingMessage) => void;
  readonly onSettled: (message: PreparingMessage, settlement: Settlement) => void;
}

/** Before one goes back that the database could not be asked for. */
const PAUSE_MS = 500;
/** Attachments of one message at the same time. */
const AT_ONCE = 3;

/**
 * Bring what a message has attached and is not here yet. What came stays, whatever becomes of the rest, and is the same
 * in all attempts to send.
 *
 * @param signal aborts when the message is not to be prepared any more: nothing is written then
 */
export async function prepareMessage(
  message: PreparingMessage,
  services: PrepareServices,
  signal: AbortSignal,
): Promise<void> {
  const { log, clock, onReady, limits } = services;
  const timeout = new AbortController();
  using _timer = clock.after(limits.messageTimeoutMs, () => timeout.abort(tooSlow(limits.messageTimeoutMs)));
  try {
    const failure = await bringAll(message, services, { signal, late: timeout.signal });
    if (failure === null) onReady(message);
    else await settleFailure(message, failure, services, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (isMailProxyError(error, 'lease_lost')) {
      log.debug({ messagePk: message.pk }, 'a message was changed while its attachments were fetched');
    } else if (isDatabaseAway(error)) {
      log.warn({ messagePk: message.pk, code: error.code }, 'a message goes back, as the database is away');
      await clock.sleep(PAUSE_MS, signal);
    } else {
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'preparing failed by a bug');
      await settleFailure(message, ofBug(error), services, signal);
    }
  }
}

interface Signals {
  /** Of the caller. */
  readonly signal: AbortSignal;
  /** Of the message's time. */
  readonly late: AbortSignal;
}

/** @returns why it can't be sent, for now or for good; null where all is there */
async function bringAll(
  message: PreparingMessage,
  services: PrepareServices,
  { signal, late }: Signals,
): Promise<AttachmentFailure | null> {
  const { preparing, clock, bring, sizeOf, limits } = services;
  const attachments = await preparing.attachments(message.pk);
  const missing = attachments.filter(({ content_hash }) => content_hash === null);
  const present = attachments.filter(({ content_hash }) => content_hash !== null);
  const sizes = await Promise.all(present.map(sizeOf));
  let room = limits.maxMessageBytes - sizes.reduce((sum, size) => sum + size, 0);
  const failures: AttachmentFailure[] = [];
  const isOver = (): boolean => failures.some(({ permanence }) => permanence === 'permanent');
  const stop = new AbortController();
  const waiting = missing.values();
  const bringNext = async (): Promise<void> => {
    for (const attachment of waiting) {
      if (isOver()) return;
      try {
        const { hash, sizeBytes } = await bring(attachment, AbortSignal.any([signal, late, stop.signal]));
        room -= sizeBytes;
        if (room < 0) throw tooLargeTogether(limits.maxMessageBytes);
        await preparing.pin(message, { position: attachment.position, contentHash: hash }, clock.now());
      } catch (error) {
        const failure = late.aborted ? late.reason : error;
        if (stop.signal.aborted && failure === stop.signal.reason) return;
        if (!(failure instanceof AttachmentFailure)) throw failure;
        failures.push(failure);
        // The others need not be fetched for a message that fails.
        if (isOver()) stop.abort();
      }
    }
  };
  await all(Array.from({ length: AT_ONCE }, bringNext), stop);
  return failures.find(({ permanence }) => permanence === 'permanent') ?? latest(failures);
}

/** Wait for all, also where one breaks: nothing of a message is under way once it is given back. */
async function all(works: readonly Promise<void>[], stop: AbortController): Promise<void> {
  const ends = await Promise.allSettled(
    works.map((work) =>
      work.catch((error: unknown) => {
        stop.abort();
        throw error;
      }),
    ),
  );
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

/** The one that asks for the longest wait speaks for all. */
function latest(failures: readonly AttachmentFailure[]): AttachmentFailure | null {
  return failures.toSorted((a, b) => (b.retryAfterMs ?? 0) - (a.retryAfterMs ?? 0))[0] ?? null;
}

async function settleFailure(
  message: PreparingMessage,
  failure: AttachmentFailure,
  services: PrepareServices,
  signal: AbortSignal,
): Promise<void> {
  const { clock, random, recipients, accounts, policy, onSettled } = services;
  const [loaded, account] = await Promise.all([recipients(message.pk), accounts.relayRow(message.account_pk)]);
  const settlement = settlementOfFetch(message, failure, {
    session: message.owner_session,
    now: clock.now(),
    policy: resolveRetryPolicy(policy, account.tenant.retry, account.retry),
    random,
    recipients: loaded,
  });
  if (await writeOutcome(settlement, services, signal)) onSettled(message, settlement);
}

function tooSlow(ms: number): AttachmentFailure {
  return new AttachmentFailure('timeout', `the attachments took longer than ${ms / 1_000} s together`);
}

function tooLargeTogether(maxBytes: number): AttachmentFailure {
  return new AttachmentFailure('too_large', `the attachments are larger than ${maxBytes} bytes together`);
}

function ofBug(error: unknown): AttachmentFailure {
  const reason = `internal error: ${error instanceof Error ? error.message : String(error)}`;
  return new AttachmentFailure('unavailable', reason, { cause: error });
}
