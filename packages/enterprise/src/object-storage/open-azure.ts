// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createAdapterStore } from './adapter-store.ts';
import type { OpenStore } from './open-s3.ts';

/** A year. A signature by the account's key has no end of its own. */
const MAX_PRESIGN_SECONDS = 31_536_000;

export interface AzureAccount {
  readonly name: string;
  readonly key: string;
  /** Of the cloud, such as `core.windows.net`. */
  readonly endpointSuffix: string;
}

export interface AzureSettings {
  readonly container: string;
  readonly prefix: string;
  /** Undefined: as the adapter finds it in the environment. */
  readonly account?: AzureAccount | undefined;
}

/** The host is one of the cloud's own, named after the account. */
export async function openAzure({ container, prefix, account }: AzureSettings): Promise<OpenStore> {
  const { azure } = await import('files-sdk/azure');
  const adapter = azure({
    container,
    ...(account === undefined ? {} : { connectionString: connectionStringOf(account) }),
  });
  return {
    store: createAdapterStore(adapter, { prefix, maxPresignSeconds: MAX_PRESIGN_SECONDS }),
    close: () => undefined,
  };
}

/** Given the name and the key alone, the adapter would prefer a connection string of the environment: the operator's. */
function connectionStringOf({ name, key, endpointSuffix }: AzureAccount): string {
  return `DefaultEndpointsProtocol=https;AccountName=${name};AccountKey=${key};EndpointSuffix=${endpointSuffix}`;
}
