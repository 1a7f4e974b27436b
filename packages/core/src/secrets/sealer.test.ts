// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { newKey } from './key-file.ts';
import { KeyRing } from './key-ring.ts';
import { keyIdOf, textOfKey } from './key-text.ts';
import { createSealer, type SealedPlace } from './sealer.ts';

const PLACE: SealedPlace = { table: 'accounts', column: 'password', row: 'a1' };

const unreadable = (text: string) =>
  expect.objectContaining({ code: 'sealed_with_unknown_key', message: expect.stringContaining(text) });

function errorOf(run: () => unknown): unknown {
  try {
    run();
  } catch (error) {
    return error;
  }
  throw new Error('it succeeded');
}

test('what was sealed opens again, whatever the text and the place', () => {
  const sealer = createSealer(randomBytes(32));
  const text = fc.string({ unit: 'binary', maxLength: 300 });
  fc.assert(
    fc.property(text, text, (plain, row) => {
      const place = { ...PLACE, row };
      const sealed = sealer.seal(plain, place);
      expect(sealed).toMatch(new RegExp(`^sealed:v1:${sealer.keyId}:[A-Za-z0-9+/]+=*$`));
      expect(sealer.open(sealed, place)).toBe(plain);
    }),
  );
});

test('any changed byte is refused', () => {
  const sealer = createSealer(randomBytes(32));
  fc.assert(
    fc.property(fc.string({ maxLength: 50 }), fc.nat(), fc.integer({ min: 1, max: 255 }), (plain, at, flip) => {
      const sealed = sealer.seal(plain, PLACE);
      const start = sealed.lastIndexOf(':') + 1;
      const bytes = Buffer.from(sealed.slice(start), 'base64');
      const index = at % bytes.length;
      bytes[index] = (bytes[index] ?? 0) ^ flip;
      const altered = sealed.slice(0, start) + bytes.toString('base64');
      expect(errorOf(() => sealer.open(altered, PLACE))).toEqual(unreadable('was altered'));
    }),
  );
});

test('a value that was moved to another row, column or table is refused', () => {
  const sealer = createSealer(randomBytes(32));
  const sealed = sealer.seal('hunter2', PLACE);
  for (const other of [{ row: 'a2' }, { column: 'tls_ca' }, { table: 'tenants' }]) {
    expect(errorOf(() => sealer.open(sealed, { ...PLACE, ...other }))).toEqual(unreadable('belongs to another row'));
  }
});

test('another key is named, and no part of the secret', () => {
  const [ours, theirs] = [createSealer(randomBytes(32)), createSealer(randomBytes(32))];
  const error = errorOf(() => ours.open(theirs.seal('hunter2', PLACE), PLACE));
  expect(error).toEqual(unreadable(`was sealed with the key ${theirs.keyId}, and the key in use is ${ours.keyId}`));
  expect(String(error)).not.toContain('hunter2');
});

test('text that was never sealed is refused, not returned', () => {
  const sealer = createSealer(randomBytes(32));
  for (const text of ['', 'hunter2', 'sealed:v1:', `sealed:v1:${sealer.keyId}:`, `sealed:v2:${sealer.keyId}:AAAA`]) {
    expect(errorOf(() => sealer.open(text, PLACE))).toEqual(unreadable('is not in the sealed form'));
  }
  expect(errorOf(() => sealer.open(`sealed:v1:${sealer.keyId}:AAAA`, PLACE))).toEqual(unreadable('is cut short'));
});

test('the same text is sealed differently each time', () => {
  const sealer = createSealer(randomBytes(32));
  expect(sealer.seal('hunter2', PLACE)).not.toBe(sealer.seal('hunter2', PLACE));
});

test('a key of another length is refused', () => {
  expect(errorOf(() => createSealer(randomBytes(16)))).toEqual(expect.objectContaining({ code: 'invalid_config' }));
});

test('of several keys the first seals and all open, also after the ring was changed', () => {
  const [one, two] = [newKey(), newKey()];
  const ring = new KeyRing([one]);
  const sealer = createSealer(ring);
  const before = sealer.seal('hunter2', PLACE);
  ring.replace([two, one]);
  const after = sealer.seal('hunter3', PLACE);
  expect(after).toContain(`:${keyIdOf(two)}:`);
  expect([sealer.keyId, sealer.open(before, PLACE), sealer.open(after, PLACE)]).toEqual([
    keyIdOf(two),
    'hunter2',
    'hunter3',
  ]);
  ring.replace([two]);
  expect(errorOf(() => sealer.open(before, PLACE))).toEqual(unreadable(`was sealed with the key ${keyIdOf(one)}`));
});

test('nothing is sealed into a column that is in no list', () => {
  const sealer = createSealer(randomBytes(32), [{ table: 'accounts', column: 'password', key: ['pk'] }]);
  expect(sealer.open(sealer.seal('hunter2', PLACE), PLACE)).toBe('hunter2');
  expect(String(errorOf(() => sealer.seal('x', { ...PLACE, column: 'nickname' })))).toContain(
    'accounts.nickname is in no list of sealed columns',
  );
});

test('whatever prints keys, a ring or a sealer shows nothing of a key', () => {
  const key = newKey();
  const ring = new KeyRing([key]);
  const all = { key, ring, sealer: createSealer(ring), keys: [key] };
  const shown = [
    inspect(all, { depth: 20, showHidden: true, getters: true }),
    JSON.stringify(all),
    String(key),
    Object.entries(ring).join(),
  ].join('\n');
  const bytes = key.export();
  for (const form of [textOfKey(key), bytes.toString('hex'), bytes.toString('latin1'), inspect(bytes).slice(8, 40)]) {
    expect(shown).not.toContain(form);
  }
});
