// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ObjectStore } from '../object-storage/object-store.types.ts';
import { openAzure } from '../object-storage/open-azure.ts';
import { openGcs } from '../object-storage/open-gcs.ts';
import { openS3 } from '../object-storage/open-s3.ts';
import type { CloudKind } from '../object-storage/storage-url.ts';
import type { OpenStores } from './open-stores.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

export interface BucketPlace {
  readonly kind: CloudKind;
  readonly bucket: string;
  readonly prefix: string;
}

/** Buckets that are reached with the operator's credentials, as the SDKs find them in the environment of the process. */
export interface InstanceStores {
  /** Say what is missing in the environment, or null. */
  check(kind: CloudKind): string | null;
  open(place: BucketPlace): Promise<ObjectStore>;
}

export function createInstanceStores(opened: OpenStores, env: Environment): InstanceStores {
  return {
    check: (kind) => check(kind, env),
    open: ({ kind, bucket, prefix }) =>
      opened.get({ tenantId: null, settings: { kind, bucket, prefix } }, () => {
        if (kind === 'gcs') return openGcs({ bucket, prefix });
        if (kind === 'azure') return openAzure({ container: bucket, prefix });
        const endpoint = s3Endpoint(env);
        // Services that are not Amazon's have no regions; of a bucket of Amazon's elsewhere the answer says so.
        const region = s3Region(env) ?? 'us-east-1';
        return openS3({ bucket, prefix, region, endpoint, pathStyle: endpoint !== undefined });
      }),
  };
}

/** The SDKs of Amazon and Google ask files and the network for what they find, so that nothing can be said of it here. */
function check(kind: CloudKind, env: Environment): string | null {
  if (kind === 'azure' && AZURE.every((name) => !env[name])) return `the server has none of ${AZURE.join(', ')} set`;
  return null;
}

/** Enough to know the account by. */
const AZURE = ['AZURE_STORAGE_CONNECTION_STRING', 'AZURE_STORAGE_ACCOUNT_NAME', 'AZURE_STORAGE_ACCOUNT'];

function s3Endpoint(env: Environment): string | undefined {
  return env['AWS_ENDPOINT_URL_S3'] || env['AWS_ENDPOINT_URL'] || undefined;
}

function s3Region(env: Environment): string | undefined {
  return env['AWS_REGION'] || env['AWS_DEFAULT_REGION'] || undefined;
}
