// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { Clock } from '../../clock.ts';
import { rfc3339, tenantId } from '../../operations/fields.ts';
import { defineOperation } from '../../operations/operation.ts';
import type { MessageCounts } from '../message/message.store.ts';
import { instanceOutput, pauseOutput, pauseView, retentionView } from './instance.schema.ts';
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
  readonly instances: Pick<InstanceStore, 'get' | 'setPaused'>;
  readonly clock: Clock;
  readonly running: RunningInstance;
  /** Look for work and call tenants at once. */
  readonly runNow: (tenantId: string | null) => void;
  /** All sending was stopped, or goes on: make it so on every instance. */
  readonly pausedChanged: (paused: boolean) => Promise<void>;
}

type PauseServices = Pick<InstanceServices, 'instances' | 'clock' | 'pausedChanged'>;

export const getInstance = defineOperation({
  name: 'instance.get',
  summary: 'Show what runs here and how much mail waits',
  http: { method: 'GET', path: '/v1/instance' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: instanceOutput,
  async run({ running, instances, messages }: Pick<InstanceServices, 'running' | 'instances' | 'messages'>) {
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
      ...pauseView(row),
      session: running.session(),
      sending: sends.running,
      claimed: sends.buffered,
      waiting,
      by_state: { ...byState },
      by_result: { ...byResult },
      retention: retentionView(row),
    };
  },
});

export const getInstanceStatus = defineOperation({
  name: 'instance.status',
  summary: 'Tell whether mail is sent, or the operator stopped all sending',
  http: { method: 'GET', path: '/v1/instance/status' },
  access: 'tenant',
  scope: 'tenant:read',
  audit: false,
  input: v.strictObject({}),
  output: v.object({ sending: v.boolean() }),
  async run({ instances }: Pick<InstanceServices, 'instances'>) {
    return { sending: (await instances.get()).paused_at === null };
  },
});

export const runNow = defineOperation({
  name: 'instance.run-now',
  summary: 'Look for work at once, and call the tenant with its reports without waiting',
  http: { method: 'POST', path: '/v1/instance/run-now' },
  access: 'tenant',
  scope: 'messages:manage',
  audit: true,
  input: v.strictObject({ tenant_id: v.optional(tenantId) }),
  output: v.object({ ok: v.boolean() }),
  async run(services: Pick<InstanceServices, 'runNow'>, _input, { reach }) {
    services.runNow(reach.tenantId);
    return { ok: true };
  },
});

export const pauseInstance = defineOperation({
  name: 'instance.pause',
  summary: 'Stop all sending, also after a restart; mail is accepted and waits',
  http: { method: 'POST', path: '/v1/instance/pause' },
  access: 'admin',
  audit: true,
  input: v.strictObject({}),
  output: pauseOutput,
  run: (services: PauseServices) => setPaused(services, services.clock.now()),
});

export const resumeInstance = defineOperation({
  name: 'instance.resume',
  summary: 'Go on sending',
  http: { method: 'POST', path: '/v1/instance/resume' },
  access: 'admin',
  audit: true,
  input: v.strictObject({}),
  output: pauseOutput,
  run: (services: PauseServices) => setPaused(services, null),
});

async function setPaused(
  { instances, pausedChanged }: PauseServices,
  at: number | null,
): Promise<v.InferOutput<typeof pauseOutput>> {
  await instances.setPaused(at);
  await pausedChanged(at !== null);
  return pauseView(await instances.get());
}

export const instanceOperations = [getInstance, getInstanceStatus, runNow, pauseInstance, resumeInstance] as const;
