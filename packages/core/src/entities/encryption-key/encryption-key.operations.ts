// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { defineOperation } from '../../operations/operation.ts';
import { keyStatusOutput, rotationOutput, rotationView } from './encryption-key.schema.ts';
import type { KeyHolder } from './encryption-key.store.ts';
import type { RotationProgress } from './rotation.ts';
import type { KeyCounts } from './sealed-queries.ts';

/** What seals and opens here, and what is sealed with what. */
export interface EncryptionServices {
  readonly encryption: {
    /** Ids of the keys at hand, the one that seals first. */
    readonly keyIds: readonly string[];
    /** By `table.column`. */
    counts(): Promise<ReadonlyMap<string, KeyCounts>>;
    holders(): Promise<readonly KeyHolder[]>;
    /** @throws {MailProxyError} `conflict` while another instance would go on sealing with another key */
    rotate(): Promise<RotationProgress>;
    readonly rotation: RotationProgress;
  };
}

export const keyStatus = defineOperation({
  name: 'keys.status',
  summary: 'Show which encryption keys are at hand, and what is sealed with which',
  http: { method: 'GET', path: '/v1/encryption-keys' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: keyStatusOutput,
  async run({ encryption }: EncryptionServices) {
    const [counts, holders] = await Promise.all([encryption.counts(), encryption.holders()]);
    const { keyIds } = encryption;
    const columns = [...counts].flatMap(([column, byKey]) =>
      [...byKey].map(([key, values]) => ({ column, key, at_hand: key === null || keyIds.includes(key), values })),
    );
    const ids = new Set([...keyIds, ...columns.flatMap(({ key }) => (key === null ? [] : [key]))]);
    return {
      sealing: keyIds[0] ?? '',
      keys: [...ids].map((id) => ({
        id,
        at_hand: keyIds.includes(id),
        values: columns.reduce((sum, { key, values }) => (key === id ? sum + values : sum), 0),
      })),
      columns,
      instances: holders.map(({ session, instance, keyIds: keys }) => ({ instance, session, keys: [...(keys ?? [])] })),
    };
  },
});

export const rotateKeys = defineOperation({
  name: 'keys.rotate',
  summary: 'Seal everything anew with the newest encryption key, while servers run',
  http: { method: 'POST', path: '/v1/encryption-keys/rotation', status: 202 },
  access: 'admin',
  audit: true,
  input: v.strictObject({}),
  output: rotationOutput,
  run: async ({ encryption }: EncryptionServices) => rotationView(await encryption.rotate()),
});

export const showRotation = defineOperation({
  name: 'keys.rotation',
  summary: 'Show how far the rotation of the encryption keys is, on the instance that does it',
  http: { method: 'GET', path: '/v1/encryption-keys/rotation' },
  access: 'admin',
  audit: false,
  input: v.strictObject({}),
  output: rotationOutput,
  run: async ({ encryption }: EncryptionServices) => rotationView(encryption.rotation),
});

export const encryptionKeyOperations = [keyStatus, rotateKeys, showRotation] as const;
