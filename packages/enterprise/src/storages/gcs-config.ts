// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { GcsSettings } from '../object-storage/open-gcs.ts';
import { bucket, key, prefix } from './config-fields.ts';

/**
 * What a tenant gives for a storage of protocol `gcs`: of a service account's key file the two fields that are needed.
 * The others name hosts to call and files to read.
 */
export const gcsConfig = v.strictObject({
  bucket,
  prefix,
  client_email: v.pipe(
    v.string(),
    v.regex(/^[^\s@]{1,128}@[A-Za-z0-9.-]{1,128}$/, 'expected the address of an account'),
  ),
  private_key: v.pipe(
    v.string(),
    v.maxLength(16_384, 'expected at most 16384 characters'),
    v.regex(
      /^-----BEGIN (RSA )?PRIVATE KEY-----\n[\s\S]*-----END (RSA )?PRIVATE KEY-----\s*$/,
      'expected a key in PEM',
    ),
  ),
  project: v.optional(key(64)),
});

export function gcsSettings(config: v.InferOutput<typeof gcsConfig>): GcsSettings {
  return {
    ...{ bucket: config.bucket, prefix: config.prefix },
    // An empty one is not looked for in the environment.
    project: config.project ?? '',
    credentials: { clientEmail: config.client_email, privateKey: config.private_key },
  };
}
