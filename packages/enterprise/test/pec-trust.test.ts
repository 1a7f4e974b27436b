// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as asn1js from 'asn1js';
import * as pkijs from 'pkijs';
import { describe, expect, test } from 'vitest';
import type { SignatureVerdict } from '../src/pec/signature/signature.types.ts';
import { mergeAnchors, parseTrustAnchors } from '../src/pec/signature/trust-anchors.ts';
import { verifySignature } from '../src/pec/signature/verify-signature.ts';
import {
  type CertificateOptions,
  createCa,
  createCertificate,
  ENCRYPTS,
  emailName,
  extension,
  type Identity,
  nameOf,
  rsaKeys,
  SERVER_AUTH,
  SIGNS,
  SIGNS_CERTIFICATES,
} from './pec-certificates.case.ts';
import { createPecProvider } from './pec-provider.case.ts';

const FROM = 'posta-certificata@provider.example';
const AT = Date.UTC(2026, 2, 2);
const DAY_MS = 86_400_000;
const ANY_PURPOSE = '2.5.29.37.0';

const root = createCa({ commonName: 'Root' });
const middle = createCa({ commonName: 'Middle', issuer: root });
const provider = createPecProvider({ ca: middle });

interface Trust {
  readonly anchors?: readonly Identity[];
  /** What comes with the signature. @defaultValue the chain without its root */
  readonly certificates?: readonly Identity[];
  readonly at?: number;
}

const CANNOT = (reason: string) => ({ verified: false, reason });
const VERIFIED = { verified: true };

async function verdictOn(
  signer: Identity,
  { anchors = [root], certificates, at = AT }: Trust = {},
): Promise<SignatureVerdict> {
  const signing = certificates === undefined ? {} : { certificates };
  const raw = provider.receipt({ type: 'accettazione', signedBy: signer, signing });
  return verifySignature(raw, { anchors: parseTrustAnchors(anchors.map(({ pem }) => pem).join('')), from: FROM, at });
}

const below = (issuer: Identity, options: CertificateOptions = {}): Identity =>
  createCertificate({ emails: [FROM], issuer, ...options });

describe('an anchor is', () => {
  test('a root, with the CAs between in the signature or among the anchors', async () => {
    const signer = below(middle);
    expect(await verdictOn(signer)).toMatchObject(VERIFIED);
    expect(await verdictOn(signer, { certificates: [signer] })).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(signer, { certificates: [signer], anchors: [root, middle] })).toMatchObject(VERIFIED);
  });

  test('a CA between, whose root nobody knows', async () => {
    expect(await verdictOn(below(middle), { anchors: [middle] })).toMatchObject(VERIFIED);
    expect(await verdictOn(below(middle), { anchors: [middle], certificates: [] })).toMatchObject(CANNOT('untrusted'));
  });

  test('the certificate of a provider, which vouches for itself and for nobody else', async () => {
    const pinned = below(middle);
    expect(await verdictOn(pinned, { anchors: [pinned] })).toMatchObject(VERIFIED);
    expect(await verdictOn(below(pinned), { anchors: [pinned] })).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(middle), { anchors: [pinned] })).toMatchObject(CANNOT('untrusted'));
    const own = createCertificate({ emails: [FROM] });
    expect(await verdictOn(own, { anchors: [own] })).toMatchObject(VERIFIED);
    expect(await verdictOn(own)).toMatchObject(CANNOT('untrusted'));
  });

  test('not what merely has its name', async () => {
    const namesake = createCa({ commonName: 'Root' });
    expect(await verdictOn(below(namesake))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(namesake), { certificates: [below(namesake), namesake, root] })).toMatchObject(
      CANNOT('untrusted'),
    );
    const claims = createCertificate({ emails: [FROM], issuerName: 'Root' });
    const others = [createCa({ commonName: 'Root' }), createCa({ commonName: 'Root' }), root];
    expect(await verdictOn(claims, { certificates: [claims, ...others] })).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(claims, { certificates: [claims], anchors: [...others.slice(1), root] })).toMatchObject(
      CANNOT('untrusted'),
    );
  });

  test('found among a hundred', async () => {
    const others = Array.from({ length: 100 }, (_, index) => createCa({ commonName: `Other ${index}` }));
    expect(await verdictOn(below(root), { anchors: [...others, root] })).toMatchObject(VERIFIED);
  });

  test('found beside others of its name', async () => {
    const namesakes = [1, 2, 3].map(() => createCa({ commonName: 'Root' }));
    expect(await verdictOn(below(root), { anchors: [...namesakes, root] })).toMatchObject(VERIFIED);
  });
});

describe('who issues', () => {
  test('is a CA', async () => {
    const nobody = createCertificate({ commonName: 'Nobody', issuer: root, keyUsage: SIGNS | SIGNS_CERTIFICATES });
    expect(await verdictOn(below(nobody))).toMatchObject(CANNOT('untrusted'));
    const nothing = createCertificate({ commonName: 'Nothing', issuer: root, keyUsage: null, purposes: null });
    expect(await verdictOn(below(nothing))).toMatchObject(CANNOT('untrusted'));
  });

  test('may sign certificates', async () => {
    const ca = (keyUsage: number | null) => createCa({ commonName: 'Some CA', issuer: root, keyUsage });
    expect(await verdictOn(below(ca(SIGNS)))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(ca(null)))).toMatchObject(VERIFIED);
  });

  test('has purposes that mail is among, where it has any', async () => {
    const ca = (purposes: readonly string[]) => createCa({ commonName: 'Some CA', issuer: root, purposes });
    expect(await verdictOn(below(ca([SERVER_AUTH])))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(ca([SERVER_AUTH, '1.3.6.1.5.5.7.3.4'])))).toMatchObject(VERIFIED);
  });

  test('has no more CAs below it than it may have', async () => {
    const two = (length: number) => {
      const upper = createCa({ commonName: 'Upper', issuer: root, isCa: length });
      return createCa({ commonName: 'Lower', issuer: upper });
    };
    expect(await verdictOn(below(two(0)))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(two(1)))).toMatchObject(VERIFIED);
    const short = createCa({ commonName: 'Short', isCa: 0 });
    const first = createCa({ commonName: 'First', issuer: short });
    expect(await verdictOn(below(first), { anchors: [short] })).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(short), { anchors: [short] })).toMatchObject(VERIFIED);
    // A CA that changes its key issues itself a certificate, which is no step.
    const again = createCa({ commonName: 'Short', issuer: short });
    expect(await verdictOn(below(again), { anchors: [short] })).toMatchObject(VERIFIED);
  });

  test('does not issue in a circle', async () => {
    const a = createCa({ commonName: 'A' });
    const b = createCa({ commonName: 'B', issuer: a });
    const circle = createCa({ commonName: 'A', issuer: b, keys: a.keys });
    expect(await verdictOn(below(circle), { certificates: [below(circle), circle, b] })).toMatchObject(
      CANNOT('untrusted'),
    );
    const signer = below(circle);
    expect(await verdictOn(signer, { certificates: [signer, circle, b] })).toMatchObject(CANNOT('untrusted'));
    const { keys } = a;
    const maze = Array.from({ length: 14 }, () => createCa({ commonName: 'A', issuer: a, keys }));
    const lost = below(a);
    expect(await verdictOn(lost, { certificates: [lost, ...maze] })).toMatchObject(CANNOT('untrusted'));
  });
});

describe('times', () => {
  const [before, after] = [new Date('2025-01-01'), new Date('2027-01-01')];

  test.each([
    ['the signer has expired', () => below(middle, { validTo: before }), root],
    ['the signer is not yet valid', () => below(middle, { validFrom: after }), root],
    ['a CA has expired', () => below(createCa({ commonName: 'Old', issuer: root, validTo: before })), root],
    ['a CA is not yet valid', () => below(createCa({ commonName: 'New', issuer: root, validFrom: after })), root],
  ])('%s', async (_name, make, anchor) => {
    expect(await verdictOn(make(), { anchors: [anchor] })).toMatchObject(CANNOT('expired'));
  });

  test('the anchor has expired, or is pinned and has', async () => {
    const old = createCa({ commonName: 'Old root', validTo: before });
    expect(await verdictOn(below(old), { anchors: [old] })).toMatchObject(CANNOT('expired'));
    const pinned = below(middle, { validTo: before });
    expect(await verdictOn(pinned, { anchors: [pinned] })).toMatchObject(CANNOT('expired'));
  });

  test('what has expired since is verified as of then', async () => {
    const signer = below(middle, { validTo: before });
    expect(await verdictOn(signer, { at: before.getTime() })).toMatchObject(VERIFIED);
    expect(await verdictOn(signer, { at: before.getTime() - DAY_MS })).toMatchObject(VERIFIED);
    expect(await verdictOn(signer, { at: before.getTime() + 1_000 })).toMatchObject(CANNOT('expired'));
  });

  test('an expired stranger is a stranger', async () => {
    const stranger = below(createCa({ commonName: 'Root' }), { validTo: before });
    expect(await verdictOn(stranger)).toMatchObject(CANNOT('untrusted'));
    const wrong = below(createCertificate({ commonName: 'Nobody', issuer: root }), { validTo: before });
    expect(await verdictOn(wrong)).toMatchObject(CANNOT('untrusted'));
  });

  test('certificates that were never valid together prove nothing', async () => {
    const late = createCa({ commonName: 'Late', issuer: root, validFrom: new Date('2025-06-01') });
    expect(await verdictOn(below(late, { validTo: before }))).toMatchObject(CANNOT('untrusted'));
  });
});

describe('the signer', () => {
  test('may sign mail, where its uses are restricted', async () => {
    expect(await verdictOn(below(middle, { keyUsage: ENCRYPTS }))).toMatchObject(CANNOT('wrong_purpose'));
    expect(await verdictOn(below(middle, { keyUsage: 0x40 }))).toMatchObject(VERIFIED);
    expect(await verdictOn(below(middle, { keyUsage: null }))).toMatchObject(VERIFIED);
    expect(await verdictOn(below(middle, { purposes: [SERVER_AUTH] }))).toMatchObject(CANNOT('wrong_purpose'));
    expect(await verdictOn(below(middle, { purposes: [ANY_PURPOSE] }))).toMatchObject(VERIFIED);
    expect(await verdictOn(below(middle, { purposes: null }))).toMatchObject(VERIFIED);
  });

  test('may be wrong for mail though it is pinned', async () => {
    const pinned = below(middle, { purposes: [SERVER_AUTH] });
    expect(await verdictOn(pinned, { anchors: [pinned] })).toMatchObject(CANNOT('wrong_purpose'));
  });
});

describe('certificates', () => {
  test('signed with MD5 or SHA-1 could be made up, but an anchor needs no signature', async () => {
    const old = createCa({ commonName: 'Old root', hash: 'sha1' });
    expect(await verdictOn(below(old), { anchors: [old] })).toMatchObject(VERIFIED);
    expect(await verdictOn(below(old, { hash: 'sha1' }), { anchors: [old] })).toMatchObject(CANNOT('untrusted'));
    const rsa = createCa({ commonName: 'RSA root', keys: rsaKeys() });
    expect(await verdictOn(below(rsa, { hash: 'sha1' }), { anchors: [rsa] })).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(rsa, { hash: 'md5' }), { anchors: [rsa] })).toMatchObject(CANNOT('untrusted'));
    const between = createCa({ commonName: 'Between', issuer: root, hash: 'sha1' });
    expect(await verdictOn(below(between))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(between), { anchors: [between] })).toMatchObject(VERIFIED);
  });

  test('of too small keys prove nothing', async () => {
    expect(await verdictOn(below(middle, { keys: rsaKeys(768) }))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(middle, { keys: rsaKeys(1024) }))).toMatchObject(VERIFIED);
    const small = createCa({ commonName: 'Small', issuer: root, keys: rsaKeys(768) });
    expect(await verdictOn(below(small))).toMatchObject(CANNOT('untrusted'));
  });

  test('that demand what nobody knows are not accepted', async () => {
    const unknown = (critical: boolean) => [extension('1.2.3.4', new asn1js.Null(), critical)];
    expect(await verdictOn(below(middle, { extensions: unknown(true) }))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(middle, { extensions: unknown(false) }))).toMatchObject(VERIFIED);
    const ca = createCa({ commonName: 'Some CA', issuer: root, extensions: unknown(true) });
    expect(await verdictOn(below(ca))).toMatchObject(CANNOT('untrusted'));
  });

  test('whose extensions cannot be read are not accepted', async () => {
    const broken = [extension('2.5.29.30', new asn1js.Null())];
    const ca = createCa({ commonName: 'Some CA', issuer: root, extensions: broken });
    expect(await verdictOn(below(ca))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(middle, { extensions: broken }))).toMatchObject(CANNOT('untrusted'));
    const unnamed = [extension('2.5.29.17', new asn1js.Null())];
    const pinned = createCertificate({ subjectEmail: FROM, extensions: unnamed });
    expect(await verdictOn(pinned, { anchors: [pinned] })).toMatchObject(CANNOT('untrusted'));
    const policies = (critical: boolean) => [extension('2.5.29.32', new asn1js.Null(), critical)];
    expect(await verdictOn(below(middle, { extensions: policies(true) }))).toMatchObject(CANNOT('untrusted'));
    expect(await verdictOn(below(middle, { extensions: policies(false) }))).toMatchObject(VERIFIED);
  });

  test('that say something twice are not accepted', async () => {
    const twice = [1, 2].map(() => extension('1.2.3.4', new asn1js.Null()));
    expect(await verdictOn(below(middle, { extensions: twice }))).toMatchObject(CANNOT('untrusted'));
  });
});

describe('a CA that may not give all names', () => {
  const constrained = (constraints: CertificateOptions['nameConstraints'], issuer: Identity | null = root) =>
    createCa({
      commonName: 'Constrained',
      ...(issuer && { issuer }),
      ...(constraints && { nameConstraints: constraints }),
    });
  const email = (...names: readonly string[]) => ({ permitted: names.map(emailName) });

  test.each([
    ['its host', 'provider.example'],
    ['its host in capitals', 'Provider.Example'],
    ['all below its domain', '.example'],
    ['its address', FROM],
  ])('gives those of %s', async (_name, permitted) => {
    expect(await verdictOn(below(constrained(email('other.example', permitted))))).toMatchObject(VERIFIED);
  });

  test.each([
    ['another host', 'other.example'],
    ['a domain above it', 'example'],
    ['only below its host', '.provider.example'],
    ['another address', 'info@provider.example'],
    ['an end of its host', 'vider.example'],
  ])('gives none of %s', async (_name, permitted) => {
    expect(await verdictOn(below(constrained(email(permitted))))).toMatchObject(CANNOT('untrusted'));
  });

  test('gives none that are excluded', async () => {
    const excluded = constrained({ excluded: [emailName('provider.example')] });
    expect(await verdictOn(below(excluded))).toMatchObject(CANNOT('untrusted'));
    for (const other of ['other.example', 'vider.example', '.provider.example', 'info@provider.example']) {
      expect(await verdictOn(below(constrained({ excluded: [emailName(other)] })))).toMatchObject(VERIFIED);
    }
    // Addresses of the subject are no way around.
    const inSubject = below(excluded, { emails: [], subjectEmail: FROM });
    expect(await verdictOn(inSubject)).toMatchObject(CANNOT('untrusted'));
  });

  test('gives none beside one that is permitted', async () => {
    const ca = constrained(email('other.example'));
    const both = below(ca, { emails: ['x@other.example', FROM] });
    expect(await verdictOn(both)).toMatchObject(CANNOT('untrusted'));
  });

  test('may be above others, or an anchor itself', async () => {
    const upper = constrained(email('other.example'));
    const lower = createCa({ commonName: 'Lower', issuer: upper, nameConstraints: email('provider.example') });
    expect(await verdictOn(below(lower))).toMatchObject(CANNOT('untrusted'));
    const anchor = constrained(email('other.example'), null);
    expect(await verdictOn(below(anchor), { anchors: [anchor] })).toMatchObject(CANNOT('untrusted'));
  });

  test('may be restricted to organisations', async () => {
    const named = (commonName: string) => ({
      permitted: [new pkijs.GeneralName({ type: 4, value: nameOf(commonName) })],
    });
    const signer = (ca: Identity) => below(ca, { commonName: 'Provider' });
    expect(await verdictOn(signer(constrained(named('Provider'))))).toMatchObject(VERIFIED);
    expect(await verdictOn(signer(constrained(named('Other'))))).toMatchObject(CANNOT('untrusted'));
    const anchor = constrained(named('Other'), null);
    expect(await verdictOn(signer(anchor), { anchors: [anchor] })).toMatchObject(CANNOT('untrusted'));
  });
});

describe('trust anchors in PEM', () => {
  test('are read with what stands around them, each once', () => {
    const text = `Subject: CN=Root\n${root.pem}\n# and\r\n${middle.pem.replaceAll('\n', '\r\n')}${root.pem}`;
    expect(parseTrustAnchors(text).count).toBe(2);
    expect(parseTrustAnchors(' \n').count).toBe(0);
    expect(mergeAnchors(parseTrustAnchors(text), parseTrustAnchors(middle.pem)).count).toBe(2);
    expect(mergeAnchors(parseTrustAnchors(root.pem), parseTrustAnchors(middle.pem)).count).toBe(2);
  });

  const key = root.keys.privateKey.export({ type: 'pkcs8', format: 'pem' }).toString();
  test.each([
    ['text without a certificate', 'ca.pem', 'have no certificate'],
    ['a private key', root.pem + key, 'trust anchor 2 is a PRIVATE KEY, no CERTIFICATE'],
    ['PKCS #7', '-----BEGIN PKCS7-----\nMIIB\n-----END PKCS7-----\n', 'openssl pkcs7 -print_certs'],
    [
      'a certificate without its end',
      root.pem.replace(/-----END.*/, ''),
      'trust anchor 1 has no -----END CERTIFICATE-----',
    ],
    ['one in another', `-----BEGIN CERTIFICATE-----\n${root.pem}`, 'trust anchor 1 is not base64'],
    ['one that is cut short', `${root.pem}${cutShort(middle.pem)}`, 'trust anchor 2 is no X.509 certificate'],
    ['more than anybody needs', root.pem.repeat(3_000), 'longer than'],
  ])('are not read from %s', (_name, pem, message) => {
    expect(() => parseTrustAnchors(pem)).toThrow(TypeError);
    expect(() => parseTrustAnchors(pem)).toThrow(message);
  });
});

function cutShort(pem: string): string {
  const lines = pem.trimEnd().split('\n');
  return [...lines.slice(0, 3), ...lines.slice(-1), ''].join('\n');
}
