// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { reachOf } from '../../operations/principal.ts';
import { addTenants, dump, type OpenWorld, START, type World } from '../world.case.ts';
import { createAccountStore } from './account.store.ts';

const OAUTH = { token_url: 'https://login.example/token', client_id: 'id-1', client_secret: 'cs', refresh_token: 'r1' };
const REACH = reachOf('acme');

async function addAccount(world: World, settings: object = { oauth: OAUTH }): Promise<string> {
  await addTenants(world, 'acme');
  const relay = { id: 'main', host: 'smtp.example.org', port: 587, user: 'u', password: 'p' };
  return String((await world.run('accounts.create', { ...relay, ...settings }, 'acme'))['pk']);
}

export function refreshTokenCases(open: OpenWorld): void {
  test('one that the endpoint replaced is stored sealed, and the version of the account stays', async () => {
    await using world = await open();
    const pk = await addAccount(world);
    const changed: string[] = [];
    using _ = world.accounts.onChange((account) => changed.push(account));
    await world.refreshTokens.replace(pk, 'r1', 'r2-5d5d');
    expect(await world.refreshTokens.current(pk)).toBe('r2-5d5d');
    expect(await world.accounts.relayRow(pk)).toMatchObject({
      version: 1,
      oauth: { clientId: 'id-1', clientSecret: 'cs', refreshToken: 'r2-5d5d' },
    });
    expect(changed).toEqual([]);
    expect(await dump(world)).not.toContain('r2-5d5d');
  });

  test('of two that replace the same one the first stays, and so does what somebody set', async () => {
    await using world = await open();
    const pk = await addAccount(world);
    await Promise.all(['r2', 'r3'].map((next) => world.refreshTokens.replace(pk, 'r1', next)));
    const stored = await world.refreshTokens.current(pk);
    expect(['r2', 'r3']).toContain(stored);
    const oauth = { ...OAUTH, refresh_token: 'by hand' };
    await world.run('accounts.update', { account_id: 'main', oauth }, 'acme');
    await world.refreshTokens.replace(pk, String(stored), 'r4');
    expect(await world.refreshTokens.current(pk)).toBe('by hand');
  });

  test('a change of the account that read it before keeps the new one', async () => {
    await using world = await open();
    const pk = await addAccount(world);
    let reads = 0;
    const { database } = world;
    // Between the first reading of the account and the writing of its new settings the endpoint replaces the token.
    const interrupted: typeof database = {
      dialect: database.dialect,
      stats: database.stats,
      channel: database.channel,
      writeState: database.writeState,
      onCommit: (listener) => database.onCommit(listener),
      prepare: (build) => database.prepare(build),
      readAll: (statements) => database.readAll(statements),
      write: (unit) => database.write(unit),
      writeLate: (make) => database.writeLate(make),
      writeUnhurried: (unit) => database.writeUnhurried(unit),
      room: () => database.room(),
      copyTo: (path) => database.copyTo(path),
      joining: (client, work) => database.joining(client, work),
      withTables: () => database.withTables(),
      async read(statement) {
        const rows = await database.read(statement);
        reads += 1;
        if (reads === 1) await world.refreshTokens.replace(pk, 'r1', 'r2');
        return rows;
      },
      [Symbol.asyncDispose]: () => database[Symbol.asyncDispose](),
    };
    const accounts = createAccountStore(interrupted, world.sealer, world.time.clock);
    await accounts.update(REACH, pk, (account) => ({ ...account, weight: 7 }), { now: START });
    expect(reads).toBe(2);
    expect(await world.refreshTokens.current(pk)).toBe('r2');
    expect(await world.accounts.relayRow(pk)).toMatchObject({ weight: 7, oauth: { refreshToken: 'r2' } });
  });

  test('an account without one has none', async () => {
    await using world = await open();
    const pk = await addAccount(world, { oauth: { access_token: 'at' } });
    await world.refreshTokens.replace(pk, 'r1', 'r2');
    expect(await world.refreshTokens.current(pk)).toBeNull();
    expect(await world.refreshTokens.current(world.makePk())).toBeNull();
  });
}
