// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { CoreSchema } from '../schema.ts';
import { isLiving } from './suppression.statements.ts';
import type { SuppressionsTable } from './suppression.table.ts';

/** An entry that stops mail. */
export type Stopping = Pick<SuppressionsTable, 'pk' | 'address' | 'reason' | 'created_at'>;

/** An entry that is looked for, by what the list knows it as. */
export interface Sought {
  readonly tenantId: string;
  readonly address: string;
}

/** What the checks of mail ask of the lists, for all tenants at once. */
export interface SuppressionLookup {
  /** Whether the tenant's list has anything in it. */
  hasAny(tenantId: string): Promise<boolean>;
  /** The entries that hold now, one or none for each that is sought, by its place. */
  find(sought: readonly Sought[], now: number): Promise<ReadonlyMap<number, Stopping>>;
  /** Count what entries kept from being sent, by their keys. */
  markStopped(stopped: ReadonlyMap<string, { readonly times: number; readonly at: number }>): Promise<void>;
  /** Delete entries whose time is over, and strikes that count no more, up to a limit of each. @returns the most of one */
  forget(now: number, limit: number): Promise<number>;
}

type SoughtRow = Pick<SuppressionsTable, 'tenant_id' | 'address'> & { readonly place: number };
interface StoppedRow {
  readonly pk: string;
  readonly times: number;
  readonly at: number;
}

export function prepareSuppressionLookup(db: Database<CoreSchema>): SuppressionLookup {
  const { rows } = db.dialect;
  const any = db.prepare<{ tenant_id: string }, { one: number }>((k, p) =>
    k
      .selectFrom('suppressions')
      .select(sql.lit(1).as('one'))
      .where('tenant_id', '=', p.tenant_id)
      .limit(sql.lit(1))
      .$castTo<{ one: number }>(),
  );
  const match = db.prepare<{ rows: string; now: number }, Stopping & { readonly place: number }>((k, p) =>
    k
      .selectFrom(rows<SoughtRow>(p.rows, { place: 'integer', tenant_id: 'text', address: 'text' }).as('r'))
      .innerJoin('suppressions', (join) =>
        join.onRef('suppressions.tenant_id', '=', 'r.tenant_id').onRef('suppressions.address', '=', 'r.address'),
      )
      .select(['r.place', 'suppressions.pk', 'suppressions.address', 'suppressions.reason', 'suppressions.created_at'])
      .where(isLiving(p.now)),
  );
  const mark = db.prepare<{ rows: string }>((k, p) =>
    k
      .updateTable('suppressions')
      .from(rows<StoppedRow>(p.rows, { pk: 'text', times: 'integer', at: 'bigint' }).as('r'))
      .set((eb) => ({
        stopped: sql<number>`suppressions.stopped + r.times`,
        last_stopped_at: eb.ref('r.at'),
      }))
      .whereRef('suppressions.pk', '=', 'r.pk'),
  );
  const expire = db.prepare<{ now: number; limit: number }>((k, p) =>
    k
      .deleteFrom('suppressions')
      .where('pk', 'in', (eb) =>
        eb.selectFrom('suppressions as s').select('s.pk').where('s.expires_at', '<=', p.now).limit(p.limit),
      )
      // Somebody may have prolonged it meanwhile.
      .where('expires_at', '<=', p.now),
  );
  const forgive = db.prepare<{ now: number; limit: number }>((k, p) =>
    k
      .deleteFrom('suppression_strikes')
      .where('pk', 'in', (eb) =>
        eb.selectFrom('suppression_strikes as s').select('s.pk').where('s.forget_at', '<=', p.now).limit(p.limit),
      ),
  );

  return {
    async hasAny(tenantId) {
      return (await db.read(any.bind({ tenant_id: tenantId }))).length > 0;
    },
    async find(sought, now) {
      const asked = sought.map(({ tenantId, address }, place) => ({ place, tenant_id: tenantId, address }));
      const found = await db.read(match.bind({ rows: rowsJson(asked), now }));
      return new Map(found.map(({ place, ...entry }) => [place, entry]));
    },
    async markStopped(stopped) {
      if (stopped.size === 0) return;
      // In one order everywhere, so that no two units wait for each other.
      const marks = [...stopped].map(([pk, mark]) => ({ pk, ...mark })).toSorted((a, b) => (a.pk < b.pk ? -1 : 1));
      await db.write([mark.bind({ rows: rowsJson(marks) })]);
    },
    async forget(now, limit) {
      const [expired, forgiven] = await db.write([expire.bind({ now, limit }), forgive.bind({ now, limit })]);
      return Math.max(expired.changes, forgiven.changes);
    },
  };
}
