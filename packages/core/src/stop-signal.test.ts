// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { Stop, type StopSignal } from './stop-signal.ts';

test.each([
  ['a Stop', () => new Stop()],
  ['an AbortController', () => fromController()],
])('%s tells its listeners once, those that still listen, in their order', (_, make) => {
  const stop = make();
  const told: string[] = [];
  const listeners = ['a', 'b', 'c'].map((name) => () => void told.push(name));
  for (const listener of listeners) stop.addEventListener('abort', listener, { once: true });
  stop.removeEventListener('abort', listeners[1]!);
  expect(stop.aborted).toBe(false);
  stop.abort();
  stop.abort();
  expect(stop.aborted).toBe(true);
  expect(told).toEqual(['a', 'c']);
  stop.addEventListener('abort', listeners[1]!);
  stop.abort();
  expect(told).toEqual(['a', 'c']);
});

function fromController(): StopSignal & { abort(): void } {
  const controller = new AbortController();
  return Object.assign(controller.signal, { abort: () => controller.abort() });
}
