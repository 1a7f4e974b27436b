// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Statement } from '@mail-proxy/core';
import type { Receipt } from '../reading/receipt.types.ts';
import { receiptOutcome } from '../reading/receipt-outcome.ts';
import type { PecSettings } from '../settings/settings.store.ts';
import type { AwaitedMail } from '../waiting/awaited.store.ts';
import type { DeliveryTimes, Said, States } from '../waiting/states.ts';
import { isSame } from './correlate-receipt.ts';
import type { ToldReceipt } from './receipt-events.ts';

const HOUR_MS = 3_600_000;
/**
 * An acceptance that was read late may have the deliveries right behind it in its mailbox: until these are read, nothing is
 * missed. Also how far clocks of providers may differ.
 */
export const READING_MS = 600_000;

export interface StatesContext {
  readonly states: States;
  readonly settings: PecSettings;
  readonly now: number;
}

/** What a receipt changes of what is awaited. */
export function statementsOf(told: ToldReceipt, context: StatesContext): readonly Statement[] {
  const { receipt, match, verdict } = told;
  const { states } = context;
  const at = timeOf(receipt, match.mail, context.now);
  const about = match.about.map(({ message_pk, position, address }) => ({
    address,
    said: { message_pk, position, said_at: at, receipt_pk: told.receiptPk } satisfies Said,
  }));
  const { isFinal, reason } = receiptOutcome(receipt);
  const message = { message_pk: match.mail.message_pk, at };
  switch (receipt.type) {
    case 'accettazione': {
      const times = deliveryTimes(at, context);
      const accepted = about.flatMap(({ address, said }) =>
        isExternal(receipt, address) ? [states.external(said)] : states.accepted(said, times),
      );
      return [states.messageAccepted(message), ...accepted];
    }
    case 'non-accettazione':
      return [states.messageRefused(message), ...about.map(({ said }) => states.failed(said, reason))];
    case 'presa-in-carico':
      return about.map(({ said }) => states.relayed(said));
    case 'avvenuta-consegna':
      return about.map(({ said }) => states.delivered(said, verdict.verified));
    case 'errore-consegna':
    case 'preavviso-errore-consegna':
    case 'rilevazione-virus':
      return isFinal ? about.map(({ said }) => states.failed(said, reason)) : [];
    default:
      return receipt.type satisfies never;
  }
}

/** Whom the provider names as such. */
function isExternal({ recipients }: Receipt, address: string): boolean {
  return recipients.some((each) => each.kind === 'external' && isSame(each.address, address));
}

/** As the provider says, where that can be: after a relay took the message, and not in days to come. */
function timeOf({ at }: Receipt, { taken_at }: AwaitedMail, now: number): number {
  if (at === null || taken_at === null) return now;
  return Math.min(now, Math.max(at, taken_at - READING_MS));
}

function deliveryTimes(acceptedAt: number, { settings, now }: StatesContext): DeliveryTimes {
  const { deliveryNoticeHours, deliveryTimeoutHours } = settings;
  return {
    due_at: Math.max(acceptedAt + deliveryNoticeHours * HOUR_MS, now + READING_MS),
    give_up_at: Math.max(acceptedAt + deliveryTimeoutHours * HOUR_MS, now + READING_MS),
  };
}
