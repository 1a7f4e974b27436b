// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { simulate } from './simulate.ts';

/** What becomes of an address, attempt by attempt. */
function outcomes(local: string, attempts: number): readonly string[] {
  return Array.from({ length: attempts }, (_, attempt) => {
    const simulation = simulate(`${local}@simulate.invalid`, attempt);
    return simulation.kind === 'refuse' ? `${simulation.reply.code}` : simulation.kind;
  });
}

test.each([
  ['delivered', ['accept', 'accept']],
  ['anybody', ['accept', 'accept']],
  ['hardbounce', ['550', '550']],
  ['HardBounce+order-17', ['550', '550']],
  ['blocked', ['550', '550']],
  ['softbounce', ['450', '450', '450', '450']],
  ['softbounce+2', ['450', '450', 'accept']],
  ['softbounce+0', ['accept']],
  ['softbounce+soon', ['450', '450']],
  ['mailboxfull+1', ['452', 'accept']],
  ['indoubt', ['cut', 'accept']],
  ['indoubt+2', ['cut', 'cut', 'accept']],
  ['indoubtful', ['accept']],
] as const)('%s: %j', (local, expected) => {
  expect(outcomes(local, expected.length)).toEqual(expected);
});

test.each([
  ['slow@simulate.invalid', 5_000],
  ['slow+1s@simulate.invalid', 1_000],
  ['slow+90@SIMULATE.invalid', 90_000],
  ['slow+999999s@simulate.invalid', 3_600_000],
  ['slow+later@simulate.invalid', 5_000],
  ['slow+5s@example.org', 0],
])('%s is answered after %i ms', (address, afterMs) => {
  expect(simulate(address, 0)).toEqual({ kind: 'accept', afterMs });
});

test('an address of another domain takes its mail, whatever its name', () => {
  for (const address of [
    'hardbounce@example.org',
    'hardbounce@simulate.invalid.example',
    'hardbounce@x.simulate.invalid',
  ]) {
    expect(simulate(address, 0)).toEqual({ kind: 'accept', afterMs: 0 });
  }
});
