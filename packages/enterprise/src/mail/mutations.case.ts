// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';

type Change = (mail: Buffer) => Buffer;

const place = fc.double({ min: 0, max: 1, noNaN: true });
const at = (mail: Buffer, share: number) => Math.floor(share * mail.length);

/**
 * Mails with up to six changes: pieces put in, bytes overwritten, a stretch taken out or repeated, cut off, grafted onto
 * another. `pieces`, in Latin-1, are what a parser may stumble over.
 */
export function mutationsOf(mails: readonly Buffer[], pieces: readonly string[]): fc.Arbitrary<Buffer> {
  return fc
    .tuple(fc.constantFrom(...mails), fc.array(changeOf(mails, pieces), { minLength: 1, maxLength: 6 }))
    .map(([mail, changes]) => changes.reduce<Buffer>((changed, each) => each(changed), mail));
}

function changeOf(mails: readonly Buffer[], pieces: readonly string[]): fc.Arbitrary<Change> {
  const piece = fc.constantFrom(...pieces).map((text) => Buffer.from(text, 'latin1'));
  return fc.oneof(
    fc.tuple(place, piece).map(
      ([share, added]): Change =>
        (mail) =>
          Buffer.concat([mail.subarray(0, at(mail, share)), added, mail.subarray(at(mail, share))]),
    ),
    fc.tuple(place, place).map(
      ([a, b]): Change =>
        (mail) =>
          Buffer.concat([mail.subarray(0, at(mail, Math.min(a, b))), mail.subarray(at(mail, Math.max(a, b)))]),
    ),
    fc.tuple(place, place).map(
      ([a, b]): Change =>
        (mail) =>
          Buffer.concat([mail, mail.subarray(at(mail, Math.min(a, b)), at(mail, Math.max(a, b)))]),
    ),
    fc.tuple(place, fc.uint8Array({ minLength: 1, maxLength: 20 })).map(
      ([share, bytes]): Change =>
        (mail) => {
          const copy = Buffer.from(mail);
          copy.set(bytes.subarray(0, copy.length - at(mail, share)), at(mail, share));
          return copy;
        },
    ),
    fc.tuple(place, fc.constantFrom(...mails)).map(
      ([share, other]): Change =>
        (mail) =>
          Buffer.concat([mail.subarray(0, at(mail, share)), other.subarray(at(other, share))]),
    ),
    place.map(
      (share): Change =>
        (mail) =>
          mail.subarray(0, at(mail, share)),
    ),
  );
}
