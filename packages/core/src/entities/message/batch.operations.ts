// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { line, pageOf, queryInteger, rfc3339, tenantId, timestamp } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { Reach } from '../../operations/principal.ts';
import { DEFAULT_TENANT } from '../tenant/default-tenant.ts';
import type { BatchKey, BatchStep } from './message-control.types.ts';
import type { BatchServices } from './message-services.ts';

const batchCode = v.pipe(line(64), v.minLength(1, 'expected 1 to 64 characters'));
const reference = { batch_code: batchCode, tenant_id: v.optional(tenantId) };

export const suspendBatch = defineOperation({
  name: 'batches.suspend',
  summary: 'Suspend a batch: from the answer on none of its messages is begun, those accepted later included',
  http: { method: 'POST', path: '/v1/batches/{batch_code}/suspend' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject({
    ...reference,
    /** Count only. */
    dry_run: v.optional(v.boolean(), false),
  }),
  output: v.object({
    batch_code: v.string(),
    /** Whether it is. */
    suspended: v.boolean(),
    /** Messages that were waiting and are parked now, or would be. */
    parked: v.number(),
  }),
  async run(services: BatchServices, { batch_code, dry_run }, { reach }) {
    const batch = batchOf(reach, batch_code);
    const { batches, clock, batchSuspended } = services;
    if (dry_run) {
      const parked = await batches.countParkable(batch);
      return { batch_code, suspended: await batches.isSuspended(batch), parked };
    }
    await batches.suspend(batch, clock.now());
    await batchSuspended(batch);
    const parked = await moveAll(() => batches.park(batch, clock.now()));
    return { batch_code, suspended: true, parked };
  },
});

export const activateBatch = defineOperation({
  name: 'batches.activate',
  summary: 'Activate a suspended batch: its messages go on where they stood',
  http: { method: 'POST', path: '/v1/batches/{batch_code}/activate' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject(reference),
  output: v.object({
    batch_code: v.string(),
    suspended: v.boolean(),
    /** Messages that were parked and go on. */
    released: v.number(),
  }),
  async run({ batches, clock, wake, prepare, rescheduled }: BatchServices, { batch_code }, { reach }) {
    const batch = batchOf(reach, batch_code);
    await batches.activate(batch);
    const released = await moveAll(async () => {
      const step = await batches.free(batch, clock.now());
      if (step.lanes.length > 0) wake(step.lanes);
      if (step.isPreparing) prepare();
      return step;
    });
    if (released > 0) rescheduled();
    return { batch_code, suspended: false, released };
  },
});

export const listBatches = defineOperation({
  name: 'batches.list',
  summary: 'List the batches that are suspended',
  http: { method: 'GET', path: '/v1/batches' },
  access: 'tenant',
  scope: 'messages:read',
  audit: false,
  input: v.strictObject({
    tenant_id: v.optional(tenantId),
    limit: v.optional(queryInteger(1, 1_000), 100),
    /** `next` of the page before. */
    after: v.optional(line(200)),
  }),
  output: pageOf(v.object({ tenant_id: v.string(), batch_code: v.string(), suspended_at: timestamp })),
  async run({ batches }: Pick<BatchServices, 'batches'>, { limit, after }, { reach }) {
    const rows = await batches.list(reach.tenantId, after === undefined ? null : parseCursor(after), limit);
    const last = rows.at(-1);
    return {
      items: rows.map((row) => ({
        tenant_id: row.tenantId,
        batch_code: row.batchCode,
        suspended_at: rfc3339(row.suspendedAt),
      })),
      next: rows.length === limit && last !== undefined ? `${last.tenantId}:${last.batchCode}` : null,
    };
  },
});

export const batchOperations = [suspendBatch, activateBatch, listBatches] as const;

/** Who has one tenant never has to name it. */
function batchOf({ tenantId: reached }: Reach, code: string): BatchKey {
  return { tenantId: reached ?? DEFAULT_TENANT, batchCode: code };
}

async function moveAll(step: () => Promise<BatchStep>): Promise<number> {
  let moved = 0;
  for (;;) {
    const { changed, hasMore } = await step();
    moved += changed;
    if (!hasMore) return moved;
  }
}

/** A tenant's id has no colon in it. */
function parseCursor(cursor: string): BatchKey {
  const colon = cursor.indexOf(':');
  return { tenantId: cursor.slice(0, Math.max(0, colon)), batchCode: cursor.slice(colon + 1) };
}
