// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { sql } from 'kysely';
import type { Clock } from '../clock.ts';
import { CommitInDoubt, type Database } from '../database/database.ts';
import { rowsJson } from '../database/row-parameters.ts';
import { exactlyOne, type Statement } from '../database/statement.ts';
import type { IdempotencyKeysTable } from '../entities/idempotency-key/idempotency-key.table.ts';
import {
  type Answered,
  DRAFT_END,
  FIELD_END,
  type OnceRequest,
  type OnceStore,
} from '../entities/message/once.types.ts';
import type { CoreSchema } from '../entities/schema.ts';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import { insertAll } from './accept.ts';
import { prepareAcceptStatements } from './accept-statements.ts';
import type { Replace } from './replace.ts';

/** As long as for a message without a key. */
const PATIENCE_MS = 5_000;
const PAUSE_MS = 200;
/** The key may fall free, and be taken again, between two looks. */
const MAX_TRIES = 3;

interface DraftRow {
  readonly position: number;
  readonly tenant_id: string;
  readonly id: string;
}

export function createOnceStore(
  db: Database<CoreSchema>,
  { replace, clock, stepMs }: { readonly replace: Replace; readonly clock: Clock; readonly stepMs: number },
): OnceStore {
  const statements = prepareAcceptStatements(db);
  const find = db.prepare<{ tenant_id: string; key: string; now: number }, Answered>((k, p) =>
    k
      .selectFrom('idempotency_keys')
      .selectAll()
      .where('tenant_id', '=', p.tenant_id)
      .where('key', '=', p.key)
      .where('expires_at', '>', p.now)
      .$narrowType<{ outcome: string }>(),
  );
  const take = db.prepare<Omit<IdempotencyKeysTable, 'outcome'>>((k, p) =>
    k
      .insertInto('idempotency_keys')
      .values({
        tenant_id: p.tenant_id,
        key: p.key,
        request_hash: p.request_hash,
        owner: p.owner,
        plan: p.plan,
        outcome: null,
        created_at: p.created_at,
        expires_at: p.expires_at,
      })
      .onConflict((oc) =>
        oc
          .columns(['tenant_id', 'key'])
          .doUpdateSet((eb) => ({
            request_hash: eb.ref('excluded.request_hash'),
            owner: eb.ref('excluded.owner'),
            plan: eb.ref('excluded.plan'),
            outcome: eb.ref('excluded.outcome'),
            created_at: eb.ref('excluded.created_at'),
            expires_at: eb.ref('excluded.expires_at'),
          }))
          .where('idempotency_keys.expires_at', '<=', p.created_at),
      ),
  );
  // Read back in the same unit, so that the answer is what is on disk: whose message has each id now.
  const conclude = db.prepare<{ tenant_id: string; key: string; rows: string }, Answered>((k, p) =>
    k
      .updateTable('idempotency_keys')
      .set({
        outcome: sql<string>`coalesce((
          select string_agg(
            coalesce(m.pk, e.message_pk, '') || ${sql.lit(FIELD_END)} || coalesce(m.state, 'final') || ${sql.lit(FIELD_END)}
              || coalesce(m.result, e.result, '') || ${sql.lit(FIELD_END)} || coalesce(a.id, ''),
            ${sql.lit(DRAFT_END)} order by r.position
          )
          from ${db.dialect.rows<DraftRow>(p.rows, { position: 'integer', tenant_id: 'text', id: 'text' })} r
          left join ${sql.table('messages')} m on m.tenant_id = r.tenant_id and m.id = r.id
          left join ${sql.table('accounts')} a on a.pk = m.account_pk
          left join ${sql.table('message_ends')} e on e.tenant_id = r.tenant_id and e.id = r.id
        ), '')`,
      })
      .where('tenant_id', '=', p.tenant_id)
      .where('key', '=', p.key)
      .returningAll()
      .$narrowType<{ outcome: string }>(),
  );
  const forget = db.prepare<{ now: number; limit: number }>((k, p) =>
    k
      .deleteFrom('idempotency_keys')
      .where(
        sql<boolean>`(tenant_id, key) in (
          select i.tenant_id, i.key from ${sql.table('idempotency_keys')} i
          where i.expires_at <= ${p.now} order by i.expires_at limit ${p.limit}
        )`,
      )
      .where('expires_at', '<=', p.now),
  );

  const lookUp: OnceStore['find'] = async ({ tenant_id, key }, now) => {
    const [row] = await db.read(find.bind({ tenant_id, key, now }));
    return row ?? null;
  };

  const unitOf = ({ drafts, replacements, ...row }: OnceRequest): readonly Statement[] => {
    const { tenant_id, key } = row;
    const replacing = new Set(replacements.map(({ draft }) => draft));
    const fresh = drafts.filter((draft) => !replacing.has(draft));
    const rows = drafts.map(({ message }, position) => ({
      position,
      tenant_id: message.tenant_id,
      id: message.id,
    }));
    return [
      exactlyOne(take.bind(row), 'conflict'),
      ...(fresh.length === 0 ? [] : insertAll(statements, fresh, stepMs)),
      ...replacements.flatMap(replace),
      exactlyOne(conclude.bind({ tenant_id, key, rows: rowsJson(rows) }), 'conflict'),
    ];
  };

  return {
    find: lookUp,
    async accept(request, writer = db) {
      const unit = unitOf(request);
      const until = clock.monotonic() + PATIENCE_MS;
      let isInDoubt = false;
      for (let tries = 1; ; tries++) {
        try {
          const results = await writer.write(unit);
          // The last statement returns the row that it wrote.
          return results.at(-1)?.rows[0] as Answered;
        } catch (error) {
          isInDoubt ||= error instanceof CommitInDoubt;
          if (isMailProxyError(error, 'conflict')) {
            const known = await lookUp(request, clock.now());
            if (known !== null) return known;
            if (tries < MAX_TRIES) continue;
            throw new MailProxyError('idempotency_key_in_flight', { retryAfterMs: 1_000, cause: error });
          }
          const isAway = isInDoubt && isMailProxyError(error, 'database_unavailable');
          if (!isAway || clock.monotonic() >= until) throw error;
          await clock.sleep(PAUSE_MS);
        }
      }
    },
    async sweep(now, limit) {
      const [{ changes }] = await db.write([forget.bind({ now, limit })]);
      return changes;
    },
  };
}
