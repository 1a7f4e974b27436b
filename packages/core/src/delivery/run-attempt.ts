// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type MailProxyError } from '../errors.ts';
import type { ClaimedMessage } from '../queue/claim.ts';
import type { Settle, Settlement } from '../queue/settle.ts';
import { type DeliverServices, deliver, settlementOfBug, settlementOfMissingKey } from './deliver.ts';
import type { Flights } from './flights.ts';
import type { Place } from './send-order.ts';
import type { SessionKeeper } from './session-keeper.ts';

/** How an attempt ended: its outcome is written, it has to be given back as it was, or somebody took it away. */
export type AttemptEnd = 'settled' | 'unsent' | 'cancelled';

export interface AttemptServices extends DeliverServices {
  readonly flights: Flights;
  readonly keeper: SessionKeeper;
  readonly settle: Settle;
  /** Outcomes that are about to be written, about. */
  readonly outcomesExpected: () => number;
  /** Read the encryption keys anew; whether there are others now. */
  readonly readKeys: () => Promise<boolean>;
  /** Told once the outcome is committed. */
  readonly onSettled: (message: ClaimedMessage, settlement: Settlement) => void;
}

export interface AttemptContext {
  /** Among the attempts of the account. */
  readonly place: Place;
  /** Gives up what waits. */
  readonly signal: AbortSignal;
  /** Told when nothing is left but to write the outcome. */
  readonly onJudged: () => void;
}

/** Between two tries to write an outcome while the database is away: the first, and the longest after doubling. */
const SETTLE_RETRY_MS = 500;
const MAX_SETTLE_RETRY_MS = 5_000;

/** Deliver a claimed message and write what became of it. A bug in one message fails its attempt, never the process. */
export async function runAttempt(
  message: ClaimedMessage,
  services: AttemptServices,
  { place, signal, onJudged }: AttemptContext,
): Promise<AttemptEnd> {
  const { keeper, log, flights, clock } = services;
  if (flights.isCancelled(message)) return 'cancelled';
  // The keeper may have begun another session since this one claimed the message; then it is not ours to send.
  const session = message.owner_session;
  const isOurs = (): boolean => keeper.number === session && keeper.isAlive();
  const mayMail = (): boolean => !signal.aborted && isOurs() && flights.mayMail(message);
  let settlement: Settlement | null;
  try {
    settlement = await deliver(message, services, {
      session,
      mayMail,
      isOurs,
      place,
      // Of the message, and of all that are under way.
      signal: flights.signal(message) ?? signal,
    });
  } catch (error) {
    if (isDatabaseAway(error)) {
      // Everything that an attempt asks of the database it asks before the final dot, so the relay has nothing of it.
      log.warn(
        { messagePk: message.pk, tenantId: message.tenant_id, code: error.code },
        'an attempt goes back, as the database is away',
      );
      await clock.sleep(SETTLE_RETRY_MS, signal);
      return flights.isCancelled(message) ? 'cancelled' : 'unsent';
    }
    if (isMailProxyError(error, 'sealed_with_unknown_key')) {
      // Another instance seals with a key that is new.
      if (await services.readKeys()) return flights.isCancelled(message) ? 'cancelled' : 'unsent';
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'an attempt waits for a key');
      settlement = await settlementOfMissingKey(message, error, services, session);
    } else {
      log.error({ messagePk: message.pk, tenantId: message.tenant_id, err: error }, 'an attempt failed by a bug');
      settlement = await settlementOfBug(message, error, services, session);
    }
  } finally {
    place.pass();
  }
  if (!flights.seal(message)) return 'cancelled';
  if (settlement === null) return 'unsent';
  onJudged();
  if (await writeOutcome(settlement, services, signal)) services.onSettled(message, settlement);
  return 'settled';
}

export function isDatabaseAway(error: unknown): error is MailProxyError {
  return isMailProxyError(error, 'database_unavailable') || isMailProxyError(error, 'storage_full');
}

/**
 * The relay has answered, so the outcome must not be lost: it is written again until it is there, until another
 * session owns the message, or until this engine may wait no longer; then the next session retries the message.
 */
export async function writeOutcome(
  settlement: Settlement,
  {
    settle,
    outcomesExpected,
    clock,
    log,
  }: Pick<AttemptServices, 'settle' | 'clock' | 'log'> & Partial<Pick<AttemptServices, 'outcomesExpected'>>,
  signal?: AbortSignal,
): Promise<boolean> {
  for (let pauseMs = SETTLE_RETRY_MS; ; pauseMs = Math.min(2 * pauseMs, MAX_SETTLE_RETRY_MS)) {
    try {
      await settle(settlement, outcomesExpected?.());
      return true;
    } catch (error) {
      const { pk, tenantId } = settlement;
      if (isMailProxyError(error, 'lease_lost')) {
        log.error({ messagePk: pk, tenantId }, 'an outcome came after the session had ended and was not written');
        return false;
      }
      if (!isMailProxyError(error) || signal?.aborted === true) throw error;
      log.warn({ messagePk: pk, tenantId, code: error.code }, 'an outcome waits for the database');
      await clock.sleep(pauseMs, signal);
    }
  }
}
