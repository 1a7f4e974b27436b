// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { validate } from '@mail-proxy/core';
import type { GenericSchema } from 'valibot';
import { openAzure } from '../object-storage/open-azure.ts';
import { openGcs } from '../object-storage/open-gcs.ts';
import { type AddressesOf, type OpenStore, openS3 } from '../object-storage/open-s3.ts';
import type { CloudKind } from '../object-storage/storage-url.ts';
import { azureConfig, azureSettings } from './azure-config.ts';
import { gcsConfig, gcsSettings } from './gcs-config.ts';
import { s3Config, s3Settings } from './s3-config.ts';

/** A kind of storage that tenants set up by themselves. */
export interface Cloud {
  readonly config: GenericSchema;
  /** Open one whose configuration was found right. */
  open(config: unknown, options: CloudOptions): Promise<OpenStore>;
}

export interface CloudOptions {
  /** Put behind the prefix of the configuration. */
  readonly prefix: string;
  readonly addressesOf: AddressesOf;
}

export const CLOUDS: Readonly<Record<CloudKind, Cloud>> = {
  s3: {
    config: s3Config,
    open: (config, { prefix, addressesOf }) =>
      openS3(within(s3Settings(validate(s3Config, config)), prefix), addressesOf),
  },
  gcs: {
    config: gcsConfig,
    open: (config, { prefix }) => openGcs(within(gcsSettings(validate(gcsConfig, config)), prefix)),
  },
  azure: {
    config: azureConfig,
    open: (config, { prefix }) => openAzure(within(azureSettings(validate(azureConfig, config)), prefix)),
  },
};

export function isCloudKind(protocol: string): protocol is CloudKind {
  return Object.hasOwn(CLOUDS, protocol);
}

function within<Settings extends { readonly prefix: string }>(settings: Settings, prefix: string): Settings {
  return { ...settings, prefix: [settings.prefix, prefix].filter((each) => each !== '').join('/') };
}
