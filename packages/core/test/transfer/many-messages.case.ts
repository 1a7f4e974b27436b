// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Database } from '../../src/database/database.ts';
import { openDatabase } from '../../src/database/open.ts';
import { createWorld, type World } from '../conformance/store-world.case.ts';

/** Accepted at once at most: they share commits. */
const CHUNK = 1_000;

/** Make a SQLite file with so many messages that wait. */
export async function writeMessages(path: string, count: number): Promise<void> {
  const database = await openDatabase<unknown>(path);
  await using world = await createWorld(async () => ({ database, connect: null, dispose: () => close(database) }));
  for (let from = 0; from < count; from += CHUNK) await acceptChunk(world, Math.min(CHUNK, count - from));
}

async function acceptChunk(world: World, count: number): Promise<void> {
  await Promise.all(Array.from({ length: count }, () => world.accept({})));
}

async function close(database: Database<unknown>): Promise<void> {
  await database[Symbol.asyncDispose]();
}
