// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { KeyObject } from 'node:crypto';
import type { EngineConfig } from '../config/engine-config.ts';
import { MailProxyError } from '../errors.ts';
import { createKeyFile, readKeyFile } from '../secrets/key-file.ts';
import { nameOfSource, readKeySource } from '../secrets/key-source.ts';
import { keyIdOf } from '../secrets/key-text.ts';
import type { SealedValues } from '../transfer/sealed-values.ts';
import { keySource } from './open-keys.ts';

export interface SecretsKeyOptions {
  /** File of the key that the exported database used. */
  readonly sourceKeyFile?: string;
  readonly allowUnreadableSecrets?: boolean;
}

/** The key under which a new database finds its secrets. */
export interface SecretsKey {
  /** Ids of keys that secrets need and that is not here. */
  readonly unreadable: readonly string[];
  /** Put the key to where an engine on the new database looks for it, if there is none yet. */
  keep(): Promise<void>;
}

/**
 * Find out whether an engine on the new database will be able to open the secrets of an archive.
 *
 * @throws {MailProxyError} `sealed_with_unknown_key` when not, unless that is allowed; `invalid_config` for two
 * different keys, and for key files that cannot be used
 */
export async function findSecretsKey(
  config: EngineConfig,
  sealed: readonly SealedValues[],
  { sourceKeyFile, allowUnreadableSecrets = false }: SecretsKeyOptions,
): Promise<SecretsKey> {
  const place = keySource(config);
  const own = await readKeySource(place);
  const given = sourceKeyFile === undefined ? null : await givenKeys(sourceKeyFile);
  const ids = idsOf(own ?? given);
  if (own !== null && given !== null && !idsOf(given).every((id) => ids.includes(id))) {
    throw new MailProxyError('invalid_config', {
      detail: `the new database has another key already (${nameOfSource(place)}); set it to that of ${sourceKeyFile}`,
    });
  }
  const unknown = sealed.filter((values) => !ids.includes(values.key));
  if (unknown.length > 0 && !allowUnreadableSecrets) throw cannotOpen(unknown, ids);
  return {
    unreadable: [...new Set(unknown.map((values) => values.key))],
    async keep() {
      if (own !== null || given === null || place.from.kind !== 'file') return;
      const { path } = place.from;
      if (idsOf(await createKeyFile(path, given)).join() === idsOf(given).join()) return;
      throw new MailProxyError('invalid_config', { detail: `${path} was made by somebody else meanwhile` });
    },
  };
}

async function givenKeys(keyFile: string): Promise<readonly KeyObject[]> {
  const keys = await readKeyFile(keyFile);
  if (keys === null) throw new MailProxyError('invalid_config', { detail: `there is no key file ${keyFile}` });
  return keys;
}

function idsOf(keys: readonly KeyObject[] | null): readonly string[] {
  return (keys ?? []).map(keyIdOf);
}

function cannotOpen(unknown: readonly SealedValues[], ids: readonly string[]): MailProxyError {
  const values = unknown.reduce((sum, each) => sum + each.values, 0);
  const columns = [...new Set(unknown.map(({ column }) => column))].join(', ');
  const keys = [...new Set(unknown.map(({ key }) => key))].join(', ');
  return new MailProxyError('sealed_with_unknown_key', {
    detail:
      `${values} secrets (${columns}) were sealed with the key ${keys}, and ` +
      `${ids.length === 0 ? 'the new database has no key yet' : `the key of the new database is ${ids.join(', ')}`}. ` +
      "Name the old database's key file with --encryption-key-file.",
  });
}
