// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import * as asn1js from 'asn1js';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { VerifyOptions } from '../src/pec/signature/signature.types.ts';
import { signedPart } from '../src/pec/signature/signed-part.ts';
import { parseTrustAnchors } from '../src/pec/signature/trust-anchors.ts';
import { verifySignature } from '../src/pec/signature/verify-signature.ts';
import {
  type CertificateOptions,
  createCa,
  createCertificate,
  ecKeys,
  extension,
  type Hash,
  type Identity,
  rsaKeys,
} from './pec-certificates.case.ts';
import { contentTypeAttribute, digestAttribute, type SigningOptions } from './pec-cms.case.ts';
import { createPecProvider } from './pec-provider.case.ts';

const ca = createCa();
const provider = createPecProvider({ ca });
const FROM = provider.address;
const AT = Date.UTC(2026, 2, 2);
const anchors = parseTrustAnchors(ca.pem);

const receipt = (signing: SigningOptions = {}, signedBy: Identity | readonly Identity[] = provider.identity): Buffer =>
  provider.receipt({ type: 'accettazione', signing, signedBy });
const verdictOn = (raw: Uint8Array, options: Partial<VerifyOptions> = {}) =>
  verifySignature(raw, { anchors, from: FROM, at: AT, ...options });
const signer = (options: CertificateOptions): Identity => createCertificate({ emails: [FROM], issuer: ca, ...options });
const refused = (reason: string) => ({ verified: false, reason });
const VERIFIED = { verified: true };
const CONTENT_TYPE = '1.2.840.113549.1.9.3';
const MESSAGE_DIGEST = '1.2.840.113549.1.9.4';

test('a receipt that its provider signed is verified, and says who signed', async () => {
  expect(await verdictOn(receipt())).toEqual({
    verified: true,
    signer: {
      subject: 'CN=Posta Certificata provider.example,C=IT',
      issuer: 'CN=Test CA,C=IT',
      serialNumber: expect.stringMatching(/^01[0-9a-f]{30}$/),
      emails: ['posta-certificata@provider.example'],
      fingerprint: createHash('sha256').update(provider.identity.der).digest('hex'),
    },
  });
});

test('whoever made up a long name is shown by its beginning, on one line', async () => {
  const long = createCertificate({ commonName: `a\0\n${'b'.repeat(5_000)}`, emails: [FROM], keys: ecKeys() });
  const verdict = await verdictOn(receipt({}, long));
  expect(verdict).toMatchObject(refused('untrusted'));
  expect(verdict.signer?.subject).toMatch(/^CN=a[^\0\n]{490,498}$/);
});

test('without anchors nothing is verified, but who says to have signed is told', async () => {
  const verdict = await verdictOn(receipt(), { anchors: parseTrustAnchors('') });
  expect(verdict).toMatchObject({ ...refused('no_trust_anchors'), signer: { emails: [FROM] } });
});

describe('is verified, signed with', () => {
  const rsa = signer({ keys: rsaKeys() });
  const hashes: readonly Hash[] = ['sha1', 'sha256', 'sha384', 'sha512'];

  test.each(hashes)('RSA and %s', async (hash) => {
    expect(await verdictOn(receipt({ hash }, rsa))).toMatchObject(VERIFIED);
    expect(await verdictOn(receipt({ hash, hasAttributes: false }, rsa))).toMatchObject(VERIFIED);
    expect(await verdictOn(receipt({ hash, isPlainRsa: true }, rsa))).toMatchObject(VERIFIED);
  });

  test.each(hashes)('RSA-PSS and %s', async (hash) => {
    expect(await verdictOn(receipt({ hash, isPss: true }, rsa))).toMatchObject(VERIFIED);
  });

  test.each(['P-256', 'P-384', 'P-521'])('ECDSA on %s', async (curve) => {
    const ec = signer({ keys: ecKeys(curve) });
    for (const hash of hashes) expect(await verdictOn(receipt({ hash }, ec))).toMatchObject(VERIFIED);
  });

  test('lengths left open, as a stream has them', async () => {
    const raw = receipt({ isIndefinite: true });
    expect(Buffer.from(signedPart(raw)?.signature ?? []).subarray(0, 2)).toEqual(Buffer.of(0x30, 0x80));
    expect(await verdictOn(raw)).toMatchObject(VERIFIED);
  });

  test('the certificate named by its key', async () => {
    const identifier = extension('2.5.29.14', new asn1js.OctetString({ valueHex: Uint8Array.of(1, 2, 3, 4).buffer }));
    const known = signer({ extensions: [identifier] });
    expect(await verdictOn(receipt({ byKeyIdentifier: true }, known))).toMatchObject(VERIFIED);
    const without = receipt({ byKeyIdentifier: true, certificates: [provider.identity] }, known);
    expect(await verdictOn(without)).toMatchObject(refused('untrusted'));
  });

  test('a certificate that only the anchors have', async () => {
    const raw = receipt({ certificates: [] });
    expect(await verdictOn(raw)).toMatchObject(refused('untrusted'));
    const pinned = parseTrustAnchors(provider.certificate);
    expect(await verdictOn(raw, { anchors: pinned })).toMatchObject(VERIFIED);
  });
});

describe('is not verified, signed', () => {
  test('with MD5', async () => {
    const verdict = await verdictOn(receipt({ hash: 'md5' }, signer({ keys: rsaKeys() })));
    expect(verdict).toMatchObject({ ...refused('malformed'), signer: { emails: [FROM] } });
  });

  test('with RSA-PSS of two hashes', async () => {
    const raw = receipt({ isPss: true, maskHash: 'sha1' }, signer({ keys: rsaKeys() }));
    expect(await verdictOn(raw)).toMatchObject(refused('malformed'));
  });

  test('by nobody', async () => {
    expect(await verdictOn(provider.receipt({ type: 'accettazione', signedBy: null }))).toEqual({
      ...refused('not_signed'),
      signer: null,
    });
  });

  test('by the key of somebody else under the name of the provider', async () => {
    const stranger = createPecProvider();
    expect(await verdictOn(receipt({}, stranger.identity))).toMatchObject(refused('untrusted'));
    // He has the provider's certificate, as everybody, but not its key.
    const { certificate } = provider.identity;
    const impostor: Identity = { ...stranger.identity, certificate };
    const raw = receipt({ certificates: [provider.identity] }, impostor);
    expect(await verdictOn(raw)).toMatchObject({ ...refused('altered'), signer: { emails: [FROM] } });
  });

  test('by another provider of the same CA', async () => {
    const other = createPecProvider({ domain: 'other.example', ca });
    const raw = receipt({}, other.identity);
    expect(await verdictOn(raw)).toMatchObject({ ...refused('other_signer'), signer: { emails: [other.address] } });
    expect(await verdictOn(raw, { from: other.address })).toMatchObject(VERIFIED);
  });

  test('without attributes that tell what was signed', async () => {
    const without = (id: string): SigningOptions => ({ attributes: (all) => all.filter(({ type }) => type !== id) });
    expect(await verdictOn(receipt(without(CONTENT_TYPE)))).toMatchObject(refused('altered'));
    expect(await verdictOn(receipt(without(MESSAGE_DIGEST)))).toMatchObject(refused('altered'));
    expect(await verdictOn(receipt({ attributes: () => [], hasAttributes: false }))).toMatchObject(VERIFIED);
  });

  test('with attributes of other content, or twice', async () => {
    const more = (...added: ReturnType<typeof digestAttribute>[]): SigningOptions => ({
      attributes: (all) => [...all, ...added],
    });
    const other = digestAttribute(createHash('sha256').update('other').digest());
    expect(await verdictOn(receipt(more(other)))).toMatchObject(refused('altered'));
    expect(await verdictOn(receipt(more(contentTypeAttribute('1.2.840.113549.1.7.1'))))).toMatchObject(
      refused('altered'),
    );
    const replaced: SigningOptions = {
      attributes: (all) => all.map((each) => (each.type === MESSAGE_DIGEST ? other : each)),
    };
    expect(await verdictOn(receipt(replaced))).toMatchObject(refused('altered'));
    const asOther: SigningOptions = {
      attributes: (all) =>
        all.map((each) => (each.type === CONTENT_TYPE ? contentTypeAttribute('1.2.840.113549.1.7.2') : each)),
    };
    expect(await verdictOn(receipt(asOther))).toMatchObject(refused('altered'));
  });

  test('with attributes that were changed after it', async () => {
    const raw = receipt();
    const { signature } = signedPart(raw) ?? {};
    const der = Buffer.from(signature ?? []);
    const at = der.indexOf(Buffer.from('260101000000Z'));
    expect(at).toBeGreaterThan(0);
    der.write('270101000000Z', at);
    expect(await verdictOn(withSignature(raw, der))).toMatchObject(refused('altered'));
  });

  test('as content of its own, or of another type', async () => {
    const inside = Buffer.from(signedPart(receipt())?.content ?? []);
    expect(await verdictOn(receipt({ inside }))).toMatchObject(refused('malformed'));
    const raw = provider.receipt({
      type: 'accettazione',
      signing: { inside },
      tamper: (mail) => mail.replace('elaborato', 'rifiutato'),
    });
    expect(await verdictOn(raw)).toMatchObject(refused('malformed'));
    expect(await verdictOn(receipt({ contentType: '1.2.840.113549.1.9.16.1.4' }))).toMatchObject(refused('malformed'));
  });

  test('and then altered, by as much as one bit', async () => {
    const raw = receipt();
    const { content } = signedPart(raw) ?? {};
    const start = raw.indexOf(Buffer.from(content ?? []));
    expect(start).toBeGreaterThan(0);
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: (content?.length ?? 1) - 1 }), fc.nat({ max: 7 }), async (index, bit) => {
        const altered = Buffer.from(raw);
        altered[start + index] = (altered[start + index] ?? 0) ^ (1 << bit);
        expect((await verdictOn(altered)).verified).toBe(false);
      }),
      { numRuns: 300 },
    );
  });

  test('and then altered, without attributes', async () => {
    const tamper = (mail: string): string => mail.replace('elaborato', 'rifiutato');
    const raw = provider.receipt({ type: 'accettazione', signing: { hasAttributes: false }, tamper });
    expect(await verdictOn(raw)).toMatchObject(refused('altered'));
  });

  test('and sent with a further part', async () => {
    const raw = provider.receipt({
      type: 'accettazione',
      tamper: (mail) => mail.replace(/(--\S+)--\r\n$/, '$1\r\nContent-Type: text/plain\r\n\r\nAnd more.\r\n$1--\r\n'),
    });
    expect(await verdictOn(raw)).toMatchObject(refused('not_signed'));
  });
});

test('a mail whose lines came to end with LF is verified, one whose words changed too is not', async () => {
  const lf = Buffer.from(receipt().toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  expect(await verdictOn(lf)).toMatchObject(VERIFIED);
  const bare = Buffer.from(receipt({ hasAttributes: false }).toString('latin1').replaceAll('\r\n', '\n'), 'latin1');
  expect(await verdictOn(bare)).toMatchObject(VERIFIED);
  const altered = Buffer.from(lf.toString('latin1').replace('elaborato', 'rifiutato'), 'latin1');
  expect(await verdictOn(altered)).toMatchObject(refused('altered'));
});

describe('of several signers', () => {
  const stranger = createPecProvider({ domain: 'stranger.example' });

  test('one who is right is enough, wherever he stands', async () => {
    expect(await verdictOn(receipt({}, [stranger.identity, provider.identity]))).toMatchObject(VERIFIED);
    expect(await verdictOn(receipt({}, [provider.identity, stranger.identity]))).toMatchObject(VERIFIED);
  });

  test('who came furthest tells why not', async () => {
    const expired = signer({ validTo: new Date('2025-01-01') });
    const verdict = await verdictOn(receipt({}, [stranger.identity, expired]));
    expect(verdict).toMatchObject({ ...refused('expired'), signer: { emails: [FROM] } });
  });

  test('more than four, or with more than sixteen certificates, are not looked at', async () => {
    const certificates = Array.from({ length: 17 }, () => provider.identity);
    expect(await verdictOn(receipt({ certificates }))).toMatchObject(refused('malformed'));
    expect(await verdictOn(receipt({ certificates: certificates.slice(1) }))).toMatchObject(VERIFIED);
    const many = Array.from({ length: 5 }, () => provider.identity);
    expect(await verdictOn(receipt({}, many))).toMatchObject(refused('malformed'));
  });
});

describe('the signer', () => {
  test('is who From names, in any case', async () => {
    expect(await verdictOn(receipt(), { from: FROM.toUpperCase() })).toMatchObject(VERIFIED);
    expect(await verdictOn(receipt({}, signer({ emails: [FROM.toUpperCase()] })))).toMatchObject(VERIFIED);
    expect(await verdictOn(receipt(), { from: null })).toMatchObject(refused('other_signer'));
    expect(await verdictOn(receipt(), { from: '' })).toMatchObject(refused('other_signer'));
    expect(await verdictOn(receipt(), { from: `x${FROM}` })).toMatchObject(refused('other_signer'));
  });

  test('may have several addresses', async () => {
    const several = signer({ emails: ['first@provider.example', FROM] });
    expect(await verdictOn(receipt({}, several))).toMatchObject(VERIFIED);
  });

  test('is named by the subject only where there is no other name', async () => {
    expect(await verdictOn(receipt({}, signer({ emails: [], subjectEmail: FROM })))).toMatchObject(VERIFIED);
    const other = signer({ emails: ['somebody@provider.example'], subjectEmail: FROM });
    expect(await verdictOn(receipt({}, other))).toMatchObject(refused('other_signer'));
    expect(await verdictOn(receipt({}, signer({ emails: [] })))).toMatchObject(refused('other_signer'));
  });
});

describe('a signature that is none', () => {
  test.each([
    ['nothing', Buffer.alloc(0)],
    ['zeros', Buffer.alloc(100)],
    ['text', Buffer.from('This is no signature.')],
    ['a certificate', provider.identity.der],
    ['an endless one', Buffer.alloc(200_000, signedPart(receipt())?.signature)],
    ['one in depth', Buffer.alloc(60_000, 0x30)],
    ['one in open depth', Buffer.alloc(60_000, Buffer.of(0x30, 0x80))],
    ['one in width', Buffer.concat([Buffer.of(0x30, 0x82, 0xea, 0x60), Buffer.alloc(60_000, Buffer.of(0x05, 0x00))])],
    ['one cut short', Buffer.from(signedPart(receipt())?.signature ?? []).subarray(0, 500)],
  ])('is malformed: %s', async (_name, der) => {
    expect(await verdictOn(withSignature(receipt(), der))).toEqual({ ...refused('malformed'), signer: null });
  });

  test('is never an error, and never proves other content, whatever its bytes are', async () => {
    const raw = receipt();
    const altered = Buffer.from(raw.toString('latin1').replace('elaborato', 'rifiutato'), 'latin1');
    const good = Buffer.from(signedPart(raw)?.signature ?? []);
    const place = fc.nat({ max: good.length - 1 });
    const changed = fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 8 })).map(([at, bytes]) => {
      const der = Buffer.from(good);
      der.set(bytes.subarray(0, good.length - at), at);
      return der;
    });
    const cut = fc.tuple(place, place).map(([a, b]) => Buffer.concat([good.subarray(0, a), good.subarray(b)]));
    const random = fc.uint8Array({ maxLength: 500 }).map((bytes) => Buffer.from(bytes));
    const nested = fc
      .array(fc.constantFrom(0x30, 0x80, 0xa0, 0x31, 0x02, 0x01, 0x04, 0x24, 0x06, 0xff, 0x00, 0x84), {
        maxLength: 2_000,
      })
      .map((bytes) => Buffer.from(bytes));
    await fc.assert(
      fc.asyncProperty(fc.oneof(changed, cut, random, nested), async (der) => {
        expect((await verdictOn(withSignature(altered, der))).verified).toBe(false);
      }),
      { numRuns: Number(process.env['GMP_FUZZ_RUNS'] ?? 500) },
    );
  }, 120_000);
});

/** The mail with another signature. */
function withSignature(raw: Buffer, der: Buffer): Buffer {
  const mail = raw.toString('latin1');
  const mark = 'filename="smime.p7s"\r\n\r\n';
  const start = mail.lastIndexOf(mark) + mark.length;
  const end = mail.indexOf('\r\n\r\n--', start) + 2;
  return Buffer.from(
    mail.slice(0, start) + der.toString('base64').replace(/.{1,76}/g, '$&\r\n') + mail.slice(end),
    'latin1',
  );
}
