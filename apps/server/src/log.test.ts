// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type LogLevel, LogThreshold } from '@mail-proxy/core';
import { describe, expect, test } from 'vitest';
import { createLog } from './log.ts';

function logAt(level: LogLevel, pretty = false) {
  const lines: string[] = [];
  const threshold = new LogThreshold(level);
  const log = createLog({ threshold, pretty, clock: { now: () => 0 }, write: (line) => void lines.push(line) });
  return { log, lines, threshold };
}

describe('the log', () => {
  test('writes one JSON line an entry, with the fields of its parents', () => {
    const { log, lines } = logAt('info');
    log.child?.({ mixin: 'imap' }).info({ messagePk: 'm\n1' }, 'message deferred');
    expect(lines).toEqual([
      '{"level":"info","time":"1970-01-01T00:00:00.000Z","msg":"message deferred","mixin":"imap","messagePk":"m\\n1"}\n',
    ]);
  });

  test('leaves out what is below its level, and everything when silent', () => {
    const warn = logAt('warn');
    const silent = logAt('silent');
    for (const { log } of [warn, silent]) {
      log.info({}, 'no');
      log.warn({}, 'yes');
      log.error({}, 'yes');
    }
    expect([warn.lines.length, silent.lines.length]).toEqual([2, 0]);
  });

  test('has another level from one line to the next, and toggles between all and what was configured', () => {
    const { log, lines, threshold } = logAt('warn');
    const child = log.child?.({ mixin: 'imap' });
    child?.debug({}, 'no');
    threshold.toggleDebug();
    child?.debug({}, 'yes');
    threshold.toggleDebug();
    child?.info({}, 'no');
    threshold.current = 'silent';
    child?.error({}, 'no');
    expect(lines.map((line) => JSON.parse(line).msg)).toEqual(['yes']);
  });

  test('shows an error with its stack and those of its causes', () => {
    const { log, lines } = logAt('info');
    log.error({ err: new Error('outer', { cause: new RangeError('inner') }) }, 'failed');
    const { err } = JSON.parse(lines[0] ?? '');
    expect(err).toMatchObject({ type: 'Error', message: 'outer' });
    expect(err.stack).toMatch(/Error: outer\n.*caused by: RangeError: inner\n/s);
  });

  test.each([false, true])('writes no secret wherever it stands (pretty: %s)', (pretty) => {
    const { log, lines } = logAt('info', pretty);
    log.info({ token: 'swordfish', account: { password: 'swordfish' } }, 'hello');
    expect(lines.join()).toContain('[secret]');
    expect(lines.join()).not.toContain('swordfish');
  });

  test('for a terminal keeps a line a line', () => {
    const { log, lines } = logAt('info', true);
    log.info({ url: 'http://x', count: 3 }, 'started');
    expect(lines[0]).toMatch(/started .*http:\/\/x .*3\n$/);
  });
});
