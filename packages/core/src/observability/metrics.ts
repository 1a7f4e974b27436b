// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import {
  type AccountCounterSettings,
  AccountCounters,
  type AccountLabels,
  type AccountTally,
} from './account-counters.ts';
import { createDeliveryTimes, type DeliveryTimes } from './delivery-metrics.ts';
import { createEventLoopMetrics } from './event-loop-metrics.ts';
import { createHealthMetrics, type HealthSources } from './health-metrics.ts';
import type { Histogram } from './histogram.ts';
import { createLoadMetrics, type RefusedFor } from './load-metrics.ts';
import { createMixinMetrics, type MixinMetric } from './mixin-metrics.ts';
import { createReportMetrics, type ReportCounters, type ReportFigures } from './report-metrics.ts';
import { setOrOmit } from './set-or-omit.ts';
import { createStopMetrics, type StopSources } from './stop-metrics.ts';

/** One metric as a reference tells of it. */
export interface MetricDescription {
  readonly name: string;
  readonly kind: string;
  readonly help: string;
  readonly labels: readonly string[];
}

/** Figures read when somebody asks for the metrics. */
export interface MetricSources {
  readonly settings: AccountCounterSettings;
  readonly build: { readonly version: string; readonly edition: string };
  /** Their names, from the first on. */
  readonly priorities: readonly string[];
  readonly stops: StopSources;
  /** Null where the database cannot be asked. */
  readonly pendingMessages: () => Promise<number | null>;
  readonly database: () => { readonly commits: number; readonly units: number };
  readonly sends: () => { readonly running: number; readonly buffered: number };
  /** Messages whose attachments are being fetched. */
  readonly preparing: () => number;
  readonly reports: () => Promise<ReportFigures | null>;
  readonly health: HealthSources;
  /** Requests being handled. */
  readonly requests: () => number;
  /** Of the disk of a database in a file; null elsewhere. */
  readonly freeBytes: () => number | null;
  /** @defaultValue none */
  readonly mixins?: readonly MixinMetric[];
}

export interface Metrics {
  /** What is counted of an account, which is shown from now on. */
  tallyOf(labels: AccountLabels): AccountTally;
  readonly times: DeliveryTimes;
  readonly reports: ReportCounters;
  /** The bytes of an attachment were asked for where they lie. */
  fetched(mode: string, result: 'fetched' | 'permanent' | 'temporary'): void;
  /** The bytes of an attachment were looked for in the cache. */
  lookedUp(result: 'memory' | 'disk' | 'miss'): void;
  /** Retention removed rows of a kind. */
  removed(kind: string, count: number): void;
  /** Messages were refused, since too much of their tenant waits. */
  overQuota(quota: 'max_pending' | 'max_bytes'): void;
  /** Something was refused, since there is enough to do. */
  refusedLoad(reason: RefusedFor): void;
  /** Recipients were not written to, since they are on the suppression list. */
  suppressed(at: 'acceptance' | 'sending', count: number): void;
  /** What there is, for a reference. */
  describe(): readonly MetricDescription[];
  /** The exposition format of Prometheus. */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Counters are of this process's life. Each engine has a registry of its own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  createEventLoopMetrics(registry);
  const registers = [registry];
  const accounts = new AccountCounters(registry, sources.settings);
  const { times, histograms } = createDeliveryTimes(sources.priorities);
  createStopMetrics(registry, sources.stops);
  createHealthMetrics(registry, sources.health);
  const refusedLoad = createLoadMetrics(registry, sources.requests);
  new Gauge({ name: 'gmp_build_info', help: 'Always 1', labelNames: ['version', 'edition'], registers }).set(
    { ...sources.build },
    1,
  );
  gauge(registers, 'gmp_pending_messages', 'Messages that are not final', sources.pendingMessages);
  gauge(registers, 'gmp_sends_running', 'Messages being sent at this moment', () => sources.sends().running);
  gauge(registers, 'gmp_sends_claimed', 'Messages claimed and not begun', () => sources.sends().buffered);
  gauge(registers, 'gmp_messages_fetching', 'Messages whose attachments are being fetched', sources.preparing);
  gauge(registers, 'gmp_database_free_bytes', 'What is free on the disk of a database in a file', sources.freeBytes);
  total(registers, 'gmp_database_commits_total', 'Write transactions committed', () => sources.database().commits);
  total(registers, 'gmp_database_units_total', 'Units of work inside them', () => sources.database().units);
  const fetches = new Counter({
    name: 'gmp_attachment_fetches_total',
    help: 'Attachments asked for where they lie, by how that ended',
    labelNames: ['mode', 'result'],
    registers,
  });
  const lookups = new Counter({
    name: 'gmp_attachment_cache_lookups_total',
    help: 'Attachments looked for in the cache, by where they were found',
    labelNames: ['result'],
    registers,
  });
  for (const result of ['memory', 'disk', 'miss']) lookups.inc({ result }, 0);
  const removals = new Counter({
    name: 'gmp_retention_deleted_total',
    help: 'What was removed by its age, by kind; contents count by their messages',
    labelNames: ['kind'],
    registers,
  });
  for (const kind of ['content', 'metadata', 'events', 'audit', 'ids', 'statistics']) removals.inc({ kind }, 0);
  const refusals = new Counter({
    name: 'gmp_quota_refused_total',
    help: 'Messages refused since too much of their tenant waits, by what was exceeded',
    labelNames: ['quota'],
    registers,
  });
  for (const quota of ['max_pending', 'max_bytes']) refusals.inc({ quota }, 0);
  createMixinMetrics(registry, sources.mixins ?? []);
  const suppressions = new Counter({
    name: 'gmp_suppressed_total',
    help: 'Recipients not written to as they are on a suppression list, by where that was found',
    labelNames: ['at'],
    registers,
  });
  for (const at of ['acceptance', 'sending']) suppressions.inc({ at }, 0);

  return {
    tallyOf: (labels) => accounts.of(labels),
    times,
    reports: createReportMetrics(registry, sources.reports, times),
    fetched: (mode, result) => fetches.inc({ mode, result }),
    lookedUp: (result) => lookups.inc({ result }),
    removed: (kind, count) => removals.inc({ kind }, count),
    refusedLoad,
    overQuota: (quota) => refusals.inc({ quota }),
    suppressed: (at, count) => suppressions.inc({ at }, count),
    describe: () => [...describeRegistry(registry), ...histograms.map(describeHistogram)],
    async text() {
      return {
        contentType: registry.contentType,
        body: (await registry.metrics()) + histograms.map((each) => each.text()).join('\n'),
      };
    },
  };
}

function describeRegistry(registry: Registry): readonly MetricDescription[] {
  return registry.getMetricsAsArray().map((metric) => {
    // Each is a Counter, a Gauge or a Histogram, whose fields prom-client does not declare all.
    const { name, help, type, labelNames } = metric as unknown as Fields;
    return { name, kind: type, help, labels: [...labelNames] };
  });
}

interface Fields {
  readonly name: string;
  readonly help: string;
  readonly type: string;
  readonly labelNames: readonly string[];
}

function describeHistogram({ settings: { name, help, label } }: Histogram): MetricDescription {
  return { name, kind: 'histogram', help, labels: label === undefined ? [] : [label.name] };
}

function gauge(
  registers: Registry[],
  name: string,
  help: string,
  read: () => number | null | Promise<number | null>,
): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      setOrOmit(this, await read(), (value) => value);
    },
  });
}

/** A counter whose value another part keeps. */
function total(registers: Registry[], name: string, help: string, read: () => number): void {
  new Counter({
    name,
    help,
    registers,
    collect() {
      this.reset();
      this.inc(read());
    },
  });
}
