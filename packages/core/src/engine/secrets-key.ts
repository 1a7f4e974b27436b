// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { EngineConfig } from '../config/engine-config.ts';
import { MailProxyError } from '../errors.ts';
import { findKey, keepKey } from '../secrets/key-file.ts';
import { createSealer } from '../secrets/sealer.ts';
import type { SealedValues } from '../transfer/sealed-values.ts';
import { keySource } from './create-mail-engine.ts';

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
  const own = await findKey(place);
  const given = sourceKeyFile === undefined ? null : await givenKey(sourceKeyFile);
  if (own !== null && given !== null && !own.equals(given)) {
    throw new MailProxyError('invalid_config', {
      detail: `the new database has another key already (${placeName(place)}); set it to that of ${sourceKeyFile}`,
    });
  }
  const key = own ?? given;
  const keyId = key === null ? null : createSealer(key).keyId;
  const unknown = sealed.filter((values) => values.key !== keyId);
  if (unknown.length > 0 && !allowUnreadableSecrets) throw cannotOpen(unknown, keyId);
  return {
    unreadable: [...new Set(unknown.map((values) => values.key))],
    async keep() {
      if (own !== null || given === null) return;
      const kept = await keepKey(place.keyFile, given);
      if (kept.equals(given)) return;
      throw new MailProxyError('invalid_config', { detail: `${place.keyFile} was made by somebody else meanwhile` });
    },
  };
}

async function givenKey(keyFile: string): Promise<Buffer> {
  const key = await findKey({ keyFile });
  if (key === null) throw new MailProxyError('invalid_config', { detail: `there is no key file ${keyFile}` });
  return key;
}

function cannotOpen(unknown: readonly SealedValues[], keyId: string | null): MailProxyError {
  const values = unknown.reduce((sum, each) => sum + each.values, 0);
  const columns = [...new Set(unknown.map(({ column }) => column))].join(', ');
  const keys = [...new Set(unknown.map(({ key }) => key))].join(', ');
  return new MailProxyError('sealed_with_unknown_key', {
    detail:
      `${values} secrets (${columns}) were sealed with the key ${keys}, and ` +
      `${keyId === null ? 'the new database has no key yet' : `the key of the new database is ${keyId}`}. ` +
      "Name the old database's key file with --encryption-key-file.",
  });
}

function placeName({ key, keyFile }: { readonly key?: string | undefined; readonly keyFile: string }): string {
  return key === undefined ? keyFile : 'encryptionKey';
}
