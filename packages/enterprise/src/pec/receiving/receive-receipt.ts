// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Appended, AppendedEvent, Clock, MakePk, MixinEvents, Statement } from '@mail-proxy/core';
import type { ReceiptStore } from '../archive/receipt.store.ts';
import type { PecCounts } from '../pec-metrics.ts';
import { readPecMail } from '../reading/read-pec-mail.ts';
import type { PecMail, Receipt } from '../reading/receipt.types.ts';
import type { PecReceiptsTable } from '../receipts.table.ts';
import type { PecSettingsStore } from '../settings/settings.store.ts';
import type { TrustOf } from '../settings/trusted.ts';
import type { AwaitedStore } from '../waiting/awaited.store.ts';
import type { States } from '../waiting/states.ts';
import { correlateReceipt } from './correlate-receipt.ts';
import { eventsOf, type ToldReceipt } from './receipt-events.ts';
import { rowOfForged, rowOfReceipt } from './receipt-row.ts';
import { statementsOf } from './receipt-states.ts';
import { type ReceivedMail, verdictOf } from './receipt-verdict.ts';

export interface ReceiveReceiptParts {
  readonly awaited: Pick<AwaitedStore, 'byReference'>;
  readonly states: States;
  readonly receipts: Pick<ReceiptStore, 'findByHash' | 'add' | 'change'>;
  readonly settings: Pick<PecSettingsStore, 'get'>;
  readonly trustOf: TrustOf;
  readonly events: MixinEvents;
  readonly counts: PecCounts;
  readonly clock: Clock;
  readonly makePk: MakePk;
}

/** What is to be written because of a mail. */
export interface PecReception {
  readonly kind: PecMail['kind'];
  readonly statements: readonly Statement[];
  /** After the commit: counts, tells, and says what became of it. */
  committed(): Promise<ReceivedReceipt>;
}

/** What became of a mail. */
export interface ReceivedReceipt {
  readonly kind: PecMail['kind'];
  /** Null for what is no receipt, and does not say that it is one. */
  readonly receipt: PecReceiptsTable | null;
  /** The mail was in the archive before, and meant the same. */
  readonly isRepeated: boolean;
  readonly events: readonly ReceivedEvent[];
}

export interface ReceivedEvent {
  readonly eventPk: string;
  readonly event: AppendedEvent;
  /** False where the same was told before. */
  readonly isNew: boolean;
}

/** Read a mail, find out whether it can be believed, and of which message it is. Mail that is no receipt leaves nothing behind. */
export async function receiveReceipt(mail: ReceivedMail, parts: ReceiveReceiptParts): Promise<PecReception> {
  const read = await readPecMail(mail.raw, { isTruncated: mail.isTruncated });
  if (read.kind !== 'receipt' && read.kind !== 'forged') return nothing(read.kind);
  const known = await parts.receipts.findByHash(mail.tenantId ?? '', mail.hash);
  // What was told stays told, whatever is trusted by now. All else may mean more than it did.
  if (known?.state === 'matched') return reception({ kind: read.kind, receipt: known, isRepeated: true }, parts);
  const pk = known?.pk ?? parts.makePk();
  const {
    row,
    told = [],
    changes = [],
  } = read.kind === 'forged'
    ? { row: rowOfForged(read.why, mail, pk) }
    : await judge(read.receipt, mail, { pk, parts });
  const events = told.map((event) => ({ event, appended: parts.events.append(event) }));
  const archived = known === null ? parts.receipts.add(row, mail.raw) : [parts.receipts.change(row)];
  const statements = [...archived, ...events.flatMap(({ appended }) => appended.statements), ...changes];
  const isRepeated = known?.state === row.state;
  return reception({ kind: read.kind, receipt: row, isRepeated, statements, events }, parts);
}

interface Outcome extends Pick<ReceivedReceipt, 'kind' | 'receipt' | 'isRepeated'> {
  readonly receipt: PecReceiptsTable;
  readonly statements?: readonly Statement[];
  readonly events?: readonly PendingEvent[];
}

interface PendingEvent {
  readonly event: AppendedEvent;
  readonly appended: Appended;
}

function reception(
  { statements = [], events = [], ...outcome }: Outcome,
  { counts }: Pick<ReceiveReceiptParts, 'counts'>,
): PecReception {
  return {
    kind: outcome.kind,
    statements,
    async committed() {
      counts.received(outcome.receipt, outcome.isRepeated);
      return { ...outcome, events: await Promise.all(events.map(outcomeOf)) };
    },
  };
}

interface Judged {
  readonly row: PecReceiptsTable;
  readonly told?: readonly AppendedEvent[];
  readonly changes?: readonly Statement[];
}

async function judge(
  receipt: Receipt,
  mail: ReceivedMail,
  { pk, parts }: { readonly pk: string; readonly parts: ReceiveReceiptParts },
): Promise<Judged> {
  const found = await correlateReceipt(receipt, mail, parts.awaited);
  const match = typeof found === 'string' ? null : found;
  const tenantId = match?.mail.tenant_id ?? mail.tenantId;
  const trust = await parts.trustOf(tenantId);
  const verdict = await verdictOf(receipt, mail, trust);
  const row = rowOfReceipt({ receipt, verdict, match, mail, pk });
  if (!verdict.verified && trust.unverified === 'refuse')
    return { row: { ...row, state: 'refused', why: verdict.reason } };
  if (match === null) return { row: { ...row, state: 'unmatched', why: typeof found === 'string' ? found : null } };
  return { row, ...(await toldOf({ receipt, verdict, match, receiptPk: pk, hash: mail.hash }, parts)) };
}

async function toldOf(
  told: ToldReceipt,
  { states, settings, clock }: ReceiveReceiptParts,
): Promise<Required<Omit<Judged, 'row'>>> {
  const context = { states, settings: await settings.get(told.match.mail.tenant_id), now: clock.now() };
  return { told: eventsOf(told), changes: statementsOf(told, context) };
}

async function outcomeOf({ event, appended }: PendingEvent): Promise<ReceivedEvent> {
  return { eventPk: appended.eventPk, event, isNew: await appended.committed() };
}

function nothing(kind: PecMail['kind']): PecReception {
  return {
    kind,
    statements: [],
    committed: async () => ({ kind, receipt: null, isRepeated: false, events: [] }),
  };
}
