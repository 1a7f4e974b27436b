// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { buffer } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import type { ObjectStore } from './object-store.types.ts';

/** A storage, to which no other test writes. */
export interface StoreWorld extends AsyncDisposable {
  readonly store: ObjectStore;
}

const NEVER = new AbortController().signal;
const PDF = 'application/pdf';
const ABOUT = { mimeType: PDF, signal: NEVER };

/** What every storage has to do. */
export function objectStoreCases(open: () => Promise<StoreWorld>): void {
  test('what was put is what is got', async () => {
    await using world = await open();
    await putText(world.store, 'acme/1', 'content');
    expect(await textOf(world.store, 'acme/1')).toBe('content');
    await putText(world.store, 'acme/1', 'another');
    expect(await textOf(world.store, 'acme/1')).toBe('another');
  });

  test('of an object that is not there comes null, and it can be deleted', async () => {
    await using world = await open();
    expect(await world.store.get('acme/1', { signal: NEVER })).toBeNull();
    await world.store.delete('acme/1', NEVER);
  });

  test('an empty object is one', async () => {
    await using world = await open();
    await putText(world.store, 'empty', '');
    expect(await textOf(world.store, 'empty')).toBe('');
  });

  test('what was deleted is gone', async () => {
    await using world = await open();
    await putText(world.store, 'acme/1', 'content');
    await putText(world.store, 'acme/2', 'beside');
    await world.store.delete('acme/1', NEVER);
    expect(await world.store.get('acme/1', { signal: NEVER })).toBeNull();
    expect(await textOf(world.store, 'acme/2')).toBe('beside');
  });

  test('a range is the bytes of both its ends and between, of an object that says its whole size', async () => {
    await using world = await open();
    await putText(world.store, 'digits', '0123456789');
    for (const [start, end, expected] of [
      [0, 1, '01'],
      [2, 4, '234'],
      [7, 100, '789'],
    ] as const) {
      const found = await world.store.get('digits', { signal: NEVER, range: { start, end } });
      expect(found?.sizeBytes).toBe(10);
      expect((await buffer(found?.body ?? piecesOf(''))).toString()).toBe(expected);
    }
  });

  test('of another size than was said there is no object, nor is the one before lost', async () => {
    await using world = await open();
    await putText(world.store, 'kept', 'content');
    for (const sizeBytes of [2, 11]) {
      for (const key of ['none', 'kept']) {
        await expect(world.store.put(key, piecesOf('0123456'), { ...ABOUT, sizeBytes })).rejects.toThrow();
      }
    }
    expect(await world.store.get('none', { signal: NEVER })).toBeNull();
    expect(await textOf(world.store, 'kept')).toBe('content');
  });

  test('what its source fails of is what the upload fails of, and there is no object', async () => {
    await using world = await open();
    const failure = new Error('the source is gone');
    const source = async function* () {
      yield Buffer.alloc(3);
      throw failure;
    };
    await expect(world.store.put('cut', source(), { ...ABOUT, sizeBytes: 7 })).rejects.toBe(failure);
    expect(await world.store.get('cut', { signal: NEVER })).toBeNull();
  });

  test('an upload that is aborted ends by the reason of its signal, leaves its source and no object', async () => {
    await using world = await open();
    const abort = new AbortController();
    let isLeft = false;
    const source = async function* () {
      try {
        yield Buffer.alloc(3);
        abort.abort(new Error('stopped'));
        yield Buffer.alloc(4);
      } finally {
        isLeft = true;
      }
    };
    await expect(
      world.store.put('cut', source(), { mimeType: PDF, sizeBytes: 7, signal: abort.signal }),
    ).rejects.toThrow('stopped');
    expect(isLeft).toBe(true);
    expect(await world.store.get('cut', { signal: NEVER })).toBeNull();
  });

  test('what is aborted already is not begun', async () => {
    await using world = await open();
    const signal = AbortSignal.abort(new Error('stopped'));
    await putText(world.store, 'kept', 'content');
    await expect(world.store.put('none', piecesOf('x'), { mimeType: PDF, sizeBytes: 1, signal })).rejects.toThrow(
      'stopped',
    );
    await expect(world.store.get('kept', { signal })).rejects.toThrow('stopped');
    await expect(world.store.delete('kept', signal)).rejects.toThrow('stopped');
    expect(await textOf(world.store, 'kept')).toBe('content');
  });

  test('a key may hold what a name may', async () => {
    await using world = await open();
    for (const key of ['a b/c+d&e=f', 'ünï/😀', "q?x#y%41'(!)*~", 'a%2Fb', '...', 'dot./.x']) {
      await putText(world.store, key, key);
      expect(await textOf(world.store, key), key).toBe(key);
      await world.store.delete(key, NEVER);
      expect(await world.store.get(key, { signal: NEVER }), key).toBeNull();
    }
  });
}

export async function putText(store: ObjectStore, key: string, text: string): Promise<void> {
  await store.put(key, piecesOf(text), { ...ABOUT, sizeBytes: Buffer.byteLength(text) });
}

/** @returns null where there is no such object */
export async function textOf(store: ObjectStore, key: string): Promise<string | null> {
  const found = await store.get(key, { signal: NEVER });
  if (found === null) return null;
  const content = await buffer(found.body);
  expect(found.sizeBytes).toBe(content.byteLength);
  return content.toString();
}

async function* piecesOf(text: string): AsyncGenerator<Uint8Array> {
  const content = Buffer.from(text);
  for (let at = 0; at < content.byteLength; at += 3) yield content.subarray(at, at + 3);
}
