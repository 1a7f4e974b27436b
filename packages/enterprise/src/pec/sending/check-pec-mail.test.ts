// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { type CheckedPecMail, checkPecMail, MAX_OCTETS_BY_RECIPIENTS } from './check-pec-mail.ts';

const FROM = 'studio@pec.example.it';
const ANN = 'ann@pec.example.org';
const BOB = 'bob@pec.example.org';

const HEADER: CheckedPecMail['header'] = { from: [FROM], sender: [], to: [ANN], cc: [BOB], bcc: [], unreadable: [] };

type Changes = Partial<Omit<CheckedPecMail, 'header'>> & { readonly header?: Partial<CheckedPecMail['header']> };

/** A mail to Ann, with a copy to Bob. */
function check({ header, to = [ANN, BOB], ...changes }: Changes = {}): readonly string[] {
  const mail = { returnPaths: [FROM], recipients: to.length, octets: 2_000, ...changes };
  return checkPecMail({ ...mail, to, header: { ...HEADER, ...header } }).map(
    ({ field, message }) => `${field}: ${message}`,
  );
}

test('a mail from one address, to those that it shows, passes', () => {
  expect(check()).toEqual([]);
  expect(check({ header: { sender: ['Studio@PEC.example.it'] } })).toEqual([]);
});

test.each<readonly [what: string, changes: Changes, problems: readonly string[]]>([
  ['without a sender', { header: { from: [] } }, ['from: expected one address, got 0']],
  ['of two authors', { header: { from: [FROM, ANN] } }, ['from: expected one address, got 2']],
  ['with another Sender', { header: { sender: [ANN] } }, [`sender: expected nobody but ${FROM}, got ${ANN}`]],
  [
    'with another return path',
    { returnPaths: ['bounces@example.com'] },
    [`return_path: expected the address of From, ${FROM}, got bounces@example.com`],
  ],
  [
    'with the null sender',
    { returnPaths: [''] },
    [`return_path: expected the address of From, ${FROM}, got the null sender`],
  ],
  [
    'with a return path for each recipient',
    { returnPaths: [FROM, 'b+2@example.com'] },
    [`return_path: expected the address of From, ${FROM}, got b+2@example.com`],
  ],
  [
    'with a blind copy',
    { to: [ANN, BOB, 'eve@example.org'], header: { bcc: ['eve@example.org'] } },
    ['bcc: expected none: certified mail has no blind copies'],
  ],
  [
    'with a recipient that it does not show',
    { to: [ANN, BOB, 'eve@example.org'] },
    ['to: expected only recipients of To and Cc, got eve@example.org'],
  ],
  ['that leaves out one that it shows', { to: [ANN] }, [`to: expected all recipients of To and Cc, ${BOB} is missing`]],
  [
    'of which one recipient was served before',
    { to: [BOB], recipients: 2 },
    ['to: expected all recipients at once, as To and Cc name them: 1 of 2 are left to be served'],
  ],
  ['without To', { to: [BOB], header: { to: [] } }, ['to: expected at least one recipient in To']],
  [
    'with a To that nobody can read',
    { header: { to: [], unreadable: ['to'] } },
    ['to: expected addresses that can be read'],
  ],
  [
    'whose From cannot be read',
    { header: { from: [], unreadable: ['from'] } },
    ['from: expected addresses that can be read'],
  ],
  [
    'with many hidden recipients',
    { to: [ANN, BOB, 'a@x.example', 'b@x.example', 'c@x.example', 'd@x.example', 'e@x.example'] },
    ['to: expected only recipients of To and Cc, got a@x.example, b@x.example, c@x.example and 2 more'],
  ],
])('a mail %s is refused', (_, changes, problems) => {
  expect(check(changes)).toEqual(problems);
});

test('all that is wrong is told at once', () => {
  expect(check({ returnPaths: [''], header: { bcc: [ANN], sender: [ANN] }, octets: 1e9 })).toHaveLength(4);
});

test('size times recipients is at most thirty megabytes', () => {
  expect(MAX_OCTETS_BY_RECIPIENTS).toBe(31_457_280);
  expect(check({ octets: 15_728_640 })).toEqual([]);
  expect(check({ octets: 15_728_641 })).toEqual([
    'content: expected at most 31457280 bytes times recipients, got 15728641 times 2',
  ]);
  expect(check({ to: [ANN], header: { cc: [] }, octets: 31_457_280 })).toEqual([]);
});

test('envelope and header are the same set in any order and case, and one more or less on either side is not', () => {
  const people = fc.uniqueArray(fc.nat(50), { minLength: 1, maxLength: 12 });
  fc.assert(
    fc.property(people, fc.nat(), fc.infiniteStream(fc.boolean()), (numbers, at, coins) => {
      const toss = (): boolean => coins.next().value === true;
      const address = (number: number): string => (toss() ? `r${number}@PEC.example` : `R${number}@pec.example`);
      const [first = 0, ...others] = numbers;
      const copied = others.filter(() => toss());
      const header = {
        to: [first, ...others.filter((number) => !copied.includes(number))].map(address),
        cc: copied.map(address),
      };
      const to = numbers.toReversed().map(address);
      expect(check({ header, to })).toEqual([]);
      expect(check({ header, to: [...to, 'r99@pec.example'] })).toHaveLength(1);
      expect(check({ header, to: to.toSpliced(at % to.length, 1) })).toHaveLength(1);
    }),
  );
});
