// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../src/database/database.ts';
import type { RateLimits } from '../../src/entities/account/account.model.ts';
import type { RateUsesTable } from '../../src/entities/rate-use.table.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { type ClaimedMessage, prepareClaim } from '../../src/queue/claim.ts';
import { createLaneGates, type Gate } from '../../src/queue/lane-gates.ts';
import type { LaneKey } from '../../src/queue/lanes.ts';
import { bucketOf, type LaneLimits, type RateUse, usesOf } from '../../src/queue/rate-limits.ts';
import { prepareRelease } from '../../src/queue/release.ts';
import { prepareSettle } from '../../src/queue/settle.ts';
import type { World } from './store-world.case.ts';

export interface SomeLimits {
  readonly account?: Partial<RateLimits>;
  readonly tenant?: Partial<RateLimits>;
}

const NO_LIMITS: RateLimits = { perMinute: null, perHour: null, perDay: null, unit: 'message' };

/** Those limits and no others. */
export function laneLimits({ account, tenant }: SomeLimits): LaneLimits {
  return { account: { ...NO_LIMITS, ...account }, tenant: { ...NO_LIMITS, ...tenant } };
}

/** Write the limits of a lane to its account and its tenant. */
export async function storeLimits(
  database: Database<CoreSchema>,
  { accountPk, tenantId }: LaneKey,
  limits: LaneLimits,
): Promise<void> {
  const columns = ({ perMinute, perHour, perDay, unit }: RateLimits) => ({
    limit_per_minute: perMinute,
    limit_per_hour: perHour,
    limit_per_day: perDay,
    limit_unit: unit,
  });
  const ofAccount = database.prepare<object>((k) =>
    k.updateTable('accounts').set(columns(limits.account)).where('pk', '=', accountPk),
  );
  const ofTenant = database.prepare<object>((k) =>
    k.updateTable('tenants').set(columns(limits.tenant)).where('id', '=', tenantId),
  );
  await database.write([ofAccount.bind({}), ofTenant.bind({})]);
}

/** Book uses as if `session` had settled what was sent. */
export async function bookUses(
  database: Database<CoreSchema>,
  uses: readonly RateUse[],
  session: number,
): Promise<void> {
  const insert = database.prepare<RateUsesTable>((k, p) =>
    k
      .insertInto('rate_uses')
      .values({ scope: p.scope, window_ms: p.window_ms, bucket_at: p.bucket_at, session: p.session, used: p.used })
      .onConflict((oc) =>
        oc.columns(['scope', 'window_ms', 'bucket_at', 'session']).doUpdateSet({
          used: (eb) => eb('rate_uses.used', '+', eb.ref('excluded.used')),
        }),
      ),
  );
  await database.write(
    uses.map(({ scope, windowMs, at, count }) =>
      insert.bind({ scope, window_ms: windowMs, bucket_at: bucketOf(at, windowMs), session, used: count }),
    ),
  );
}

/** What is booked, by scope and window. */
export async function usesIn(
  database: Database<CoreSchema>,
): Promise<readonly Omit<RateUsesTable, 'bucket_at' | 'session'>[]> {
  const all = database.prepare<object, { scope: string; window_ms: number; used: number }>((k) =>
    k
      .selectFrom('rate_uses')
      .select(['scope', 'window_ms', (eb) => eb.fn.sum<number>('used').as('used')])
      .groupBy(['scope', 'window_ms'])
      .orderBy('scope')
      .orderBy('window_ms'),
  );
  return database.read(all.bind({}));
}

export interface Take {
  readonly limits: LaneLimits | null;
  /** @defaultValue 10 */
  readonly quota?: number;
  /** @defaultValue the time of the world's clock */
  readonly now?: number;
  readonly probe?: boolean;
}

/** An engine, as far as limits see it. */
export interface Sender {
  readonly session: number;
  take(lane: LaneKey, options: Take): Promise<readonly ClaimedMessage[]>;
  /** Settle as sent, with what counts under the limits. */
  sent(messages: readonly ClaimedMessage[], limits: LaneLimits | null): Promise<void>;
  /** Give back, unsent. */
  release(messages: readonly ClaimedMessage[]): Promise<void>;
  gates(lane: LaneKey, limits: LaneLimits | null): Promise<readonly Gate[]>;
}

export async function createSender(world: World, database = world.database): Promise<Sender> {
  const { clock } = world;
  const claim = prepareClaim(database);
  const settle = prepareSettle(database, world.makePk);
  const release = prepareRelease(database);
  const laneGates = createLaneGates(database);
  const session = await world.sessions.start('sender', clock.now());
  return {
    session,
    async take(lane, { limits, quota = 10, now = clock.now(), probe = false }) {
      const [claimed = []] = await claim([{ ...lane, quota, limits, probe }], { session, now, immediateOnly: false });
      return claimed;
    },
    async sent(messages, limits) {
      const at = clock.now();
      await Promise.all(
        messages.map(({ pk, account_pk, tenant_id, units }) => {
          const lane = { accountPk: account_pk, tenantId: tenant_id };
          const uses = usesOf(lane, limits, { messages: 1, recipients: units, at });
          return settle(world.settlement(pk, session, { tenantId: tenant_id, uses }));
        }),
      );
    },
    release: (messages) => release(messages, clock.now()),
    gates: (lane, limits) => laneGates.read({ ...lane, limits }, clock.now()),
  };
}

/** Addresses for as many recipients. */
export function addresses(count: number): readonly string[] {
  return Array.from({ length: count }, (_, index) => `r${index}@example.org`);
}
