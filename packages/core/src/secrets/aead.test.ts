// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createSecretKey, randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { decrypt, encrypt } from './aead.ts';

/** One of Project Wycheproof; all values in hex. */
interface Vector {
  readonly tcId: number;
  readonly key: string;
  readonly iv: string;
  readonly aad: string;
  readonly msg: string;
  readonly ct: string;
  readonly tag: string;
  readonly result: 'valid' | 'invalid';
}

const { tests }: { readonly tests: readonly Vector[] } = JSON.parse(
  readFileSync(new URL('./aes-gcm-vectors.json', import.meta.url), 'utf8'),
);
const bytes = (hex: string): Buffer => Buffer.from(hex, 'hex');

test('every vector of Wycheproof opens, or is refused, as it says', () => {
  expect(tests).toHaveLength(66);
  expect(new Set(tests.map(({ result }) => result))).toEqual(new Set(['valid', 'invalid']));
  for (const { tcId, key, iv, aad, msg, ct, tag, result } of tests) {
    const open = () => decrypt(createSecretKey(bytes(key)), bytes(iv + ct + tag), bytes(aad))?.toString('hex');
    if (result === 'valid') expect(open(), `${tcId}`).toBe(msg);
    else expect(open, `${tcId}`).toThrow();
  }
});

/** The long form: GMP_NONCES=1000000 */
const NONCES = Number(process.env['GMP_NONCES'] ?? 100_000);

test('no nonce comes twice', { timeout: 600_000 }, () => {
  const key = createSecretKey(randomBytes(32));
  const [plain, bound] = [Buffer.alloc(1), Buffer.alloc(0)];
  const seen = new Set<string>();
  for (let n = 0; n < NONCES; n++) seen.add(encrypt(key, plain, bound).toString('latin1', 0, 12));
  expect(seen.size).toBe(NONCES);
});
