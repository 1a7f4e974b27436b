// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { rfc3339, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { MessageCounts } from '../message/message.store.ts';
import { instanceOutput } from './instance.schema.ts';
import type { InstanceStore } from './instance.store.ts';

/** What runs here, as the engine knows it. */
export interface RunningInstance {
  readonly name: string;
  readonly version: string;
  readonly edition: 'community' | 'enterprise';
  readonly mixins: readonly string[];
  readonly database: 'sqlite' | 'postgres';
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly session: () => number;
  readonly sends: () => { readonly running: number; readonly buffered: number };
}

export interface InstanceServices {
  readonly messages: { counts(): Promise<MessageCounts> };
  readonly instances: Pick<InstanceStore, 'get'>;
  readonly running: RunningInstance;
  /** Look for work and call tenants at once. */
  readonly runNow: (tenantId: string | null) => void;
}

export const getInstance = defineOperation({
  name: 'instance.get',
  summary: 'Show what runs here and how much mail waits',
  http: { method: 'GET', path: '/v1/instance' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: instanceOutput,
  async run({ running, instances, messages }: Omit<InstanceServices, 'runNow'>) {
    const [row, { waiting, byState, byResult }] = await Promise.all([instances.get(), messages.counts()]);
    const sends = running.sends();
    return {
      name: running.name,
      version: running.version,
      edition: running.edition,
      mixins: [...running.mixins],
      database: running.database,
      created_at: rfc3339(row.created_at),
      started_at: rfc3339(running.startedAt),
      session: running.session(),
      sending: sends.running,
      claimed: sends.buffered,
      waiting,
      by_state: { ...byState },
      by_result: { ...byResult },
    };
  },
});

export const runNow = defineOperation({
  name: 'instance.run-now',
  summary: 'Look for work at once, and call the tenant with its reports without waiting',
  http: { method: 'POST', path: '/v1/instance/run-now' },
  access: 'tenant',
  audit: true,
  input: v.strictObject({ tenant_id: v.optional(tenantId) }),
  output: v.object({ ok: v.boolean() }),
  async run(services: Pick<InstanceServices, 'runNow'>, _input, { reach }) {
    services.runNow(reach.tenantId);
    return { ok: true };
  },
});

export const instanceOperations = [getInstance, runNow] as const;
