// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Reach } from '../../operations/principal.ts';
import { type ChangeRequest, changeMessage, refusalOf } from './change-message.ts';
import type { LaneName } from './message-control.types.ts';
import type { MessageFilter } from './message-filter.ts';
import type { MessageRow } from './message-row.ts';
import type { ControlServices } from './message-services.ts';

/** Which messages: by name, or all that match. */
export interface Selection {
  /** Primary keys or the client's ids; null: every message that matches. */
  readonly references: readonly string[] | null;
  readonly filter: MessageFilter;
}

export interface BulkRequest extends Selection {
  readonly change: ChangeRequest;
  /** Count what would be changed, and change nothing. */
  readonly isDryRun: boolean;
}

export interface BulkEnd {
  /** Messages that the filter names. */
  readonly matched: number;
  readonly changed: number;
  /** Those whose state does not allow it, those that are being sent, and ids that several tenants use. */
  readonly skipped: number;
}

/** Rows read at once: small ones, read in the order of the primary key, so that a page is found without the ones before. */
const PAGE = 20_000;
/** Messages changed in one turn, each in its own unit; they share a commit. */
const CHUNK = 500;

/**
 * Change many messages, each whole or not at all, chunk by chunk: other writes go between them, and a million rows are
 * never in memory together. Messages accepted after the start are left alone.
 */
export async function changeMany(services: ControlServices, reach: Reach, request: BulkRequest): Promise<BulkEnd> {
  let matched = 0;
  let changed = 0;
  for await (const { rows, ambiguous } of chunksOf(services, reach, request)) {
    matched += rows.length + ambiguous;
    changed += request.isDryRun
      ? await countChangeable(services, rows, request.change)
      : await changeChunk(services, reach, rows, request.change);
  }
  return { matched, changed, skipped: matched - changed };
}

interface Chunk {
  readonly rows: readonly MessageRow[];
  readonly ambiguous: number;
}

async function* chunksOf(services: ControlServices, reach: Reach, selection: Selection): AsyncGenerator<Chunk> {
  const { references } = selection;
  // A clock that was set back must not hide what was accepted just now.
  const before = services.clock.now() + 1;
  const filter = { ...selection.filter, createdBefore: Math.min(before, selection.filter.createdBefore ?? before) };
  if (references === null) yield* matchingChunks(services, reach, filter);
  else yield* namedChunks(services, reach, { references: [...new Set(references)], filter: selection.filter });
}

async function* matchingChunks(
  { messages }: ControlServices,
  reach: Reach,
  filter: MessageFilter,
): AsyncGenerator<Chunk> {
  let after: string | null = null;
  for (;;) {
    const page: readonly MessageRow[] = await messages.list(reach, filter, {
      order: 'oldest first',
      after,
      limit: PAGE,
    });
    for (const rows of chunked(page)) yield { rows, ambiguous: 0 };
    const last = page.at(-1);
    if (page.length < PAGE || last === undefined) return;
    after = last.pk;
  }
}

async function* namedChunks(
  { messages }: ControlServices,
  reach: Reach,
  { references, filter }: { readonly references: readonly string[]; readonly filter: MessageFilter },
): AsyncGenerator<Chunk> {
  // A message may be named by its key and by its id.
  const seen = new Set<string>();
  for (const names of chunked(references)) {
    const found = await messages.listNamed(reach, names, filter);
    const rows = found
      .flatMap((each) => (each.length === 1 ? each : []))
      .filter(({ pk }) => !seen.has(pk) && seen.add(pk));
    yield { rows, ambiguous: found.filter((each) => each.length > 1).length };
  }
}

function chunked<Item>(items: readonly Item[]): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / CHUNK) }, (_, index) =>
    items.slice(index * CHUNK, (index + 1) * CHUNK),
  );
}

async function countChangeable(
  services: ControlServices,
  rows: readonly MessageRow[],
  change: ChangeRequest,
): Promise<number> {
  const refusals = await Promise.all(rows.map((row) => refusalOf(services, row, change)));
  // Whether one that is being sent can be stopped is known by trying.
  return rows.filter(({ state }, index) => refusals[index] === null && state !== 'leased').length;
}

async function changeChunk(
  services: ControlServices,
  reach: Reach,
  rows: readonly MessageRow[],
  change: ChangeRequest,
): Promise<number> {
  const ends = await Promise.allSettled(rows.map((row) => changeMessage(services, reach, row, change)));
  const lanes = new Map<string, LaneName>();
  const tenants = new Set<string>();
  let changed = 0;
  let isDeferred = false;
  let isPreparing = false;
  let failure: PromiseRejectedResult | undefined;
  for (const [index, end] of ends.entries()) {
    const row = rows[index];
    if (end.status === 'rejected') failure = end;
    if (row === undefined || end.status === 'rejected' || !end.value.ok) continue;
    changed += 1;
    tenants.add(row.tenant_id);
    if (end.value.state === 'ready') lanes.set(row.account_pk, { accountPk: row.account_pk, tenantId: row.tenant_id });
    if (end.value.state === 'deferred') isDeferred = true;
    if (end.value.state === 'preparing') isPreparing = true;
  }
  if (lanes.size > 0) services.wake([...lanes.values()]);
  if (isPreparing) services.prepare();
  if (isDeferred) services.rescheduled();
  if (change.action !== 'reschedule') for (const tenant of tenants) services.told(tenant);
  // What was done of the chunk is told of first.
  if (failure !== undefined) throw failure.reason;
  return changed;
}
