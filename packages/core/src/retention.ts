// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';

/**
 * What is removed by its age.
 * - `content`: what a finished message says, with its attachments.
 * - `metadata`: a finished message as a whole, its recipients and events.
 * - `events`: what was told of messages and accounts, once it was acknowledged.
 * - `audit`: the log of commands.
 */
export const RETENTION_KINDS = ['content', 'metadata', 'events', 'audit'] as const;
export type RetentionKind = (typeof RETENTION_KINDS)[number];

const DAY_MS = 86_400_000;
/** A hundred years. */
const MAX_DAYS = 36_500;
const EXPECTED = 'expected days from 1 to 36500, or an ISO 8601 duration of weeks, days, hours and minutes, as P30D';

/** ISO 8601-1:2019 §5.5.2, without years and months, whose length depends on when they begin. */
const DURATION = /^P(?=[\dT])(?:(\d{1,5})W)?(?:(\d{1,5})D)?(?:T(?=\d)(?:(\d{1,6})H)?(?:(\d{1,7})M)?)?$/;

/** Days, or a duration. */
export const retentionPeriod = v.union(
  [
    v.pipe(v.number(), v.integer(EXPECTED), v.minValue(1, EXPECTED), v.maxValue(MAX_DAYS, EXPECTED)),
    v.pipe(
      v.string(),
      v.check((text) => DURATION.test(text) && isSensible(durationMs(text)), EXPECTED),
    ),
  ],
  EXPECTED,
);
export type RetentionPeriod = v.InferOutput<typeof retentionPeriod>;

const kept = v.nullish(retentionPeriod);

/** Of a tenant: an absent kind is the instance's to say, null is kept for good. */
export const retentionInput = v.strictObject({ content: kept, metadata: kept, events: kept, audit: kept });
export type RetentionInput = v.InferOutput<typeof retentionInput>;

/** How long each kind is kept, in milliseconds; null for good. */
export type Retention = { readonly [Kind in RetentionKind]: number | null };

/** What holds where a tenant says nothing else. */
export const DEFAULT_RETENTION = { content: 30, metadata: 90, events: 90, audit: 365 } as const;

/** Milliseconds. */
export function periodMs(period: RetentionPeriod): number {
  return typeof period === 'number' ? period * DAY_MS : durationMs(period);
}

/** What a configuration says, in milliseconds. */
export function retentionOfConfig(periods: { readonly [Kind in RetentionKind]: RetentionPeriod | null }): Retention {
  const of = (period: RetentionPeriod | null): number | null => (period === null ? null : periodMs(period));
  return {
    content: of(periods.content),
    metadata: of(periods.metadata),
    events: of(periods.events),
    audit: of(periods.audit),
  };
}

/** The instance's, with what a tenant says instead. */
export function resolveRetention(instance: Retention, tenant: RetentionInput | null): Retention {
  const of = (kind: RetentionKind): number | null => {
    const period = tenant?.[kind];
    if (period === undefined) return instance[kind];
    return period === null ? null : periodMs(period);
  };
  return { content: of('content'), metadata: of('metadata'), events: of('events'), audit: of('audit') };
}

function durationMs(text: string): number {
  const [, weeks = 0, days = 0, hours = 0, minutes = 0] = DURATION.exec(text) ?? [];
  return (Number(weeks) * 7 + Number(days)) * DAY_MS + Number(hours) * 3_600_000 + Number(minutes) * 60_000;
}

function isSensible(ms: number): boolean {
  return ms > 0 && ms <= MAX_DAYS * DAY_MS;
}
