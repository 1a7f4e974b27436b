// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomFillSync } from 'node:crypto';
import { V7Generator } from 'uuidv7';
import type { Clock } from './clock.ts';

/** 4 KiB of randomness at a time. */
const WORDS = 1_024;

/** Makes primary keys: UUIDv7 (RFC 9562 §5.7), so that keys sort in the order in which they were made. */
export type MakePk = () => string;

/**
 * Keys of one generator rise strictly, also when the wall clock steps back: it then counts on from the last
 * time it saw, for as long as the step is under ten seconds, and starts anew beyond that.
 */
export function pkGenerator(clock: Clock): MakePk {
  const generator = new V7Generator({ nextUint32: randomWords() });
  return () => {
    const hex = Buffer.from(generator.generateOrResetCore(clock.now(), 10_000).bytes).toString('hex');
    return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20)}`;
  };
}

/** Random numbers of 32 bits, drawn many at a time: a call of the system's generator costs more than all else of a key. */
function randomWords(): () => number {
  const words = new Uint32Array(WORDS);
  let drawn = words.length;
  return () => {
    if (drawn === words.length) {
      randomFillSync(words);
      drawn = 0;
    }
    return words[drawn++] ?? 0;
  };
}

/** The time at which a primary key was made, in milliseconds since the epoch (RFC 9562 §5.7: its first 48 bits). */
export function timeOfPk(pk: string): number {
  return Number.parseInt(pk.slice(0, 8) + pk.slice(9, 13), 16);
}

/** Not after any primary key that was made at this time or later. */
export function firstPkAt(ms: number): string {
  const hex = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0');
  return `${hex.slice(0, 8)}-${hex.slice(8)}-7000-8000-000000000000`;
}

/** A primary key as if it had been made at that time, from one that was made now. */
export function pkMadeAt(ms: number, pk: string): string {
  return firstPkAt(ms).slice(0, TIME_CHARACTERS) + pk.slice(TIME_CHARACTERS);
}

/** Of the time in a primary key, with the dash in it. */
const TIME_CHARACTERS = 13;

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** Whether `text` has the form of a primary key, so that it may be one; client ids may have that form too. */
export function looksLikePk(text: string): boolean {
  return UUID.test(text);
}
