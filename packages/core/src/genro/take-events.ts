// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { SqlValue } from '../database/statement.ts';
import type { EventDetail, EventType } from '../entities/message-event/message-event.table.ts';
import type { CoreSchema } from '../entities/schema.ts';
import type { OldAccounts } from './accounts.ts';
import { pkOfNumbered } from './event-pk.ts';
import type { ImportParts } from './import-parts.ts';
import { asObject, lineOf, numberOf, objectOf, type SourceRow, textOf, timeOf } from './source-values.ts';
import { createdAtOf, keyOfMessages, messageRefOf, tenantOfMessage } from './take-messages.ts';
import type { EventRow, FeedbackRow, TakeStatements } from './take-statements.ts';

export interface EventParts extends ImportParts {
  readonly database: Database<CoreSchema>;
  readonly statements: TakeStatements;
  readonly accounts: OldAccounts;
}

/** What the tenant was not told yet. */
export const UNREPORTED: RawBuilder<unknown> = sql`${sql.ref('reported_ts')} is null`;
/** The same of versions that kept it with the message. */
export const UNREPORTED_MESSAGE: RawBuilder<unknown> = sql`${sql.ref('reported_ts')} is null
  and (${sql.ref('sent_ts')} is not null or ${sql.ref('error_ts')} is not null)`;

const MAX_REASON = 1_000;
const MIXIN_EVENT = /^[a-z][a-z0-9]*(_[a-z0-9]+)+$/;

/** One event of the source. */
interface OldEvent {
  /** In the source: for the report. */
  readonly id: string;
  readonly number: number;
  readonly type: string;
  /** Milliseconds; null where it cannot be told. */
  readonly at: number | null;
  readonly reason: string | null;
  readonly metadata: Readonly<Record<string, unknown>>;
  readonly message: SourceRow | null;
}

/** Take the events that tenants were not told of, so that they are told from here. */
export async function takeEvents(parts: EventParts): Promise<void> {
  const { source, onRows } = parts;
  for await (const rows of source.pages('message_events', UNREPORTED)) {
    await takePage(parts, await withMessages(parts, rows));
    onRows('message_events', rows.length);
  }
  if (!source.has('messages', 'reported_ts') || !source.has('messages', 'error_ts')) return;
  for await (const rows of source.pages('messages', UNREPORTED_MESSAGE)) {
    await takePage(parts, rows.map(eventOfMessage));
    onRows('messages', rows.length);
  }
}

async function withMessages(parts: EventParts, rows: readonly SourceRow[]): Promise<readonly OldEvent[]> {
  const key = keyOfMessages(parts);
  const messages = await messagesBy(
    parts,
    key,
    rows.map((row) => row['message_pk'] ?? row['message_id'] ?? null),
  );
  // Bounces were written with what the mail named its message by: the id that the client gave.
  const strays = rows.filter((row) => !messages.has(messageRefOf(row)) && textOf(row, 'event_type') === 'bounce');
  const byId = key === 'id' ? messages : await messagesBy(parts, 'id', strays.map(messageRefOf));
  return rows.map((row) => ({
    id: textOf(row, 'id') ?? '',
    number: numberOf(row, 'id') ?? 0,
    type: textOf(row, 'event_type') ?? '',
    at: timeOf(row, 'event_ts'),
    reason: textOf(row, 'description'),
    metadata: objectOf(row, 'metadata') ?? {},
    message: onlyOne(
      messages.get(messageRefOf(row)) ?? (strays.includes(row) ? byId.get(messageRefOf(row)) : undefined),
    ),
  }));
}

/** Messages by one of their columns; of an id several tenants may have one. */
async function messagesBy(
  { source }: EventParts,
  column: 'pk' | 'id',
  values: readonly (SqlValue | string)[],
): Promise<ReadonlyMap<string, readonly SourceRow[]>> {
  const wanted = [...new Set(values.filter((value) => value !== null && value !== ''))];
  if (wanted.length === 0) return new Map();
  const columns = ['pk', 'id', 'tenant_id', 'account_id', 'account_pk'].filter((name) => source.has('messages', name));
  const selected = [
    ...columns.map((name) => sql.ref(name)),
    sql`cast(${sql.ref('created_at')} as text) as ${sql.ref('created_at')}`,
  ];
  const rows = await source.read(sql<SourceRow>`select ${sql.join(selected)} from ${sql.table('messages')}
    where ${sql.ref(column)} in (${sql.join(wanted)})`);
  return Map.groupBy(rows, (row) => textOf(row, column) ?? '');
}

function onlyOne(rows: readonly SourceRow[] | undefined): SourceRow | null {
  return rows?.length === 1 ? (rows[0] ?? null) : null;
}

function eventOfMessage(message: SourceRow): OldEvent {
  const failedAt = timeOf(message, 'error_ts');
  return {
    id: textOf(message, 'id') ?? '',
    number: 0,
    type: failedAt === null ? 'sent' : 'error',
    at: failedAt ?? timeOf(message, 'sent_ts'),
    reason: textOf(message, 'error'),
    metadata: {},
    message,
  };
}

async function takePage(parts: EventParts, old: readonly OldEvent[]): Promise<void> {
  const { database, statements, findings, accounts } = parts;
  const events: EventRow[] = [];
  const feedback: FeedbackRow[] = [];
  const ids = new Map<string, string>();
  for (const event of old) {
    const tenantId = event.message === null ? null : tenantOfMessage(accounts, event.message);
    const type = typeOf(event.type);
    const why = refusalOf(event, tenantId, type);
    if (event.message === null || tenantId === null || type === null || event.at === null || why !== null) {
      findings.notTaken('events', event.id, why ?? 'its time cannot be read');
      continue;
    }
    const id = textOf(event.message, 'id') ?? '';
    const pk = pkOfNumbered(event.at, event.number, `${tenantId} ${id} ${event.type}`);
    const of = { tenant_id: tenantId, id, created_at: createdAtOf(event.message) };
    const detail = detailOf(event);
    const attempt = Number(event.metadata['retry_count']);
    ids.set(pk, event.id);
    events.push({
      ...of,
      pk,
      type,
      at: event.at,
      attempt: Number.isInteger(attempt) ? attempt : 0,
      detail: JSON.stringify(detail),
    });
    if (type !== 'bounce') continue;
    const { bounceType = null, code = null } = detail.feedback ?? {};
    const said = { bounce_type: bounceType, code, reason: detail.reason ?? null, at: event.at };
    feedback.push({ ...of, key: `import:${pk}`, event_pk: pk, type, ...said });
  }
  if (events.length === 0) return;
  const [inserted] = await database.write([
    statements.events.bind({ rows: rowsJson(events) }),
    ...(feedback.length === 0 ? [] : [statements.feedback.bind({ rows: rowsJson(feedback) })]),
  ] as const);
  const taken = new Set(inserted.rows.map(({ pk }) => pk));
  findings.taken('events', taken.size);
  await noteOthers(
    parts,
    [...ids].filter(([pk]) => !taken.has(pk)),
  );
}

/** Those that were not written are there, or have no message here. */
async function noteOthers(
  { database, statements, findings }: EventParts,
  others: readonly (readonly [pk: string, id: string])[],
): Promise<void> {
  if (others.length === 0) return;
  const rows = rowsJson(others.map(([pk]) => ({ pk })));
  const known = new Set((await database.read(statements.knownEvents.bind({ rows }))).map(({ pk }) => pk));
  for (const [pk, id] of others) {
    if (known.has(pk)) findings.alreadyHere('events');
    else findings.notTaken('events', id, 'its message is not here');
  }
}

function refusalOf({ message, at }: OldEvent, tenantId: string | null, type: EventType | null): string | null {
  if (message === null) return 'it belongs to no message of the source';
  if (tenantId === null) return 'its message belongs to no tenant';
  if (type === null) return 'an event of this type is not known';
  return at === null ? 'its time cannot be read' : null;
}

function typeOf(type: string): EventType | null {
  switch (type) {
    case 'sent':
    case 'error':
    case 'deferred':
    case 'bounce':
      return type;
    default:
      // As mixins name theirs: those of certified mail are such.
      return MIXIN_EVENT.test(type) ? (type as EventType) : null;
  }
}

function detailOf({ type, reason, metadata }: OldEvent): EventDetail {
  const said = reason === null ? {} : { reason: lineOf(reason, MAX_REASON) };
  switch (type) {
    case 'deferred': {
      const retryAt = Number(metadata['deferred_ts']);
      return { ...said, ...(retryAt > 0 ? { nextAttemptAt: Math.round(retryAt * 1_000) } : {}) };
    }
    case 'bounce':
      return { ...said, feedback: feedbackOf(metadata) };
    case 'sent':
    case 'error':
      return said;
    default:
      return { ...said, extra: extraOf(metadata) };
  }
}

function feedbackOf(metadata: OldEvent['metadata']): NonNullable<EventDetail['feedback']> {
  const code =
    metadata['bounce_code'] === undefined || metadata['bounce_code'] === null ? null : String(metadata['bounce_code']);
  const isSoft =
    metadata['bounce_type'] === 'soft' || (metadata['bounce_type'] !== 'hard' && code?.startsWith('4') === true);
  return {
    recipient: '',
    bounceType: isSoft ? 'soft' : 'hard',
    code,
    status: null,
    reasonClass: null,
    permanence: isSoft ? 'temporary' : 'permanent',
    addressDead: false,
    reportedBy: null,
    feedbackType: null,
  };
}

function extraOf(metadata: OldEvent['metadata']): NonNullable<EventDetail['extra']> {
  const plain = Object.entries(asObject(metadata) ?? {}).filter(
    (entry): entry is [string, string | number | boolean | null] =>
      entry[1] === null || ['string', 'number', 'boolean'].includes(typeof entry[1]),
  );
  return Object.fromEntries(plain);
}
