// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createAdapterStore } from './adapter-store.ts';
import type { OpenStore } from './open-s3.ts';

/** Seven days: what a signature of version 4 lasts at most. */
const MAX_PRESIGN_SECONDS = 604_800;

export interface GcsSettings {
  readonly bucket: string;
  readonly prefix: string;
  readonly project?: string | undefined;
  /** Of a service account. Undefined: as the SDK finds them in the environment. */
  readonly credentials?: { readonly clientEmail: string; readonly privateKey: string } | undefined;
}

/** All hosts are Google's own: settings name none. */
export async function openGcs({ bucket, prefix, project, credentials }: GcsSettings): Promise<OpenStore> {
  const { gcs } = await import('files-sdk/gcs');
  const adapter = gcs({
    bucket,
    ...(project === undefined ? {} : { projectId: project }),
    // Nothing more of a key file: its other fields name hosts to call and files to read.
    ...(credentials === undefined
      ? {}
      : { credentials: { client_email: credentials.clientEmail, private_key: credentials.privateKey } }),
  });
  return {
    store: createAdapterStore(adapter, { prefix, maxPresignSeconds: MAX_PRESIGN_SECONDS }),
    close: () => undefined,
  };
}
