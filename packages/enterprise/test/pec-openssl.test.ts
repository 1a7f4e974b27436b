// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { tempDir } from '@mail-proxy/testkit';
import { describe, expect, test } from 'vitest';
import { parseTrustAnchors } from '../src/pec/signature/trust-anchors.ts';
import { verifySignature } from '../src/pec/signature/verify-signature.ts';
import { createCa, createCertificate, ecKeys, type Identity, rsaKeys } from './pec-certificates.case.ts';
import type { SigningOptions } from './pec-cms.case.ts';
import { createPecProvider } from './pec-provider.case.ts';

const missing = whyNoOpenssl();
const skipped = missing === null ? '' : ` (skipped: ${missing})`;
const FROM = 'posta-certificata@provider.example';
const AT = Date.UTC(2026, 2, 2);
const CONTENT = 'Content-Type: text/plain\r\n\r\nGuten Tag.\r\n\r\nMit freundlichen Gr\xfc\xdfen  \r\n';

const root = createCa({ commonName: 'Root' });
const middle = createCa({ commonName: 'Middle', issuer: root });
const rsa = createCertificate({ issuer: middle, emails: [FROM], keys: rsaKeys() });
const ec = createCertificate({ issuer: middle, emails: [FROM], keys: ecKeys() });

describe.skipIf(missing !== null)(`OpenSSL${skipped}`, () => {
  test.each<[name: string, signer: Identity, options: readonly string[]]>([
    ['cms', rsa, ['cms', '-md', 'sha256']],
    ['cms with SHA-1', rsa, ['cms', '-md', 'sha1']],
    ['cms with SHA-512', rsa, ['cms', '-md', 'sha512']],
    ['cms with RSA-PSS', rsa, ['cms', '-md', 'sha256', '-keyopt', 'rsa_padding_mode:pss']],
    ['cms with ECDSA', ec, ['cms', '-md', 'sha384']],
    ['cms in a stream', rsa, ['cms', '-stream']],
    ['cms of bytes as they are', rsa, ['cms', '-binary', '-crlfeol']],
    ['cms without attributes', rsa, ['cms', '-noattr']],
    ['cms by the key identifier of an EC key', ec, ['cms', '-nosmimecap']],
    ['smime', rsa, ['smime']],
    ['smime in a stream', rsa, ['smime', '-stream']],
  ])('signs with %s what is verified here, and no longer when it is altered', async (_name, signer, options) => {
    const mail = signedByOpenssl(signer, options);
    const trust = { anchors: parseTrustAnchors(root.pem), from: FROM, at: AT };
    expect(await verifySignature(mail, trust)).toMatchObject({ verified: true, signer: { emails: [FROM] } });
    const altered = Buffer.from(mail.toString('latin1').replace('Guten Tag', 'Guten Abend'), 'latin1');
    expect(await verifySignature(altered, trust)).toMatchObject({ verified: false, reason: 'altered' });
  });

  test.each<[name: string, signer: Identity, signing: SigningOptions]>([
    ['RSA', rsa, {}],
    ['RSA with SHA-1', rsa, { hash: 'sha1' }],
    ['RSA-PSS', rsa, { isPss: true }],
    ['ECDSA', ec, { hash: 'sha384' }],
    ['no attributes', rsa, { hasAttributes: false }],
    ['open lengths', rsa, { isIndefinite: true }],
  ])(
    'verifies what the provider of the tests signs with %s, and not when it is altered',
    (_name, signedBy, signing) => {
      const provider = createPecProvider({ ca: middle });
      const mail = provider.receipt({ type: 'avvenuta-consegna', signedBy, signing });
      expect(verifiedByOpenssl(mail)).toMatch(/verification successful/i);
      const altered = Buffer.from(mail.toString('latin1').replace('elaborato', 'rifiutato'), 'latin1');
      expect(verifiedByOpenssl(altered)).toMatch(/verification failure/i);
    },
  );
});

function signedByOpenssl(signer: Identity, [command = 'cms', ...options]: readonly string[]): Buffer {
  using dir = tempDir();
  writeFileSync(dir.file('content'), Buffer.from(CONTENT, 'latin1'));
  writeFileSync(dir.file('cert.pem'), signer.pem);
  writeFileSync(dir.file('chain.pem'), middle.pem);
  writeFileSync(dir.file('key.pem'), signer.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }));
  const files = [
    '-signer',
    'cert.pem',
    '-inkey',
    'key.pem',
    '-certfile',
    'chain.pem',
    '-in',
    'content',
    '-out',
    'mail',
  ];
  const addresses = ['-from', FROM, '-to', 'shop@example.com', '-subject', 'ACCETTAZIONE: x'];
  execFileSync('openssl', [command, '-sign', ...files, ...options, ...addresses], { cwd: dir.path, stdio: 'pipe' });
  return readFileSync(dir.file('mail'));
}

function verifiedByOpenssl(mail: Buffer): string {
  using dir = tempDir();
  writeFileSync(dir.file('mail'), mail);
  writeFileSync(dir.file('ca.pem'), root.pem);
  const command = ['cms', '-verify', '-in', 'mail', '-CAfile', 'ca.pem', '-out', 'content'];
  return spawnSync('openssl', command, { cwd: dir.path, encoding: 'utf8' }).stderr;
}

function whyNoOpenssl(): string | null {
  try {
    const version = execFileSync('openssl', ['version'], { encoding: 'utf8', timeout: 10_000 });
    return /^OpenSSL [3-9]/.test(version) ? null : `${version.trim()} is none that signs as tested`;
  } catch {
    return 'openssl is not installed';
  }
}
