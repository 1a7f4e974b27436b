// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import { readKeyCommand } from './key-command.ts';
import { createKeyFile, newKey, readKeyFile } from './key-file.ts';

/** Where the keys are that seal and open what is stored. */
export interface KeySource {
  readonly from:
    | { readonly kind: 'given'; readonly key: KeyObject }
    /** Made when missing, where nothing is sealed yet. */
    | { readonly kind: 'file'; readonly path: string }
    | { readonly kind: 'command'; readonly command: readonly string[] }
    /** For a database that is gone with the process. */
    | { readonly kind: 'memory' };
  /** They open too, and never seal. */
  readonly others: readonly KeyObject[];
}

/**
 * The keys as they are there now, the one that seals first; null where there is none yet.
 *
 * @throws {MailProxyError} `invalid_config` when a key is malformed, or cannot be read
 */
export async function readKeySource({ from, others }: KeySource): Promise<readonly KeyObject[] | null> {
  switch (from.kind) {
    case 'given':
      return [from.key, ...others];
    case 'file': {
      const keys = await readKeyFile(from.path);
      return keys === null ? null : [...keys, ...others];
    }
    case 'command':
      return [...(await readKeyCommand(from.command)), ...others];
    case 'memory':
      return null;
    default:
      return from satisfies never;
  }
}

/**
 * Make the first key, where {@link readKeySource} found none.
 *
 * @throws {MailProxyError} `invalid_config` when it cannot be kept
 */
export async function makeFirstKey({ from, others }: KeySource): Promise<readonly KeyObject[]> {
  if (from.kind !== 'file') return [newKey(), ...others];
  return [...(await createKeyFile(from.path)), ...others];
}

/** What to call it when a person is told to change it. */
export function nameOfSource({ from }: KeySource): string {
  switch (from.kind) {
    case 'given':
      return 'encryptionKey (GMP_ENCRYPTION_KEY)';
    case 'file':
      return from.path;
    case 'command':
      return `what ${from.command[0]} writes`;
    case 'memory':
      return 'memory';
    default:
      return from satisfies never;
  }
}
