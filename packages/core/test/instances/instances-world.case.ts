// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createDatabase } from '@mail-proxy/testkit';
import { inject } from 'vitest';
import { type EngineWorld, openWorld, type WorldOptions } from '../engine/engine-world.case.ts';

/** Several engines on one PostgreSQL database of the test's own. */
export interface InstancesWorld extends AsyncDisposable {
  readonly url: string;
  /** Open another instance. */
  open(options?: WorldOptions): Promise<EngineWorld>;
}

/** Why these tests cannot run; empty where they can. */
export const skipReason: string = inject('pgSkip');

export async function openInstances(): Promise<InstancesWorld> {
  const server = inject('pgUrl');
  if (server === undefined) throw new Error('there is no PostgreSQL');
  const made = await createDatabase(server, inject('pgMigrated'));
  const opened: EngineWorld[] = [];
  return {
    url: made.url,
    async open(options = {}) {
      const world = await openWorld({ ...options, database: made.url });
      opened.push(world);
      return world;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(opened.map((world) => world[Symbol.asyncDispose]()));
      await made.drop();
    },
  };
}
