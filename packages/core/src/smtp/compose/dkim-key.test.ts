// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { dkimRecord, generateDkimKey, readDkimKey } from './dkim-key.ts';

const rsaKey = (modulusLength: number): KeyObject => generateKeyPairSync('rsa', { modulusLength }).privateKey;
const pkcs8 = (key: KeyObject): string => key.export({ type: 'pkcs8', format: 'pem' }).toString();
const rsa1024 = rsaKey(1_024);

describe('readDkimKey', () => {
  test('an RSA key is published as its SubjectPublicKeyInfo', () => {
    const read = readDkimKey(pkcs8(rsa1024));
    expect(read).toEqual({
      ok: true,
      key: { algorithm: 'rsa-sha256', pem: pkcs8(rsa1024), publicKey: expect.any(String) },
    });
    const publicKey = read.ok ? read.key.publicKey : '';
    const published = createPublicKey({ key: Buffer.from(publicKey, 'base64'), format: 'der', type: 'spki' });
    expect(published.equals(createPublicKey(rsa1024))).toBe(true);
  });

  test('PKCS #1, as openssl genrsa wrote it, is the same key', () => {
    const pem = rsa1024.export({ type: 'pkcs1', format: 'pem' }).toString();
    expect(readDkimKey(pem)).toEqual(readDkimKey(pkcs8(rsa1024)));
  });

  test('the Ed25519 key of RFC 8463 is published as the RFC says', () => {
    const secret = Buffer.from('nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A=', 'base64');
    const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), secret]).toString('base64');
    const read = readDkimKey(`-----BEGIN PRIVATE KEY-----\n${der}\n-----END PRIVATE KEY-----\n`);
    expect(read.ok && dkimRecord(read.key)).toBe('v=DKIM1; k=ed25519; p=11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=');
  });

  test.each([
    ['nothing', ''],
    ['no PEM', 'secret'],
    ['a public key', createPublicKey(rsa1024).export({ type: 'spki', format: 'pem' }).toString()],
    [
      'an encrypted key',
      rsa1024.export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase: 'x' }).toString(),
    ],
    ['a key that is cut', pkcs8(rsa1024).slice(0, 300)],
    ['an RSA key of 768 bits', pkcs8(rsaKey(768))],
    ['an RSA-PSS key', pkcs8(generateKeyPairSync('rsa-pss', { modulusLength: 1_024 }).privateKey)],
    ['a key of another curve', pkcs8(generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey)],
    ['a key for agreement', pkcs8(generateKeyPairSync('x25519').privateKey)],
  ])('%s is refused', (_what, pem) => {
    expect(readDkimKey(pem)).toEqual({ ok: false, reason: expect.any(String) });
  });
});

test.each(['rsa', 'ed25519'] as const)('a generated %s key can be read, and is another one each time', async (kind) => {
  const [one, another] = [await generateDkimKey(kind), await generateDkimKey(kind)];
  expect(readDkimKey(one.pem)).toEqual({ ok: true, key: one });
  expect(one.algorithm).toBe(`${kind}-sha256`);
  expect(another.publicKey).not.toBe(one.publicKey);
  expect(dkimRecord(one)).toBe(`v=DKIM1; k=${kind}; p=${one.publicKey}`);
});
