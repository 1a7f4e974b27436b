// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { exactlyOne } from '../database/statement.ts';
import type { Batches, BatchKey, BatchStep, LaneName } from '../entities/message/message-control.types.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { MailProxyError } from '../errors.ts';
import { type BatchInput, type BatchStatements, prepareBatchStatements } from './batch-statements.ts';
import { lanesOf } from './lanes.ts';

/** Messages moved in one unit: some milliseconds of the writer, so that nobody waits long behind it. */
const STEP = 1_000;
/** Batches that one sweep looks after. */
const SWEPT = 1_000;

/**
 * Suspension of batches. The mark in `suspended_batches` is a condition of the claim and of acceptance, so it holds from
 * its commit on. Moving the messages is tidying up after it, in steps: parked, they cost a claim nothing.
 */
export function createBatches(db: Database<CoreSchema>, stepMs: number): Batches {
  const statements = prepareBatchStatements(db, stepMs);

  const step = async (kind: 'park' | 'free', batch: BatchKey, now: number): Promise<BatchStep> => {
    const move: BatchStatements['park'] = statements[kind];
    const [{ rows }] = await db.write([move.bind({ ...inputOf(batch), now, limit: STEP })]);
    return {
      changed: rows.length,
      lanes: lanesOf(rows.filter(({ state }) => state === 'ready')),
      isPreparing: rows.some(({ state }) => state === 'preparing'),
      hasMore: rows.length === STEP,
    };
  };
  const all = async (kind: 'park' | 'free', batches: readonly BatchInput[], now: number) => {
    const lanes = new Map<string, LaneName>();
    for (const { tenant_id: tenantId, batch_code: batchCode } of batches) {
      for (let hasMore = true; hasMore; ) {
        const done = await step(kind, { tenantId, batchCode }, now);
        for (const lane of done.lanes) lanes.set(lane.accountPk, lane);
        hasMore = done.hasMore;
      }
    }
    return [...lanes.values()];
  };

  return {
    async suspend(batch, now) {
      await db.write([exactlyOne(statements.suspend.bind({ ...inputOf(batch), now }), 'not_found')]);
    },
    async countParkable(batch) {
      const [row] = await db.read(statements.countParkable.bind(inputOf(batch)));
      if (row === undefined) throw new MailProxyError('not_found', { detail: 'there is no such tenant' });
      return row.parkable;
    },
    async activate(batch) {
      const [deleted] = await db.write([statements.activate.bind(inputOf(batch))]);
      return deleted.changes > 0;
    },
    async isSuspended(batch) {
      return (await db.read(statements.one.bind(inputOf(batch)))).length > 0;
    },
    async list(tenantId, after, limit) {
      const from = after === null ? { tenant_id: '', batch_code: '' } : inputOf(after);
      const rows = await db.read(statements.list.bind({ ...from, only: tenantId, limit }));
      return rows.map((row) => ({
        tenantId: row.tenant_id,
        batchCode: row.batch_code,
        suspendedAt: row.suspended_at,
      }));
    },
    park: (batch, now) => step('park', batch, now),
    free: (batch, now) => step('free', batch, now),
    async sweep(now) {
      await all('park', await db.read(statements.notYetParked.bind({ limit: SWEPT })), now);
      return all('free', await db.read(statements.leftParked.bind({ limit: SWEPT })), now);
    },
  };
}

function inputOf({ tenantId, batchCode }: BatchKey): BatchInput {
  return { tenant_id: tenantId, batch_code: batchCode };
}
