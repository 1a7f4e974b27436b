// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { createEventLoopMetrics } from './event-loop-metrics.ts';
import { createMixinMetrics, type MixinMetric } from './mixin-metrics.ts';
import { createReportMetrics, type ReportCounters, type ReportFigures } from './report-metrics.ts';

/** Whose mail a sample counts. `account_name` equals `account_id`, as in the original, for its dashboards. */
export interface AccountLabels {
  readonly tenant_id: string;
  readonly tenant_name: string;
  readonly account_id: string;
  readonly account_name: string;
}

const ACCOUNT_LABELS = ['tenant_id', 'tenant_name', 'account_id', 'account_name'] as const;

/** Counters by account: name and help in one table. */
const ACCOUNT_COUNTERS = {
  sent: { name: 'gmp_sent_total', help: 'Messages that the relay took for at least one recipient' },
  errors: { name: 'gmp_errors_total', help: 'Messages that ended without being delivered to anyone' },
  deferred: { name: 'gmp_deferred_total', help: 'Attempts that failed for now' },
  bounced: { name: 'gmp_bounced_total', help: 'Recipients from whom a message came back after the relay took it' },
  complaints: { name: 'gmp_complaints_total', help: 'Recipients who complained of a message' },
  rateLimited: { name: 'gmp_rate_limited_total', help: 'Messages that waited for a rate limit' },
} as const;

export type AccountCounter = keyof typeof ACCOUNT_COUNTERS;

/** Figures read when somebody asks for the metrics. */
export interface MetricSources {
  readonly pendingMessages: () => Promise<number>;
  readonly database: () => { readonly commits: number; readonly units: number };
  readonly sends: () => { readonly running: number; readonly buffered: number };
  /** Messages whose attachments are being fetched. */
  readonly preparing: () => number;
  readonly reports: () => Promise<ReportFigures>;
  /** @defaultValue none */
  readonly mixins?: readonly MixinMetric[];
}

export interface Metrics {
  count(counter: AccountCounter, labels: AccountLabels): void;
  /** Show an account with zeros before anything happened to it. */
  announce(labels: AccountLabels): void;
  readonly reports: ReportCounters;
  /** The bytes of an attachment were asked for where they lie. */
  fetched(mode: string, result: 'fetched' | 'permanent' | 'temporary'): void;
  /** The bytes of an attachment were looked for in the cache. */
  lookedUp(result: 'memory' | 'disk' | 'miss'): void;
  /** Retention removed rows of a kind. */
  removed(kind: string, count: number): void;
  /** Messages were refused, since too much of their tenant waits. */
  overQuota(quota: 'max_pending' | 'max_bytes'): void;
  /** Recipients were not written to, since they are on the suppression list. */
  suppressed(at: 'acceptance' | 'sending', count: number): void;
  /** The exposition format of Prometheus. */
  text(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** Counters are of this process's life. Each engine has a registry of its own. */
export function createMetrics(sources: MetricSources): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  createEventLoopMetrics(registry);
  const registers = [registry];
  const counter = (name: AccountCounter) =>
    new Counter({ ...ACCOUNT_COUNTERS[name], labelNames: [...ACCOUNT_LABELS], registers });
  const counters: Readonly<Record<AccountCounter, Counter<(typeof ACCOUNT_LABELS)[number]>>> = {
    sent: counter('sent'),
    errors: counter('errors'),
    deferred: counter('deferred'),
    bounced: counter('bounced'),
    complaints: counter('complaints'),
    rateLimited: counter('rateLimited'),
  };
  gauge(registers, 'gmp_pending_messages', 'Messages that are not final', sources.pendingMessages);
  gauge(registers, 'gmp_sends_running', 'Messages being sent at this moment', () => sources.sends().running);
  gauge(registers, 'gmp_sends_claimed', 'Messages claimed and not begun', () => sources.sends().buffered);
  gauge(registers, 'gmp_messages_fetching', 'Messages whose attachments are being fetched', sources.preparing);
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
  for (const kind of ['content', 'metadata', 'events', 'audit', 'ids']) removals.inc({ kind }, 0);
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
    count: (name, labels) => counters[name].inc({ ...labels }),
    announce(labels) {
      for (const known of Object.values(counters)) known.inc({ ...labels }, 0);
    },
    reports: createReportMetrics(registry, sources.reports),
    fetched: (mode, result) => fetches.inc({ mode, result }),
    lookedUp: (result) => lookups.inc({ result }),
    removed: (kind, count) => removals.inc({ kind }, count),
    overQuota: (quota) => refusals.inc({ quota }),
    suppressed: (at, count) => suppressions.inc({ at }, count),
    async text() {
      return { contentType: registry.contentType, body: await registry.metrics() };
    },
  };
}

function gauge(registers: Registry[], name: string, help: string, read: () => number | Promise<number>): void {
  new Gauge({
    name,
    help,
    registers,
    async collect() {
      this.set(await read());
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
