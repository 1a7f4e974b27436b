// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import * as v from 'valibot';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { SealAttachmentAuth } from '../entities/message/draft-attachment.ts';
import { DEFAULT_PRIORITY, type MessageDraft } from '../entities/message/message-draft.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { MakePk } from '../identity.ts';
import { clientId } from '../operations/fields.ts';
import type { AcceptInUnit } from '../queue/accept-in-unit.ts';
import type { OldAccounts } from './accounts.ts';
import { draftTaken, type OldEnd, type OldMessage, type TakenMessage } from './draft-taken.ts';
import type { ImportParts } from './import-parts.ts';
import { readPayload } from './message-input.ts';
import { batchCodeOf, lineOf, numberOf, type SourceRow, textOf, timeOf } from './source-values.ts';
import type { TakenIdRow, TakeStatements } from './take-statements.ts';
import { addNamedTenant } from './tenants.ts';

export interface MessageParts extends ImportParts {
  readonly database: Database<CoreSchema>;
  readonly statements: TakeStatements;
  readonly accepting: Pick<AcceptInUnit, 'statements' | 'stored' | 'known'>;
  readonly accounts: OldAccounts;
  /** The account of the new database; null where it has none of that name. */
  readonly accountOf: (tenantId: string, accountId: string | null) => Promise<{ readonly pk: string } | null>;
  readonly storagesOf: (tenantId: string) => Promise<readonly string[]>;
  readonly makePk: MakePk;
  readonly sealAuth: SealAttachmentAuth;
  readonly sealDraft: ((draft: MessageDraft) => Promise<MessageDraft>) | undefined;
  readonly maxAgeMs: number;
  /** For how long the id of a message that is not stored stays taken, in milliseconds. */
  readonly idsMs: number;
}

/** Characters of what failed. */
const MAX_REASON = 1_000;

/** Take all messages: those that wait are sent from here, those that ended keep their ids and what they said. */
export async function takeMessages(parts: MessageParts): Promise<void> {
  const { source, onRows } = parts;
  const failures = await readFailures(parts);
  for await (const rows of source.pages('messages')) {
    await takePage(parts, rows, failures);
    onRows('messages', rows.length);
  }
}

/** Why messages failed, by their keys: a message alone does not say whether it was sent or failed. */
async function readFailures({ source }: Pick<ImportParts, 'source'>): Promise<Failures> {
  const reasons = new Map<string, string | null>();
  for await (const rows of source.pages('message_events', sql`${sql.ref('event_type')} = 'error'`)) {
    for (const row of rows) reasons.set(messageRefOf(row), reasonOf(textOf(row, 'description')));
  }
  return { key: keyOfMessages({ source }), reasons };
}

interface Failures {
  readonly key: 'pk' | 'id';
  /** By what events name messages by. */
  readonly reasons: ReadonlyMap<string, string | null>;
}

/** The column of messages that events name them by: the key, which the oldest versions did not have. */
export function keyOfMessages({ source }: Pick<ImportParts, 'source'>): 'pk' | 'id' {
  return source.has('messages', 'pk') && source.has('message_events', 'message_pk') ? 'pk' : 'id';
}

export function messageRefOf(event: SourceRow): string {
  return textOf(event, 'message_pk') ?? textOf(event, 'message_id') ?? '';
}

/** The tenant of a message; where its version did not say it, that of its account. */
export function tenantOfMessage(accounts: OldAccounts, message: SourceRow): string | null {
  return textOf(message, 'tenant_id') ?? accounts.find(message)?.tenantId ?? null;
}

type Placed = { readonly tenantId: string; readonly id: string; readonly row: SourceRow };

async function takePage(parts: MessageParts, rows: readonly SourceRow[], failures: Failures): Promise<void> {
  const { findings, accounts, accepting } = parts;
  const placed: Placed[] = [];
  for (const row of rows) {
    const id = textOf(row, 'id') ?? '';
    const tenantId = tenantOfMessage(accounts, row);
    if (tenantId === null)
      findings.notTaken(kindOf(endOf(row, failures)), id, 'its account is gone, and so is its tenant');
    else if (!v.is(clientId, id))
      findings.notTaken(kindOf(endOf(row, failures)), lineOf(id, 255), 'its id is not taken here');
    else placed.push({ tenantId, id, row });
  }
  for (const [tenantId, own] of Map.groupBy(placed, (each) => each.tenantId)) {
    const known = await accepting.known(
      tenantId,
      own.map(({ id }) => id),
    );
    for (const { row } of own.filter(({ id }) => known.has(id))) findings.alreadyHere(kindOf(endOf(row, failures)));
    await takeOfTenant(
      parts,
      own.filter(({ id }) => !known.has(id)),
      failures,
    );
  }
}

async function takeOfTenant(parts: MessageParts, placed: readonly Placed[], failures: Failures): Promise<void> {
  const { findings, accountOf, accounts, clock, makePk, maxAgeMs, sealAuth, storagesOf } = parts;
  const [first] = placed;
  if (first === undefined) return;
  const hasTenant = await addNamedTenant(parts, first.tenantId);
  const storages = hasTenant ? await storagesOf(first.tenantId) : [];
  const context = {
    now: clock.now(),
    maxAgeMs,
    makePk,
    sealAuth,
    isStorage: (name: string) => storages.includes(name),
    preparesFiles: parts.mixins.includes('large-attachments'),
  };
  const taken: TakenMessage[] = [];
  const ids: TakenIdRow[] = [];
  for (const { tenantId, id, row } of placed) {
    const end = endOf(row, failures);
    const named = accounts.find(row)?.id ?? textOf(row, 'account_id');
    const account = hasTenant ? await accountOf(tenantId, named) : null;
    if (account !== null)
      taken.push(
        draftTaken(oldMessage({ tenantId, id, row }, { accountPk: account.pk, end, now: context.now }), context),
      );
    else if (end === null || !hasTenant) findings.notTaken(kindOf(end), `${tenantId}/${id}`, 'its account is not here');
    else {
      ids.push({ tenant_id: tenantId, id, message_pk: makePk(), result: end.result, final_at: end.at });
      findings.changed(
        'finished_messages',
        `${tenantId}/${id}`,
        'its id alone, so that it is not sent again: its account is not here',
      );
    }
  }
  await store(parts, taken, ids);
}

function oldMessage(
  { tenantId, id, row }: Placed,
  { accountPk, end, now }: Pick<OldMessage, 'accountPk' | 'end'> & { readonly now: number },
): OldMessage {
  const createdAt = createdAtOf(row);
  const priority = numberOf(row, 'priority') ?? DEFAULT_PRIORITY;
  return {
    tenantId,
    id,
    accountPk,
    createdAt: createdAt ?? now,
    dueAt: timeOf(row, 'deferred_ts'),
    priority: Math.min(3, Math.max(0, Math.round(priority))),
    batchCode: batchCodeOf(textOf(row, 'batch_code')),
    payload: readPayload(textOf(row, 'payload') ?? ''),
    end,
  };
}

/** Null where it cannot be told. */
export function createdAtOf(message: SourceRow): number | null {
  return timeOf(message, 'created_at');
}

function endOf(row: SourceRow, { key, reasons }: Failures): OldEnd | null {
  const failedAt = timeOf(row, 'error_ts');
  if (failedAt !== null) return { result: 'failed', at: failedAt, reason: reasonOf(textOf(row, 'error')) };
  const at = timeOf(row, 'smtp_ts') ?? timeOf(row, 'sent_ts');
  if (at === null) return null;
  const ref = textOf(row, key) ?? '';
  return reasons.has(ref)
    ? { result: 'failed', at, reason: reasons.get(ref) ?? null }
    : { result: 'sent', at, reason: null };
}

function reasonOf(text: string | null): string | null {
  return text === null ? null : lineOf(text, MAX_REASON);
}

function kindOf(end: OldEnd | null): 'waiting_messages' | 'finished_messages' {
  return end === null ? 'waiting_messages' : 'finished_messages';
}

/** All in one unit: what a run that is killed has to do again is there as a whole, or not at all. */
async function store(parts: MessageParts, taken: readonly TakenMessage[], ids: readonly TakenIdRow[]): Promise<void> {
  const { database, statements, accepting, findings, clock, makePk, idsMs, sealDraft } = parts;
  const now = clock.now();
  const drafts = await Promise.all(taken.map(({ draft }) => (sealDraft === undefined ? draft : sealDraft(draft))));
  const ended = taken.flatMap(({ draft, end, attempts }) =>
    end === null
      ? []
      : [
          {
            pk: draft.message.pk,
            result: end.result,
            recipient_state: end.result,
            attempts: Math.max(1, attempts),
            last_error: end.reason,
            at: end.at,
          },
        ],
  );
  const tried = taken.filter(({ end, attempts }) => end === null && attempts > 0);
  const bare = taken.filter(({ isBare }) => isBare).map(({ draft }) => ({ pk: draft.message.pk }));
  const failed = taken.flatMap(({ draft, failed }) =>
    failed === null
      ? []
      : [
          {
            pk: makePk(),
            message_pk: draft.message.pk,
            type: 'error',
            at: now,
            attempt: 0,
            detail: JSON.stringify({ reason: failed }),
          },
        ],
  );
  const all = (rows: readonly object[], bind: (json: string) => ReturnType<typeof statements.end.bind>) =>
    rows.length === 0 ? [] : [bind(rowsJson(rows))];
  const unit = [
    ...accepting.statements(drafts),
    ...all(
      tried.map(({ draft, attempts }) => ({ pk: draft.message.pk, attempts })),
      (rows) => statements.attempts.bind({ rows }),
    ),
    ...all(ended, (rows) => statements.end.bind({ rows })),
    ...all(ended, (rows) => statements.endRecipients.bind({ rows })),
    ...all(bare, (rows) => statements.markBare.bind({ rows })),
    ...all(bare, (rows) => statements.removeContents.bind({ rows })),
    ...all(failed, (rows) => statements.failures.bind({ rows })),
    ...all(ids, (rows) => statements.ids.bind({ rows, now, forget_at: now + idsMs })),
  ];
  if (unit.length === 0) return;
  const results = await database.write(unit);
  const stored = new Set(
    drafts.length === 0 ? [] : accepting.stored(drafts, results).map(({ draft }) => draft.message.pk),
  );
  findings.taken('finished_messages', ids.length);
  for (const each of taken) {
    if (stored.has(each.draft.message.pk)) note(parts, each);
    else findings.alreadyHere(kindOf(each.failed === null ? each.end : null));
  }
}

function note({ findings }: Pick<ImportParts, 'findings'>, { draft, end, failed, without }: TakenMessage): void {
  const { tenant_id, id } = draft.message;
  const name = `${tenant_id}/${id}`;
  findings.taken(kindOf(failed === null ? end : null));
  if (failed !== null) findings.changed('waiting_messages', name, `as failed, which its tenant is told: ${failed}`);
  for (const why of without) findings.changed(kindOf(end), name, `without ${why}`);
}
