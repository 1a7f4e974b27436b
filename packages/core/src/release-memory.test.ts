// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { releaseMemory } from './release-memory.ts';

test('the memory of large bytes is given back at once', () => {
  const bytes = new Uint8Array(32 * 1_048_576);
  const before = process.memoryUsage().arrayBuffers;
  releaseMemory(bytes);
  expect(bytes.byteLength).toBe(0);
  expect(before - process.memoryUsage().arrayBuffers).toBeGreaterThan(30 * 1_048_576);
  releaseMemory(bytes);
});

test.each([
  ['small', new Uint8Array(1_000)],
  ['a view of others', new Uint8Array(new ArrayBuffer(200_000), 0, 199_999)],
  ['shared between threads', new Uint8Array(new SharedArrayBuffer(100_000))],
])('what is %s stays', (_, bytes) => {
  const length = bytes.byteLength;
  releaseMemory(bytes);
  expect(bytes.byteLength).toBe(length);
});
