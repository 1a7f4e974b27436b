// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { AttachmentFailure } from '../attachments/attachment-failure.ts';
import type { Clock, Random } from '../clock.ts';
import type { AccountRelayRow } from '../entities/account/account.model.ts';
import type { MessageAttachmentsTable } from '../entities/message/message.table.ts';
import { isMailProxyError } from '../errors.ts';
import type { LoadRecipients } from '../queue/load-recipients.ts';
import type { Preparing, PreparingMessage } from '../queue/preparing.ts';
import type { Settle, Settlement } from '../queue/settle.ts';
import { type RetryPolicy, resolveRetryPolicy } from '../retry-policy.ts';
import type { BringAttachment } from './bring-attachment.ts';
import { type DetachServices, detachFiles } from './detach-files.ts';
import { settlementOfFetch } from './fetch-settlement.ts';
import { failureOfBug, type PreparingFailure, tooLargeTogether } from './preparing-failure.ts';
import { isDatabaseAway, writeOutcome } from './run-attempt.ts';

export interface PrepareServices extends DetachServices {
  readonly clock: Clock;
  readonly random: Random;
  readonly preparing: Pick<Preparing, 'attachments' | 'pin' | 'finish'>;
  readonly recipients: LoadRecipients;
  readonly accounts: { relayRow(pk: string): Promise<AccountRelayRow> };
  readonly bring: BringAttachment;
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
 * Bring what a message has attached and is not here yet, and let mixins take files out of it where one wanted to be asked.
 * What came stays, whatever becomes of the rest, and is the same in all attempts to send.
 *
 * @param signal aborts when the message is not to be prepared any more: nothing is written then
 */
export async function prepareMessage(
  message: PreparingMessage,
  services: PrepareServices,
  signal: AbortSignal,
): Promise<void> {
  const { log, clock, onReady } = services;
  try {
    const failure = await makeReady(message, services, signal);
    if (failure === null) onReady(message);
    else await settleFailure(message, failure, services, signal);
  } catch (error) {
    if (signal.aborted) return;
    if (isMailProxyError(error, 'lease_lost')) {
      log.debug({ messagePk: message.pk }, 'a message was changed while it was prepared');
    } else if (isDatabaseAway(error)) {
      log.warn({ messagePk: message.pk, code: error.code }, 'a message goes back, as the database is away');
      await clock.sleep(PAUSE_MS, signal);
    } else {
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'preparing failed by a bug');
      await settleFailure(message, failureOfBug(error), services, signal);
    }
  }
}

/** @returns why it can't be sent, for now or for good; null where it is ready */
async function makeReady(
  message: PreparingMessage,
  services: PrepareServices,
  signal: AbortSignal,
): Promise<PreparingFailure | null> {
  const { preparing, clock, limits } = services;
  const attachments = await preparing.attachments(message.pk);
  const missing = attachments.filter(({ content_hash }) => content_hash === null);
  const present = attachments.filter(({ content_hash }) => content_hash !== null);
  const hasMixins = message.unfetched > missing.length;
  const seconds = limits.messageTimeoutMs / 1_000;
  const within = async <Result>(reason: string, work: (late: AbortSignal) => Promise<Result>): Promise<Result> => {
    const timeout = new AbortController();
    using _timer = clock.after(limits.messageTimeoutMs, () => timeout.abort(new AttachmentFailure('timeout', reason)));
    return await work(timeout.signal);
  };
  const failure = await within(`the attachments took longer than ${seconds} s together`, async (late) => {
    // Mixins may take some of them out of it.
    const maxBytes = hasMixins ? Number.POSITIVE_INFINITY : limits.maxMessageBytes;
    return await bringAll(message, services, { present, missing, maxBytes, signal, late });
  });
  if (failure !== null || !hasMixins) return failure;
  return await within(`preparing the attachments took longer than ${seconds} s`, (late) =>
    detachFiles(message, services, { signal, late }),
  );
}

interface Bringing {
  readonly present: readonly MessageAttachmentsTable[];
  readonly missing: readonly MessageAttachmentsTable[];
  /** Of all of them together. */
  readonly maxBytes: number;
  /** Of the caller. */
  readonly signal: AbortSignal;
  /** Of the message's time. */
  readonly late: AbortSignal;
}

/** @returns why it can't be sent, for now or for good; null where all is there */
async function bringAll(
  message: PreparingMessage,
  services: PrepareServices,
  { present, missing, maxBytes, signal, late }: Bringing,
): Promise<AttachmentFailure | null> {
  const { preparing, clock, bring, contents } = services;
  let room = maxBytes;
  for (const size of await Promise.all(present.map((attachment) => sizeOf(attachment, contents)))) room -= size;
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
        if (room < 0) throw tooLargeTogether(maxBytes);
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
  failure: PreparingFailure,
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

async function sizeOf(
  { tenant_id: tenantId, content_hash: hash }: MessageAttachmentsTable,
  contents: PrepareServices['contents'],
): Promise<number> {
  return hash === null ? 0 : ((await contents.sizeOf({ tenantId, hash })) ?? 0);
}
