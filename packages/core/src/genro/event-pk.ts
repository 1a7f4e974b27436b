// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';

/** Of the 74 bits that a UUIDv7 has beside its time; more rows than the original ever numbered. */
const NUMBER_BITS = 34;
const HASH_BITS = 40;
const RAND_B_BITS = 62n;

/**
 * The primary key of a row that had a number of its own: the same each time it is asked for, so that the row is never
 * taken twice, and in the order of the times and, within one of them, of the numbers. It has the form of a UUIDv7.
 *
 * @param at - milliseconds
 * @param number - that the row had
 * @param what - tells rows apart that have one time and one number, as rows of several sources may
 */
export function pkOfNumbered(at: number, number: number, what: string): string {
  const hash = BigInt(
    `0x${createHash('sha256')
      .update(what)
      .digest('hex')
      .slice(0, HASH_BITS / 4)}`,
  );
  const own = (BigInt.asUintN(NUMBER_BITS, BigInt(Math.max(0, Math.floor(number)))) << BigInt(HASH_BITS)) | hash;
  const time = hex(BigInt(Math.max(0, Math.floor(at))), 12);
  const first = hex(own >> RAND_B_BITS, 3);
  const second = hex(BigInt.asUintN(Number(RAND_B_BITS), own) | (1n << 63n), 16);
  return `${time.slice(0, 8)}-${time.slice(8)}-7${first}-${second.slice(0, 4)}-${second.slice(4)}`;
}

function hex(value: bigint, digits: number): string {
  return value.toString(16).padStart(digits, '0').slice(-digits);
}
