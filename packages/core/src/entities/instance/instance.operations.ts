// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { rfc3339, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { MessageCounts } from '../message/message.store.ts';

export interface InstanceServices {
  readonly messages: { counts(): Promise<MessageCounts> };
  readonly instance: {
    readonly name: string;
    readonly version: string;
    readonly edition: 'community' | 'enterprise';
    readonly mixins: readonly string[];
    readonly database: 'sqlite' | 'postgres';
    /** Milliseconds since the epoch. */
    readonly startedAt: number;
    readonly session: () => number;
    readonly sends: () => { readonly running: number; readonly buffered: number };
  };
  /** Look for work and call tenants at once. */
  readonly runNow: (tenantId: string | null) => void;
}

const counts = v.record(v.string(), v.number());

export const getInstance = defineOperation({
  name: 'instance.get',
  summary: 'Show what runs here and how much mail waits',
  http: { method: 'GET', path: '/v1/instance' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: v.object({
    name: v.string(),
    version: v.string(),
    edition: v.picklist(['community', 'enterprise']),
    mixins: v.array(v.string()),
    database: v.picklist(['sqlite', 'postgres']),
    started_at: v.string(),
    session: v.number(),
    sending: v.number(),
    claimed: v.number(),
    waiting: v.number(),
    by_state: counts,
    by_result: counts,
  }),
  async run({ instance, messages }: Pick<InstanceServices, 'instance' | 'messages'>) {
    const { waiting, byState, byResult } = await messages.counts();
    const { running, buffered } = instance.sends();
    return {
      name: instance.name,
      version: instance.version,
      edition: instance.edition,
      mixins: [...instance.mixins],
      database: instance.database,
      started_at: rfc3339(instance.startedAt),
      session: instance.session(),
      sending: running,
      claimed: buffered,
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
