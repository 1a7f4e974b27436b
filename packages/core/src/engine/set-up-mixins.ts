// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { StorageBackend } from '../attachments/storages/storage-backend.ts';
import type { Clock, Random } from '../clock.ts';
import type { Database } from '../database/database.ts';
import type { MakePk } from '../identity.ts';
import type { Leases, Mixin, MixinOutgoing } from '../mixin/contract.ts';
import type { MixinEvents } from '../mixin/events.ts';
import type { Extensions } from '../mixin/extensions.ts';
import { type CombinedHooks, combineHooks, type HookSource } from '../mixin/hooks.ts';
import { combineRoutes, type PublicRoute, type RouteSource } from '../mixin/routes.ts';
import type { Suppressions } from '../mixin/suppressions.ts';
import type { TenantStorages } from '../mixin/tenant-storages.ts';
import type { Log } from '../observability/log.ts';
import type { MixinMetric } from '../observability/mixin-metrics.ts';
import type { AnyOperation } from '../operations/operation.ts';
import type { Macs } from '../secrets/macs.ts';
import type { Sealer } from '../secrets/sealer.ts';
import type { Service } from './background.ts';

export interface MixinSetUp {
  readonly database: Database<unknown>;
  readonly sealer: Sealer;
  readonly sealsContents: boolean;
  readonly clock: Clock;
  readonly random: Random;
  readonly makePk: MakePk;
  readonly outgoing: MixinOutgoing;
  readonly log: Log;
  readonly config: Readonly<Record<string, unknown>>;
  readonly leasesOf: (mixin: string) => Leases;
  readonly macsOf: (mixin: string, purpose: string) => Macs;
  readonly eventsOf: (mixin: Mixin) => MixinEvents;
  readonly suppressions: Suppressions;
  readonly storages: TenantStorages;
}

/** What all mixins add, ready for the engine. */
export interface SetUpMixins {
  readonly ids: readonly string[];
  readonly operations: readonly AnyOperation[];
  readonly routes: readonly PublicRoute[];
  /** Services of the mixin whose operation it is. */
  readonly servicesOf: ReadonlyMap<AnyOperation, object>;
  readonly hooks: CombinedHooks;
  readonly extensions: readonly Extensions[];
  readonly background: readonly Service[];
  /** Kinds of storages from which attachments can be fetched. */
  readonly storages: readonly StorageBackend[];
  readonly metrics: readonly MixinMetric[];
}

/** Set up the mixins one after the other; their tables are migrated already. */
export async function setUpMixins(
  mixins: readonly Mixin[],
  { log, config, leasesOf, macsOf, eventsOf, ...given }: MixinSetUp,
): Promise<SetUpMixins> {
  const operations: AnyOperation[] = [];
  const routes: RouteSource[] = [];
  const servicesOf = new Map<AnyOperation, object>();
  const sources: HookSource[] = [];
  const extensions: Extensions[] = [];
  const background: Service[] = [];
  const storages: StorageBackend[] = [];
  const metrics: MixinMetric[] = [];
  const provided = new Map<string, object>();
  const strangers = Object.keys(config).filter((id) => mixins.every((mixin) => mixin.id !== id));
  if (strangers.length > 0) log.warn({ mixins: strangers }, 'there are settings of mixins that are not here');
  for (const mixin of mixins) {
    const own = log.child?.({ mixin: mixin.id }) ?? log;
    const parts = await mixin.setup({
      ...given,
      log: own,
      leases: leasesOf(mixin.id),
      macs: (purpose) => macsOf(mixin.id, purpose),
      events: eventsOf(mixin),
      config: config[mixin.id],
      provided: (id) => provided.get(id),
    });
    if (parts.provides !== undefined) provided.set(mixin.id, parts.provides);
    for (const operation of parts.operations ?? []) {
      operations.push(operation);
      servicesOf.set(operation, parts.services ?? {});
      const { forMail } = operation.http;
      if (forMail !== undefined) servicesOf.set(forMail, parts.services ?? {});
    }
    if (parts.routes !== undefined) routes.push({ mixin: mixin.id, routes: parts.routes });
    if (parts.extensions !== undefined) extensions.push(parts.extensions);
    if (parts.hooks !== undefined) sources.push({ mixin: mixin.id, hooks: parts.hooks });
    storages.push(...(parts.storages ?? []));
    metrics.push(...(parts.metrics ?? []));
    const run = parts.run?.bind(parts);
    if (run !== undefined) background.push({ name: mixin.id, run });
  }
  return {
    ids: mixins.map((mixin) => mixin.id),
    operations,
    routes: combineRoutes(routes, operations),
    servicesOf,
    hooks: combineHooks(sources, log),
    extensions,
    background,
    storages,
    metrics,
  };
}
