// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields } from '@mail-proxy/core';
import * as v from 'valibot';
import type { S3Settings } from '../object-storage/open-s3.ts';
import { bucket, key, prefix } from './config-fields.ts';

/** The host of Amazon's own service is made of it. */
const region = v.pipe(
  v.string(),
  v.regex(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'expected a region such as eu-south-1'),
);

const endpointUrl = v.pipe(
  fields.httpUrl,
  v.check((url) => {
    const { pathname, search, hash } = new URL(url);
    return pathname === '/' && search === '' && hash === '';
  }, 'expected a URL without a path'),
);

/** What a tenant gives for a storage of protocol `s3`. */
export const s3Config = v.strictObject({
  bucket,
  prefix,
  aws_access_key_id: key(256),
  aws_secret_access_key: key(1_024),
  region: v.optional(region, 'us-east-1'),
  endpoint_url: v.optional(endpointUrl),
  /** Whether the bucket stands in the path; by default where there is an `endpoint_url`. */
  path_style: v.optional(v.boolean('expected true or false')),
});

/** All is said: what is left out is never looked for in the environment, where the operator's own may stand. */
export function s3Settings(config: v.InferOutput<typeof s3Config>): S3Settings {
  return {
    ...{ bucket: config.bucket, prefix: config.prefix, region: config.region },
    endpoint: config.endpoint_url ?? amazon(config.region),
    pathStyle: config.path_style ?? config.endpoint_url !== undefined,
    credentials: { accessKeyId: config.aws_access_key_id, secretAccessKey: config.aws_secret_access_key },
  };
}

function amazon(region: string): string {
  return `https://s3.${region}.amazonaws.com${region.startsWith('cn-') ? '.cn' : ''}`;
}
