// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { retentionOf } from '../entities/tenant/tenant.store.ts';
import { firstPkAt } from '../identity.ts';
import type { RetentionInput } from '../retention.ts';
import { prepareLockMessages } from './lock-messages.ts';
import { prepareRetentionStatements } from './retention-statements.ts';

/** A tenant, and how far it has been told of its mail. */
export interface KeptTenant {
  readonly id: string;
  readonly retention: RetentionInput | null;
  /** Numbers of the events that are done with. */
  readonly ackedSeq: number;
  /** Milliseconds: since then something happened that is not done with; null where all is. */
  readonly untoldSince: number | null;
}

/** Removes rows by their age, a limited number a call: each tells how many it found, fewer than the limit where none is left. */
export interface RetentionSweep {
  /** How long an end lies on disk before its message may go, in milliseconds. */
  readonly settlesMs: number;
  /** @param isTold whether tenants are told though they have no endpoint */
  tenants(isTold: boolean): Promise<readonly KeptTenant[]>;
  /** What messages said that ended before, with their attachments. */
  contents(tenant: KeptTenant, before: number, limit: number): Promise<number>;
  /** Write down what became of messages that ended before. */
  writeEnds(tenant: KeptTenant, before: number, limits: EndLimits): Promise<number>;
  /** Messages that ended before and whose end was written a while ago. */
  messages(tenant: KeptTenant, before: number, limits: EndLimits): Promise<number>;
  /** Events that happened before and are done with. */
  events(tenant: KeptTenant, before: number, limit: number): Promise<number>;
  /** Whose lines the command log has; null for those of no tenant. */
  loggedTenants(): Promise<readonly (string | null)[]>;
  lines(tenantId: string | null, before: number, limit: number): Promise<number>;
  /** Ends that were kept for long enough. */
  ends(now: number, limit: number): Promise<number>;
}

export interface EndLimits {
  readonly now: number;
  /** Milliseconds: until when the id of a message stays taken. */
  readonly forgetAt: number;
  readonly limit: number;
}

/** An insert that began before an end was written is over by then; see the ADR of this part. */
const END_SETTLES_MS = 60_000;
/** As large as a sequence gets. */
const NOBODY_IS_TOLD = { ackedSeq: Number.MAX_SAFE_INTEGER, untoldSince: null } as const;

export function createRetentionSweep(db: Database<CoreSchema>): RetentionSweep {
  const statements = prepareRetentionStatements(db);
  const lock = prepareLockMessages(db);
  // One time for all instances on PostgreSQL; where there is one process, nobody else inserts.
  const settlesMs = db.dialect.isExclusive ? 0 : END_SETTLES_MS;
  const rowsOf = (found: readonly { readonly pk: string }[]): string => rowsJson(found.map(({ pk }) => ({ pk })));

  const standingOf = async (id: string): Promise<Pick<KeptTenant, 'ackedSeq' | 'untoldSince'>> => {
    const tenant = { tenant_id: id };
    // First the time: what is acknowledged in between is done with, and what happens in between is young.
    const [oldest] = await db.read(statements.unacknowledged.bind(tenant));
    const [cursor] = await db.read(statements.acked.bind(tenant));
    return { ackedSeq: cursor?.acked_seq ?? 0, untoldSince: oldest?.at ?? null };
  };

  return {
    settlesMs,
    async tenants(isTold) {
      const kept: KeptTenant[] = [];
      for (const { id, retention, is_told } of await db.read(statements.tenants.bind({}))) {
        const standing = is_told === 1 || isTold ? await standingOf(id) : NOBODY_IS_TOLD;
        kept.push({ id, retention: retentionOf({ retention }), ...standing });
      }
      return kept;
    },
    async contents({ id }, before, limit) {
      const found = await db.read(statements.withContent.bind({ tenant_id: id, before, limit }));
      if (found.length === 0) return 0;
      const rows = rowsOf(found);
      await db.write([
        ...lock(found),
        statements.markRemoved.bind({ rows }),
        statements.removeContents.bind({ rows }),
        statements.removeAttachments.bind({ rows }),
        statements.removeCaptured.bind({ rows }),
      ]);
      return found.length;
    },
    async writeEnds({ id }, before, { now, forgetAt, limit }) {
      const found = await db.read(statements.finished.bind({ tenant_id: id, before, limit }));
      if (found.length === 0) return 0;
      await db.write([statements.writeEnds.bind({ rows: rowsOf(found), now, forget_at: forgetAt })]);
      return found.length;
    },
    async messages({ id, ackedSeq }, before, { now, forgetAt, limit }) {
      const removable = { written_before: now - settlesMs, acked_seq: ackedSeq };
      const found = await db.read(statements.ended.bind({ tenant_id: id, before, limit, ...removable }));
      if (found.length === 0) return 0;
      const rows = rowsOf(found);
      await db.write([
        ...lock(found),
        // A retry by hand may have brought it to another end meanwhile.
        statements.writeEnds.bind({ rows, now, forget_at: forgetAt }),
        statements.removeMessages.bind({ rows, before, ...removable }),
        statements.removeCaptured.bind({ rows }),
      ]);
      return found.length;
    },
    async events({ id, ackedSeq }, before, limit) {
      const found = await db.read(statements.oldEvents.bind({ tenant_id: id, before, limit, acked_seq: ackedSeq }));
      if (found.length > 0) await db.write([statements.removeEvents.bind({ rows: rowsOf(found) })]);
      return found.length;
    },
    async loggedTenants() {
      const found = await db.read(statements.logged.bind({}));
      return [null, ...found.flatMap(({ tenant_id }) => (tenant_id === null ? [] : [tenant_id]))];
    },
    async lines(tenantId, before, limit) {
      const old = { before_pk: firstPkAt(before), limit };
      const [{ changes }] = await db.write([
        tenantId === null
          ? statements.removeOwnLines.bind(old)
          : statements.removeLines.bind({ ...old, tenant_id: tenantId }),
      ]);
      return changes;
    },
    async ends(now, limit) {
      const [{ changes }] = await db.write([statements.forgetEnds.bind({ now, limit })]);
      return changes;
    },
  };
}
