// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import { MailProxyError } from '../errors.ts';
import { keyIdOf } from './key-text.ts';

/** The keys at hand: one seals, all open. */
export class KeyRing {
  /** Private, so that neither a log nor `util.inspect` shows more than that there is a ring. */
  #keys: ReadonlyMap<string, KeyObject>;
  #sealingId: string;
  /** Told when something was to be opened with a key that is not here. */
  onMissing: () => void = () => undefined;

  /** @param keys - the one that seals first */
  constructor(keys: readonly KeyObject[]) {
    const { ids, sealingId } = named(keys);
    this.#keys = ids;
    this.#sealingId = sealingId;
  }

  /** Id of the key that seals. */
  get sealingId(): string {
    return this.#sealingId;
  }

  /** Ids of all keys, the one that seals first. */
  get ids(): readonly string[] {
    return [...this.#keys.keys()];
  }

  /** The key that seals. */
  get sealingKey(): KeyObject {
    const key = this.#keys.get(this.#sealingId);
    if (key === undefined) throw new Error('the ring has lost its key');
    return key;
  }

  find(id: string): KeyObject | undefined {
    return this.#keys.get(id);
  }

  /** Take these keys from now on, the one that seals first. */
  replace(keys: readonly KeyObject[]): void {
    const { ids, sealingId } = named(keys);
    this.#keys = ids;
    this.#sealingId = sealingId;
  }
}

function named(keys: readonly KeyObject[]): { ids: ReadonlyMap<string, KeyObject>; sealingId: string } {
  const [first] = keys;
  if (first === undefined) throw new MailProxyError('invalid_config', { detail: 'there is no encryption key' });
  return { ids: new Map(keys.map((key) => [keyIdOf(key), key])), sealingId: keyIdOf(first) };
}
