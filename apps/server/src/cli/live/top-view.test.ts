// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import pc from 'picocolors';
import { describe, expect, test } from 'vitest';
import { renderStats } from './render-stats.ts';
import type { LaneAnswer, StatsAnswer } from './stats-answers.ts';
import { afterKey, FIRST_VIEW, type TopView, topFrame } from './top-view.ts';

const colors = pc.createColors(false);
const NOTHING = { accepted: 0, sent: 0, failed: 0, deferred: 0, bounced: 0, reported: 0 };

const STATS: StatsAnswer = {
  now: '2026-11-28T06:00:10.000Z',
  waiting: { total: 5, by_state: { ready: 2, deferred: 3, held: 0 }, by_priority: { immediate: 0, medium: 5 } },
  oldest_due_at: '2026-11-28T06:00:07.000Z',
  rates: { ...NOTHING, accepted: 12, sent: 10, deferred: 2 },
  series: [0, 4, 8].map((sent) => ({ at: '2026-11-28T06:00:00.000Z', ...NOTHING, sent })),
  report_lag_ms: 1_500,
};

function lane(account_id: string, more: Partial<LaneAnswer> = {}): LaneAnswer {
  return {
    tenant_id: 'acme',
    account_id,
    host: 'smtp.example.net:587',
    state: 'idle',
    waiting_for: null,
    ...{ ready: 0, deferred: 0, held: 0, running: 0, connections: 0, oldest_due_at: null },
    limits: [],
    last_minute: { sent: 0, failed: 0, deferred: 0 },
    ...more,
  };
}

const LANES = [
  lane('a', { state: 'sending', ready: 1, running: 2 }),
  lane('b', {
    state: 'waiting',
    ready: 90,
    waiting_for: { kind: 'rate_limit', until: '2026-11-28T06:00:40.000Z', detail: '60 a minute' },
    limits: [
      { per: 'day', limit: 1_000, used: 100, free_at: null },
      { per: 'minute', limit: 60, used: 60, free_at: '2026-11-28T06:00:40.000Z' },
    ],
  }),
  lane('c\u001b[2J', { last_minute: { sent: 7, failed: 0, deferred: 0 } }),
];

function frame(options: Partial<Parameters<typeof topFrame>[1]> = {}, lanes: readonly LaneAnswer[] = LANES): string {
  const wide = { colors, columns: 200, rows: null, view: FIRST_VIEW, note: null };
  return topFrame({ stats: STATS, lanes: { lanes, hasMore: false } }, { ...wide, ...options });
}

/** Names of lanes from top to bottom. */
const order = (text: string): readonly string[] => [...text.matchAll(/^acme\/(\S)/gm)].map(([, name = '']) => name);

describe('a frame of top', () => {
  test('tells what goes through and what waits, then each lane with why it waits and its nearest limit', () => {
    const text = frame();
    expect(text).toContain('a minute:  accepted 12  sent 10  deferred 2');
    expect(text).toContain('waiting 5 (ready 2, deferred 3), oldest due 3 s ago');
    expect(text).toMatch(/^sent {3}▅█$/m);
    expect(text).toMatch(/^acme\/b .*waiting +90 .*60\/60 m +rate_limit until \d\d:\d\d:40: 60 a minute/m);
    expect(text).not.toMatch(/\u001b/);
  });

  test('keeps within its width and height, and scrolls', () => {
    const many = Array.from({ length: 30 }, (_, at) => lane(String.fromCharCode(97 + at), { ready: 30 - at }));
    for (const columns of [40, 80, 120]) {
      const lines = frame({ columns, rows: 20 }, many).trimEnd().split('\n');
      expect(lines.length).toBeLessThanOrEqual(19);
      for (const line of lines) expect(line.length).toBeLessThanOrEqual(columns);
      expect(lines.join('\n')).toMatch(/^lane +state/m);
    }
    const scrolled = frame({ rows: 12, view: { ...FIRST_VIEW, offset: 2 } }, many);
    expect(order(scrolled)[0]).toBe('c');
    expect(order(frame({ rows: 12, view: { ...FIRST_VIEW, offset: 500 } }, many)).at(-1)).toBe(
      String.fromCharCode(97 + 29),
    );
  });

  test('is sorted by the column that the arrows choose, and turned round', () => {
    const press = (...keys: readonly string[]): TopView => {
      const view = keys.reduce<TopView | null>((before, key) => before && afterKey(before, key), FIRST_VIEW);
      if (view === null) throw new Error('ended');
      return view;
    };
    expect(order(frame())).toEqual(['b', 'a', 'c']);
    expect(order(frame({ view: press('right') }))[0]).toBe('a');
    expect(order(frame({ view: press('right', 'right') }))[0]).toBe('c');
    expect(order(frame({ view: press('left', 'left') }))).toEqual(['a', 'b', 'c']);
    expect(order(frame({ view: press('left', 'left', 'r') }))).toEqual(['c', 'b', 'a']);
    expect(frame({ view: press('p') })).toContain('paused; p goes on');
    expect(frame({ view: press('p', 'p') })).not.toContain('paused; p goes on');
    expect([afterKey(FIRST_VIEW, 'q'), afterKey(FIRST_VIEW, 'ctrl+c')]).toEqual([null, null]);
  });

  test('says that there is none, or that the server is away', () => {
    expect(frame({ note: 'the server does not answer' }, [])).toMatch(/no lanes.*\nthe server does not answer\n/);
  });
});

test('one picture of the moment has a line of bars for each figure, within the width', () => {
  const text = renderStats(STATS, { colors, columns: 60, tenantId: 'acme' });
  expect(text).toMatch(/^acme {2}2026-/);
  expect(text).toMatch(/^ {2}sent +10 +12 {3}▅█$/m);
  expect(text).toMatch(/^ {2}waiting {3}5: ready 2, deferred 3; the oldest was due 3 s ago$/m);
  expect(text).toMatch(/^ {2}priority {2}medium 5$/m);
  expect(text).toMatch(/^ {2}reports {3}the oldest that is not taken is 2 s old$/m);
});
