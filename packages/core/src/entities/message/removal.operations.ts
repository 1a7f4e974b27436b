// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { clientId, integer, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import { changeMessage } from './change-message.ts';
import type { FinishedMail, NamedEnd } from './clear-mail.ts';
import type { MessageRow } from './message-row.ts';
import type { ControlServices } from './message-services.ts';

/** What removing messages needs. */
export interface RemovalServices extends ControlServices {
  readonly finished: Pick<FinishedMail, 'remove' | 'removeNamed'>;
  /** How long finished messages of a tenant are kept, in milliseconds; null for good. */
  readonly keptMs: (reach: Reach, tenantId: string) => Promise<number | null>;
  /** Ids of all tenants within the reach. */
  readonly tenantsOf: (reach: Reach) => Promise<readonly string[]>;
}

/** Messages in one unit. */
const PIECE = 100;
const MAX_IDS = 10_000;
/** A hundred years. */
const MAX_SECONDS = 3_155_760_000;

type Removed = 'removed' | 'not_found' | 'ambiguous' | 'in_flight' | 'in_doubt';

const removeMessages = defineOperation({
  name: 'messages.remove',
  summary:
    'Cancel messages where they wait and remove them, told or not; ids of those that were not sent are free again',
  http: { method: 'POST', path: '/v1/messages/remove' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject({
    tenant_id: v.optional(tenantId),
    /** Primary keys or the client's ids. */
    ids: v.pipe(v.array(clientId), v.maxLength(MAX_IDS, `expected at most ${MAX_IDS} ids`)),
  }),
  output: v.object({
    removed: v.number(),
    /** One for each id, in the order of the request. */
    results: v.array(
      v.object({
        id: v.string(),
        /** Several tenants use the id; it is being sent; it may have been sent, and waits for a decision. */
        status: v.picklist(['removed', 'not_found', 'ambiguous', 'in_flight', 'in_doubt']),
      }),
    ),
  }),
  async run(services: RemovalServices, { ids }, { reach }) {
    const results: { id: string; status: Removed }[] = [];
    for (let at = 0; at < ids.length; at += PIECE) {
      results.push(...(await removePiece(services, reach, ids.slice(at, at + PIECE))));
    }
    return { removed: results.filter(({ status }) => status === 'removed').length, results };
  },
});

const pruneMessages = defineOperation({
  name: 'messages.prune',
  summary: 'Remove finished messages that are older and were told; by default those that are kept no longer anyway',
  http: { method: 'POST', path: '/v1/messages/prune' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject({
    tenant_id: v.optional(tenantId),
    /** Since they ended; by default as long as the tenant's mail is kept. */
    older_than_seconds: v.optional(integer(0, MAX_SECONDS)),
  }),
  output: v.object({ removed: v.number() }),
  async run({ finished, keptMs, tenantsOf, clock }: RemovalServices, { older_than_seconds: seconds }, { reach }) {
    let removed = 0;
    for (const id of reach.tenantId === null ? await tenantsOf(reach) : [reach.tenantId]) {
      const ageMs = seconds === undefined ? await keptMs(reach, id) : seconds * 1_000;
      if (ageMs === null) continue;
      const now = clock.now();
      const options = { isTold: true, now, limit: PIECE, endedBefore: now - ageMs };
      for (let piece = PIECE; piece === PIECE; removed += piece) {
        piece = await finished.remove({ tenantId: id, accountPk: null }, options);
      }
    }
    return { removed };
  },
});

export const removalOperations = [removeMessages, pruneMessages] as const;

async function removePiece(
  services: RemovalServices,
  reach: Reach,
  ids: readonly string[],
): Promise<{ id: string; status: Removed }[]> {
  const { messages, finished, clock, told } = services;
  const found = await messages.listNamed(reach, ids, {});
  const ends: NamedEnd[] = [];
  const tenants = new Set<string>();
  const results = await Promise.all(
    ids.map(async (id, index): Promise<{ id: string; status: Removed }> => {
      const [row, ...others] = found[index] ?? [];
      if (row === undefined) return { id, status: 'not_found' };
      if (others.length > 0) return { id, status: 'ambiguous' };
      const end = await ended(services, reach, row);
      if (typeof end === 'string') return { id, status: end };
      ends.push(end);
      tenants.add(row.tenant_id);
      return { id, status: 'removed' };
    }),
  );
  await finished.removeNamed(ends, clock.now());
  for (const tenant of tenants) told(tenant);
  return results;
}

/** The end of a message, after it was cancelled where it waited. */
async function ended(
  services: RemovalServices,
  reach: Reach,
  row: MessageRow,
): Promise<NamedEnd | 'in_flight' | 'in_doubt'> {
  const isSent = (result: MessageRow['result']): boolean => result === 'sent' || result === 'partially_sent';
  if (row.state === 'final') return { pk: row.pk, isSent: isSent(row.result) };
  const end = await changeMessage(services, reach, row, { action: 'cancel' });
  if (end.ok) return { pk: row.pk, isSent: false };
  // It came to its end meanwhile.
  if (end.row.state === 'final') return { pk: row.pk, isSent: isSent(end.row.result) };
  return end.row.state === 'in_doubt' ? 'in_doubt' : 'in_flight';
}
