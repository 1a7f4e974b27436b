// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import { existsSync } from 'node:fs';
import { rename } from 'node:fs/promises';
import type { EngineConfig } from '../config/engine-config.ts';
import { createKeyFile, readKeyFile } from '../secrets/key-file.ts';
import { readKeySource } from '../secrets/key-source.ts';
import { keyIdOf } from '../secrets/key-text.ts';
import type { SealedValues } from '../transfer/sealed-values.ts';
import { keySource } from './open-keys.ts';
import { findSecretsKey } from './secrets-key.ts';

export interface RestoredKeyOptions {
  /** What a backup wrote. */
  readonly file: string;
  /** Move a database aside that is there, and its keys where they are others. @defaultValue false */
  readonly force?: boolean;
  /** File of the keys that seal the backup's secrets. @defaultValue that beside the backup, where there is one */
  readonly keyFile?: string;
  /** Restore although stored secrets will be unreadable. @defaultValue false */
  readonly allowUnreadableSecrets?: boolean;
}

/** The keys that the restored database needs. */
export interface RestoredKeys {
  /** Ids of those that are not here. */
  readonly unreadable: readonly string[];
  /** Put them where an engine looks for them; those of the old database go with it. */
  place(aside: string): Promise<void>;
}

/**
 * Find the keys of a backup: given, beside it, or here already.
 *
 * @throws {MailProxyError} `sealed_with_unknown_key` where they are none of these, unless that is allowed
 */
export async function keysFor(
  config: EngineConfig,
  sealed: readonly SealedValues[],
  { file, keyFile, force = false, allowUnreadableSecrets = false }: RestoredKeyOptions,
): Promise<RestoredKeys> {
  const beside = `${file}.key`;
  const given = keyFile ?? (existsSync(beside) ? beside : undefined);
  const { from } = keySource(config);
  const own = (await readKeySource(keySource(config)))?.map(keyIdOf);
  const isOther = own !== undefined && sealed.some(({ key }) => !own.includes(key));
  if (isOther && given !== undefined && force && from.kind === 'file') {
    const keys = (await readKeyFile(given)) ?? [];
    const ids = keys.map(keyIdOf);
    if (sealed.every(({ key }) => ids.includes(key))) {
      return { unreadable: [], place: (aside) => replaceKeyFile(from.path, keys, aside) };
    }
  }
  const key = await findSecretsKey(config, sealed, {
    ...(given === undefined ? {} : { sourceKeyFile: given }),
    allowUnreadableSecrets,
  });
  return { unreadable: key.unreadable, place: () => key.keep() };
}

async function replaceKeyFile(path: string, keys: readonly KeyObject[], aside: string): Promise<void> {
  if (existsSync(path)) await rename(path, `${aside}.key`);
  await createKeyFile(path, keys);
}
