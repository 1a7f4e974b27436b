// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { silentLog } from '../../observability/log.ts';
import { standingClock } from '../../smtp/standing-clock.case.ts';
import { rareWarning } from './rare-warning.ts';

test('the first error is logged, then one a minute with the number of the others', () => {
  const lines: unknown[] = [];
  const { clock, advance } = standingClock();
  const log = { ...silentLog, warn: (fields: object, message: string) => void lines.push([message, fields]) };
  const warn = rareWarning({ clock, log, message: 'failed' });
  for (let at = 0; at < 120; at++) {
    warn(at);
    advance(1_000);
  }
  expect(lines).toEqual([
    ['failed', { err: 0, unsaid: 0 }],
    ['failed', { err: 60, unsaid: 59 }],
  ]);
});
