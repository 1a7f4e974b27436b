// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHmac, hkdfSync, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

/** Marks texts that leave this place, so that what comes back can be told from what somebody made up. */
export interface Macs {
  /** The HMAC-SHA256 of the text, 32 bytes, by the key that seals now. */
  sign(text: string): Uint8Array;
  /**
   * Whether one of the keys at hand made it, compared in constant time: a key that was changed for another is good for as
   * long as it stays at hand.
   *
   * @param mac - as it was signed, or its first bytes, at least {@link MIN_MAC_BYTES}
   */
  verify(text: string, mac: Uint8Array): boolean;
}

/** 2^80 tries for one that is right, each of them a mail. */
export const MIN_MAC_BYTES = 10;
const MAC_BYTES = 32;

/** Macs of one purpose: by keys of their own, derived from those of the ring, so that none is good for another purpose. */
export function createMacs(ring: Pick<KeyRing, 'ids' | 'find'>, purpose: string): Macs {
  const derived = new WeakMap<KeyObject, Buffer>();
  const derivedFrom = (key: KeyObject): Buffer => {
    const known = derived.get(key);
    if (known !== undefined) return known;
    const made = Buffer.from(hkdfSync('sha256', key, Buffer.of(), `mail-proxy mac ${purpose}`, MAC_BYTES));
    derived.set(key, made);
    return made;
  };
  const macOf = (id: string | undefined, text: string): Buffer => {
    const key = id === undefined ? undefined : ring.find(id);
    if (key === undefined) throw new Error('the ring has lost its key');
    return createHmac('sha256', derivedFrom(key)).update(text).digest();
  };
  return {
    sign: (text) => macOf(ring.ids[0], text),
    verify(text, mac) {
      if (mac.byteLength < MIN_MAC_BYTES || mac.byteLength > MAC_BYTES) return false;
      let isRight = false;
      for (const id of ring.ids) {
        const expected = macOf(id, text).subarray(0, mac.byteLength);
        isRight = timingSafeEqual(expected, mac) || isRight;
      }
      return isRight;
    },
  };
}
