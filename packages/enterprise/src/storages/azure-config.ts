// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import type { AzureAccount, AzureSettings } from '../object-storage/open-azure.ts';
import { bucket, prefix } from './config-fields.ts';

/** Clouds of Azure; a host of another domain is no storage of it. */
const SUFFIXES = ['core.windows.net', 'core.chinacloudapi.cn', 'core.usgovcloudapi.net'] as const;

/** The host is made of it. */
const accountName = v.pipe(v.string(), v.regex(/^[a-z0-9]{3,24}$/, 'expected 3 to 24 lower-case letters and digits'));
const accountKey = v.pipe(v.string(), v.maxLength(1_024), v.regex(/^[A-Za-z0-9+/]+={0,2}$/, 'expected base64'));

const PARTS =
  'expected AccountName, AccountKey, and beside them DefaultEndpointsProtocol=https and EndpointSuffix only';

/** What a connection string may have here; endpoints and signatures of its own are refused. */
const connectionParts = v.strictObject({
  DefaultEndpointsProtocol: v.optional(v.literal('https')),
  AccountName: accountName,
  AccountKey: accountKey,
  EndpointSuffix: v.optional(v.picklist(SUFFIXES), SUFFIXES[0]),
});

const connectionString = v.pipe(
  v.string(),
  v.maxLength(4_096, 'expected at most 4096 characters'),
  v.rawTransform(({ dataset, addIssue, NEVER }) => {
    const parsed = v.safeParse(connectionParts, partsOf(dataset.value));
    if (parsed.success) return parsed.output;
    // The issues themselves quote the string.
    addIssue({ message: PARTS });
    return NEVER;
  }),
);

/** What a tenant gives for a storage of protocol `azure`: a connection string, or a name and a key. */
export const azureConfig = v.pipe(
  v.strictObject({
    container: bucket,
    prefix,
    account_name: v.optional(accountName),
    account_key: v.optional(accountKey),
    connection_string: v.optional(connectionString),
  }),
  v.forward(
    v.check(
      ({ account_name, account_key, connection_string: text }) =>
        text === undefined
          ? account_name !== undefined && account_key !== undefined
          : account_name === undefined && account_key === undefined,
      'expected either connection_string, or account_name and account_key',
    ),
    ['account_name'],
  ),
);

export function azureSettings(config: v.InferOutput<typeof azureConfig>): AzureSettings {
  return { container: config.container, prefix: config.prefix, account: accountOf(config) };
}

function accountOf({
  account_name = '',
  account_key = '',
  connection_string: parsed,
}: v.InferOutput<typeof azureConfig>): AzureAccount {
  if (parsed === undefined) return { name: account_name, key: account_key, endpointSuffix: SUFFIXES[0] };
  return { name: parsed.AccountName, key: parsed.AccountKey, endpointSuffix: parsed.EndpointSuffix };
}

/** `Name=value` between semicolons; base64 may end in `=`. */
function partsOf(text: string): Readonly<Record<string, string>> {
  const parts = text.split(';').filter((part) => part.trim() !== '');
  return Object.fromEntries(
    parts.map((part) => {
      const [name = '', ...value] = part.split('=');
      return [name.trim(), value.join('=').trim()];
    }),
  );
}
