// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type RawBuilder, sql } from 'kysely';
import type { Database } from '../../database/database.ts';
import { rowsJson } from '../../database/row-parameters.ts';
import type { Statement } from '../../database/statement.ts';
import type { MakePk } from '../../identity.ts';
import type { Strike, StrikeKind } from '../../mixin/suppressions.ts';
import type { CoreSchema } from '../schema.ts';
import { parseSuppressible } from './suppression-address.ts';
import { type SuppressionPolicyInput, strikeRule } from './suppression-policy.ts';

/** A strike with the policy of its tenant. */
export type JudgedStrike = Strike & { readonly policy: SuppressionPolicyInput | null };

/**
 * Statements that count strikes, and put addresses onto their tenants' lists that have too many; none where nothing is
 * to be counted. They go behind those that store the events.
 */
export type Suppress = (strikes: readonly JudgedStrike[]) => readonly Statement[];

/** A note is for people; longer ones are cut. */
const MAX_NOTE = 500;

interface StrikeRow {
  readonly pk: string;
  readonly entry_pk: string;
  readonly tenant_id: string;
  readonly address: string;
  readonly kind: StrikeKind;
  readonly reason: string;
  readonly note: string | null;
  readonly event_pk: string | null;
  readonly needed: number;
  readonly since: number;
  readonly at: number;
  readonly forget_at: number;
  readonly expires_at: number | null;
}

const TIMES = ['created_at', 'updated_at', 'expires_at'] as const;

export function prepareSuppress(db: Database<CoreSchema>, makePk: MakePk): Suppress {
  const table = (json: string): RawBuilder<StrikeRow> =>
    db.dialect.rows<StrikeRow>(json, {
      pk: 'text',
      entry_pk: 'text',
      tenant_id: 'text',
      address: 'text',
      kind: 'text',
      reason: 'text',
      note: 'text',
      event_pk: 'text',
      needed: 'integer',
      since: 'bigint',
      at: 'bigint',
      forget_at: 'bigint',
      expires_at: 'bigint',
    });
  const count = db.prepare<{ rows: string }>((k, p) =>
    k
      .insertInto('suppression_strikes')
      .columns(['pk', 'tenant_id', 'address', 'kind', 'at', 'forget_at'])
      .expression(
        k
          .selectFrom(table(p.rows).as('r'))
          .select(['pk', 'tenant_id', 'address', 'kind', 'at', 'forget_at'])
          .where('r.needed', '>', sql.lit(1))
          .where(IS_TOLD),
      ),
  );
  // What ends before the new entry would makes room for it.
  const outlive = db.prepare<{ rows: string }>((k, p) =>
    k.deleteFrom('suppressions').where('pk', 'in', (eb) =>
      eb
        .selectFrom(table(p.rows).as('r'))
        .innerJoin('suppressions as s', (join) =>
          join.onRef('s.tenant_id', '=', 'r.tenant_id').onRef('s.address', '=', 'r.address'),
        )
        .select('s.pk')
        .where(sql<boolean>`(s.expires_at < r.expires_at or (s.expires_at is not null and r.expires_at is null))`)
        .where(IS_TOLD)
        .where(IS_ENOUGH),
    ),
  );
  const add = db.prepare<{ rows: string }>((k, p) =>
    k
      .insertInto('suppressions')
      .columns(['pk', 'tenant_id', 'address', 'reason', 'note', 'source_event_pk', 'stopped', ...TIMES])
      .expression(
        k
          .selectFrom(table(p.rows).as('r'))
          .select(['entry_pk', 'tenant_id', 'address', 'reason', 'note', 'event_pk'])
          .select([sql.lit(0).as('stopped'), 'at as created_at', 'at as updated_at', 'expires_at'])
          .where(IS_TOLD)
          .where(IS_ENOUGH)
          // In one order everywhere, so that no two units wait for each other.
          .orderBy('tenant_id')
          .orderBy('address'),
      )
      .onConflict((oc) => oc.columns(['tenant_id', 'address']).doNothing()),
  );

  return (strikes) => {
    const rows = strikes.flatMap((strike) => rowOf(strike, makePk));
    if (rows.length === 0) return [];
    const json = { rows: rowsJson(rows) };
    const isCounted = rows.some(({ needed }) => needed > 1);
    return [...(isCounted ? [count.bind(json)] : []), outlive.bind(json), add.bind(json)];
  };
}

/** Its tenant is there, and so is what tells of it. */
const IS_TOLD = sql<boolean>`(
  exists (select 1 from ${sql.table('tenants')} t where t.id = r.tenant_id)
  and (r.event_pk is null or exists (select 1 from ${sql.table('message_events')} e where e.pk = r.event_pk))
)`;

/**
 * With those that were counted before in the unit. What another instance counts at the same moment may not be seen on
 * PostgreSQL; then the next strike is one more than needed.
 */
const IS_ENOUGH = sql<boolean>`(r.needed <= 1 or (
  select count(*) from ${sql.table('suppression_strikes')} c
  where c.tenant_id = r.tenant_id and c.address = r.address and c.kind = r.kind and c.at > r.since
) >= r.needed)`;

/** As a note that somebody writes has to be; a reply may have several lines. */
function oneLine(text: string): string {
  return text
    .replaceAll(/[\p{Cc}\u2028\u2029]+/gu, ' ')
    .slice(0, MAX_NOTE)
    .toWellFormed();
}

function rowOf(strike: JudgedStrike, makePk: MakePk): readonly StrikeRow[] {
  const { tenantId, kind, at, eventPk, note = null, policy } = strike;
  const rule = strikeRule(policy, kind, at);
  const parsed = parseSuppressible(strike.address);
  // All of a domain is for people to put there.
  if (rule === null || !parsed.ok || parsed.address.startsWith('@')) return [];
  const { needed, since, forgetAt, expiresAt, reason } = rule;
  return [
    {
      pk: makePk(),
      entry_pk: makePk(),
      tenant_id: tenantId,
      address: parsed.address,
      kind,
      reason,
      note: note === null ? null : oneLine(note),
      event_pk: eventPk,
      needed,
      since,
      at,
      forget_at: forgetAt,
      expires_at: expiresAt,
    },
  ];
}
