// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { CompiledQuery } from 'kysely';
import { describe, expect, test } from 'vitest';
import type { Database } from '../../src/database/database.ts';
import type { Statement } from '../../src/database/statement.ts';
import { prepareAccountStatements } from '../../src/entities/account/account.statements.ts';
import type { CoreSchema } from '../../src/entities/schema.ts';
import { prepareClaim } from '../../src/queue/claim.ts';
import { createLaneGates } from '../../src/queue/lane-gates.ts';
import { prepareRetentionStatements } from '../../src/queue/retention-statements.ts';
import { prepareWaitingCount } from '../../src/queue/waiting-usage.ts';
import { laneLimits } from './rate-world.case.ts';
import { createWorld, type OpenStore } from './store-world.case.ts';

/** The ready index in its order, which needs no sort. */
const WALKS_THE_LANE = /^SEARCH messages USING INDEX messages_ready \(account_pk=\?( AND rank<\?)?\)$/;
/** By primary key, and what is in flight. */
const FEW_MESSAGES =
  /^SEARCH messages USING (COVERING )?INDEX (sqlite_autoindex_messages_1 \(pk=\?\)|messages_leased \(owner_session>\?\))$/;
/** The one row of the instance, and what the statement made itself. */
const SMALL = /^SCAN (instance|next|running|flying|windows|room|CONSTANT ROW|\(subquery-\d+\))$/;

/** How SQLite goes about a claim: mail that is over, or waits elsewhere, must cost it nothing. */
export function claimPlanConformance(open: OpenStore): void {
  const statements: Statement[] = [];

  describe('the plan of', () => {
    const limits = laneLimits({ account: { perMinute: 5 }, tenant: { perDay: 50, unit: 'recipient' } });

    test.each([
      ['a claim', null],
      ['a claim under rate limits', limits],
    ])(
      '%s walks the ready messages of the lane in their order, and reads no others but those in flight',
      async (_, set) => {
        await using world = await createWorld(open);
        const claim = prepareClaim(watched(world.database, statements));
        const session = await world.sessions.start('test', world.clock.now());
        await claim([{ ...world, quota: 5, limits: set }], { session, now: world.clock.now(), immediateOnly: false });
        const plan = await planOf(world.database, statements.splice(0));
        expect(plan.filter((line) => WALKS_THE_LANE.test(line))).toHaveLength(1);
        expectNoMore(plan);
      },
    );

    test('the look at the gates of a lane reads its first message and those in flight', async () => {
      await using world = await createWorld(open);
      await createLaneGates(watched(world.database, statements)).read({ ...world, limits }, world.clock.now());
      const plan = await planOf(world.database, statements.splice(0));
      expect(plan.filter((line) => WALKS_THE_LANE.test(line))).toHaveLength(1);
      expectNoMore(plan);
    });

    test('the number of waiting messages reads an index of those alone', async () => {
      await using world = await createWorld(open);
      await prepareWaitingCount(watched(world.database, statements))();
      expect(await planOf(world.database, statements.splice(0))).toEqual([
        expect.stringMatching(/^SCAN messages USING (COVERING )?INDEX messages_(waiting|expiring)$/),
      ]);
    });

    test('the deletion of an account and what retention removes look at no messages of other accounts', async () => {
      await using world = await createWorld(open);
      const { database, tenantId } = world;
      const { remove } = prepareAccountStatements(database);
      const { withContent, finished } = prepareRetentionStatements(database);
      const old = { tenant_id: tenantId, before: world.clock.now(), limit: 100 };
      const own = { pk: world.accountPk, tenant_id: tenantId };
      const plan = await planOf(database, [remove.bind(own), withContent.bind(old), finished.bind(old)]);
      const reads = plan.filter((line) => / (messages|m) /.test(line) && /^(SCAN|SEARCH)/.test(line));
      // The foreign key's own look is one of them.
      expect(reads.length).toBeGreaterThanOrEqual(3);
      for (const line of reads) expect(line).toMatch(/ INDEX messages_account \(account_pk=\?/);
    });
  });
}

function expectNoMore(plan: readonly string[]): void {
  const known = [WALKS_THE_LANE, FEW_MESSAGES, SMALL];
  const reads = plan.filter((line) => /^(SCAN|SEARCH messages)/.test(line));
  expect(reads.filter((line) => !known.some((pattern) => pattern.test(line)))).toEqual([]);
  expect(plan.filter((line) => line.includes('TEMP B-TREE'))).toEqual([]);
}

/** The same database, which notes the statements that it is given. */
export function watched(database: Database<CoreSchema>, statements: Statement[]): Database<CoreSchema> {
  return new Proxy(database, {
    get(target, name) {
      const value: unknown = Reflect.get(target, name, target);
      if (typeof value !== 'function') return value;
      return (...args: readonly unknown[]): unknown => {
        // The first argument is a statement, or a list of them.
        if (name === 'write' || name === 'readAll') statements.push(...(args[0] as readonly Statement[]));
        if (name === 'read') statements.push(args[0] as Statement);
        return Reflect.apply(value, target, args);
      };
    },
  });
}

async function planOf(database: Database<CoreSchema>, statements: readonly Statement[]): Promise<readonly string[]> {
  const lines: string[] = [];
  for (const { prepared, parameters } of statements) {
    const compiled = { sql: `explain query plan ${prepared.sql}`, parameters };
    // All that is read of it here is the text and the parameters.
    const explain = database.prepare<object, { detail: string }>(() => ({
      compile: () => compiled as CompiledQuery<{ detail: string }>,
    }));
    lines.push(...(await database.read(explain.bind({}))).map(({ detail }) => detail));
  }
  return lines;
}
