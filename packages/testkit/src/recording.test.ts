// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describe, expect, test } from 'vitest';
import { Recording } from './recording.ts';

describe('recording', () => {
  test('a wait ends with the item that fulfils it', async () => {
    const recording = new Recording<number>('number');
    const three = recording.waitFor(3);
    const even = recording.waitFor((n) => n % 2 === 0);
    for (const n of [1, 4, 5, 6]) recording.add(n);
    expect(await three).toEqual([1, 4, 5]);
    expect(await even).toBe(4);
    expect(await recording.waitFor((n) => n > 4)).toBe(5);
    expect(recording.items).toEqual([1, 4, 5, 6]);
  });

  test('a wait in vain says how many there were', async () => {
    const recording = new Recording<number>('number');
    recording.add(1);
    await expect(recording.waitFor(2, { timeoutMs: 1 })).rejects.toThrow('number: 1 ms passed');
    const pending = expect(recording.waitFor(2)).rejects.toThrow('1 so far');
    recording.close();
    await pending;
    await expect(recording.waitFor(2)).rejects.toThrow('closed');
  });
});
