// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { addKeyToFile, keyIdOf, newKey } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import type { MakeDatabase } from './rotation.case.ts';
import {
  openSecretsEngine,
  putIntoVault,
  readVault,
  rotated,
  statusOf,
  type Vault,
  type VaultTables,
} from './secrets-world.case.ts';

const CHILD = fileURLToPath(new URL('./rotate-child-main.ts', import.meta.url));
const VALUES = 5_000;

const secretOf = (n: number): string => `secret ${n}`;

async function fillVault(vault: Vault): Promise<void> {
  for (let n = 0; n < VALUES; ) {
    // Those of one turn share a commit.
    await Promise.all(Array.from({ length: 500 }, () => putIntoVault(vault, `v${n}`, secretOf(n++))));
  }
}

/** Rotate in a process of its own, and kill it in the middle. @returns what it had said last */
async function rotateAndKill(database: string, keyFile: string): Promise<{ done: number; total: number }> {
  const child = spawn(process.execPath, ['--conditions=mail-proxy-source', CHILD, database, keyFile], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const closed = once(child, 'close');
  let last = { done: 0, total: 0 };
  createInterface(child.stdout).on('line', (line) => {
    const [state, done, total] = line.split(' ');
    last = { done: Number(done), total: Number(total) };
    if (state === 'running' && last.done > 0) child.kill('SIGKILL');
  });
  expect(await closed).toEqual([null, 'SIGKILL']);
  return last;
}

export function interruptedCases(make: MakeDatabase): void {
  test('a rotation that is killed goes on where it stopped, and what it had not reached still opens', {
    timeout: 120_000,
  }, async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    let vault: Vault | null = null;
    const settings = { database: made.url, keyFile, onVault: (given: Vault) => (vault = given) };
    {
      await using _engine = await openSecretsEngine(settings);
      await fillVault(vault!);
    }
    const next = newKey();
    await addKeyToFile(keyFile, next, 'first');
    const killed = await rotateAndKill(made.url, keyFile);
    expect(killed.total).toBe(VALUES);
    expect(killed.done).toBeLessThan(VALUES);

    await using engine = await openSecretsEngine(settings);
    const [halfNew = 0, halfOld = 0] = (await statusOf(engine)).keys.map(({ values }) => values);
    expect(halfNew).toBeGreaterThanOrEqual(killed.done);
    expect(halfOld).toBe(VALUES - halfNew);
    for (const n of [0, VALUES - 1]) expect(await readVault(vault!, `v${n}`)).toBe(secretOf(n));
    // The killed one counts as running for the length of a lease, with the same keys.
    await engine.start();
    await engine.execute('keys.rotate', {});
    expect(await rotated(engine)).toMatchObject({ state: 'done', total: halfOld, done: halfOld });
    expect((await statusOf(engine)).keys.map(({ id, values }) => [id, values])).toContainEqual([keyIdOf(next), VALUES]);
    for (const n of [0, 1_234, VALUES - 1]) expect(await readVault(vault!, `v${n}`)).toBe(secretOf(n));
  });

  test('what is written while everything is sealed anew is what stands there afterwards', {
    timeout: 120_000,
  }, async () => {
    await using made = await make();
    using dir = tempDir();
    const keyFile = dir.file('key');
    let vault: Vault | null = null;
    await using engine = await openSecretsEngine({ database: made.url, keyFile, onVault: (given) => (vault = given) });
    await fillVault(vault!);
    await engine.start();
    const { database, sealer }: Vault = vault!;
    const update = database.prepare<VaultTables['vault_items']>((k, p) =>
      k.updateTable('vault_items').set({ secret: p.secret }).where('pk', '=', p.pk),
    );
    await addKeyToFile(keyFile, newKey(), 'first');
    await engine.execute('keys.rotate', {});
    const changed = new Map<string, string>();
    for (
      let round = 0;
      ((await engine.execute('keys.rotation', {})) as { state: string }).state === 'running';
      round++
    ) {
      const pk = `v${(round * 337) % VALUES}`;
      const row = `${pk}:7`;
      changed.set(pk, `changed in round ${round}`);
      const secret = sealer.seal(`changed in round ${round}`, { table: 'vault_items', column: 'secret', row });
      await database.write([update.bind({ pk, shelf: 7, secret })]);
    }
    expect(changed.size).toBeGreaterThan(5);
    expect(await rotated(engine)).toMatchObject({ state: 'done', unreadable: 0 });
    for (const [pk, secret] of changed) expect([pk, await readVault(vault!, pk)]).toEqual([pk, secret]);
    expect((await statusOf(engine)).keys.map(({ values }) => values)).toEqual([VALUES, 0]);
  });
}
