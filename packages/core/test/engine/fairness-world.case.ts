// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Recording, type ScriptedPeer, startScriptedPeer } from '@mail-proxy/testkit';
import { type Expression, sql } from 'kysely';
import { openDatabase } from '../../src/database/open.ts';
import { addAccount, type EngineWorld, headerOf, mail, serveMail } from './engine-world.case.ts';

/** A message that the relay has in full. */
export interface Arrival {
  /** Its subject, which these tests make its id. */
  readonly id: string;
  /** Milliseconds since the epoch. */
  readonly at: number;
  /** Messages begun before it, here and elsewhere. */
  readonly turn: number;
}

/** A relay that notes what it is given, in its order. */
export interface FairRelay extends AsyncDisposable {
  readonly port: number;
  readonly arrivals: readonly Arrival[];
  waitFor: Recording<Arrival>['waitFor'];
  /** Messages begun so far. */
  readonly turns: number;
  /** One was begun at another relay. */
  begunElsewhere(): void;
}

/** @param beforeReply holds back the answer to a message */
export async function startFairRelay(beforeReply?: (id: string) => Promise<void> | undefined): Promise<FairRelay> {
  const seen = new Recording<Arrival>('message at the relay');
  let turns = 0;
  const peer: ScriptedPeer = await startScriptedPeer((client) =>
    serveMail(client, {
      extensions: ['PIPELINING', '8BITMIME'],
      async onMessage({ body }) {
        const id = headerOf(body, 'Subject') ?? '';
        seen.add({ id, at: Date.now(), turn: turns });
        turns += 1;
        await beforeReply?.(id);
        return '250 queued';
      },
    }),
  );
  return {
    port: peer.port,
    arrivals: seen.items,
    waitFor: seen.waitFor.bind(seen),
    get turns() {
      return turns;
    },
    begunElsewhere() {
      turns += 1;
    },
    async [Symbol.asyncDispose]() {
      seen.close();
      await peer.close();
    },
  };
}

/** How long a message waited from its acceptance on. */
export interface Wait {
  /** Other messages that were begun meanwhile: what fairness can promise, however fast the machine is. */
  readonly turns: number;
  readonly ms: number;
}

const OTHERS = 20;
const MESSAGES_EACH = 15;

/** Add the tenants whose waits are measured. */
export async function addOthers(world: Pick<EngineWorld, 'engine'>, relay: FairRelay): Promise<void> {
  for (let n = 0; n < OTHERS; n++) await addTenant(world, relay, { id: `other-${n}` });
}

/** The waits of twenty tenants, each of which sends a message whenever its last one has arrived: 300 in all. */
export async function waitsOfOthers(world: Pick<EngineWorld, 'engine'>, relay: FairRelay): Promise<readonly Wait[]> {
  const waitsOf = async (tenantId: string): Promise<readonly Wait[]> => {
    const waits: Wait[] = [];
    for (let n = 0; n < MESSAGES_EACH; n++) {
      const id = `${tenantId} ${n}`;
      await world.engine.submit([mail(id)], { tenantId });
      const { turns } = relay;
      const acceptedAt = Date.now();
      const { turn, at } = await relay.waitFor((arrival) => arrival.id === id);
      // It may be there before its acceptance is told.
      waits.push({ turns: Math.max(0, turn - turns), ms: Math.max(0, at - acceptedAt) });
    }
    return waits;
  };
  const all = await Promise.all(Array.from({ length: OTHERS }, (_, n) => waitsOf(`other-${n}`)));
  return all.flat();
}

/** Under these stay 99 of 100 waits. Printed, since the time is not asserted. */
export function p99Of(waits: readonly Wait[], beside: string): Wait {
  const worst = { turns: p99(waits.map(({ turns }) => turns)), ms: p99(waits.map(({ ms }) => ms)) };
  console.log(`p99 of ${waits.length} waits beside ${beside}: ${worst.turns} turns, ${worst.ms} ms`);
  return worst;
}

/** A tenant with one account of the same name. */
export async function addTenant(
  world: Pick<EngineWorld, 'engine'>,
  relay: { readonly port: number },
  { id, weight = 1, ...account }: { readonly id: string; readonly weight?: number } & Readonly<Record<string, unknown>>,
): Promise<void> {
  await world.engine.execute('tenants.create', { id, weight });
  await addAccount(world, relay, { tenant_id: id, id, is_default: true, ...account });
}

/** Messages that are being sent now. */
export async function sendingOf({ engine }: Pick<EngineWorld, 'engine'>): Promise<number> {
  // The operation's output schema has it.
  return ((await engine.execute('instance.get', {})) as { readonly sending: number }).sending;
}

type Overrides = Readonly<Record<string, Expression<unknown>>>;

/** The n-th copy of a UUID. */
const copyOf = (column: string) => sql<string>`substr(${sql.ref(column)}, 1, 24) || printf('%012x', n)`;

/**
 * Write copies of the only waiting message, as fast as the database writes; nobody may have the database open.
 *
 * @param isAccountEach copies the account with it: as many accounts as messages
 */
export async function copyMessage(
  path: string,
  { count, isAccountEach = false }: { readonly count: number; readonly isAccountEach?: boolean },
): Promise<void> {
  await using database = await openDatabase<unknown>(path);
  const copy = async (table: string, overrides: Overrides): Promise<void> => {
    const columnsOf = database.prepare<object, { name: string }>((k) => ({
      compile: () => sql<{ name: string }>`select name from pragma_table_info(${table})`.compile(k),
    }));
    const columns = (await database.read(columnsOf.bind({}))).map(({ name }) => name);
    const insert = database.prepare<object>((k) => ({
      compile: () =>
        sql`insert into ${sql.table(table)} (${sql.join(columns.map((column) => sql.ref(column)))})
          with recursive numbers(n) as (select 1 union all select n + 1 from numbers where n < ${sql.lit(count)}),
            original as (select * from ${sql.table(table)} limit 1)
          select ${sql.join(columns.map((column) => overrides[column] ?? sql.ref(column)))} from original, numbers`.compile(
          k,
        ),
    }));
    await database.write([insert.bind({})]);
  };
  const message_pk = copyOf('message_pk');
  if (isAccountEach) {
    await copy('accounts', { pk: copyOf('pk'), id: sql`id || ' ' || n`, is_default: sql.lit(0) });
  }
  await copy('messages', {
    pk: copyOf('pk'),
    id: sql`id || ' ' || n`,
    message_id: sql`'<' || n || '.copy@example.org>'`,
    ...(isAccountEach ? { account_pk: copyOf('account_pk') } : {}),
  });
  await copy('message_contents', { message_pk });
  await copy('message_recipients', { message_pk });
}

/** The time under which 99 of 100 waits stay. */
function p99(waits: readonly number[]): number {
  const sorted = waits.toSorted((a, b) => a - b);
  return sorted[Math.ceil(sorted.length * 0.99) - 1] ?? Number.NaN;
}
