// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { piecesUntilAborted, untilAborted } from './until-aborted.ts';

describe('waiting', () => {
  test('ends with what the work yields or throws', async () => {
    const { signal } = new AbortController();
    expect(await untilAborted(Promise.resolve(1), signal)).toBe(1);
    await expect(untilAborted(Promise.reject(new Error('no')), signal)).rejects.toThrow('no');
  });

  test('ends with the reason of a signal that aborts, or did already', async () => {
    const stop = new AbortController();
    const waiting = untilAborted(new Promise(() => undefined), stop.signal);
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    await expect(untilAborted(new Promise(() => undefined), stop.signal)).rejects.toThrow('stop');
  });

  test('hands on what comes too late', async () => {
    const work = Promise.withResolvers<string>();
    const late = Promise.withResolvers<string>();
    const stop = new AbortController();
    const waiting = untilAborted(work.promise, stop.signal, async (value) => late.resolve(value));
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    work.resolve('late');
    expect(await late.promise).toBe('late');
  });

  test('is not told of what fails too late', async () => {
    const work = Promise.withResolvers<string>();
    const stop = new AbortController();
    const waiting = untilAborted(work.promise, stop.signal);
    stop.abort(new Error('stop'));
    await expect(waiting).rejects.toThrow('stop');
    work.reject(new Error('too late'));
    await new Promise((resolve) => setImmediate(resolve));
  });
});

test('a body whose reader leaves is closed before the loop is over', async () => {
  const events: string[] = [];
  async function* body(): AsyncGenerator<number> {
    try {
      yield 1;
      yield 2;
    } finally {
      await new Promise((resolve) => setImmediate(resolve));
      events.push('closed');
    }
  }
  for await (const piece of piecesUntilAborted(body(), new AbortController().signal)) {
    expect(piece).toBe(1);
    break;
  }
  events.push('over');
  expect(events).toEqual(['closed', 'over']);
});
