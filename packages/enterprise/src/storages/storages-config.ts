// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { checkRoot, MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';

const root = v.pipe(
  v.string(),
  v.check(
    (folder) => checkRoot(folder) === null,
    (issue) => checkRoot(String(issue.input)) ?? '',
  ),
);

/** What an operator may set of the mixin: `mixinConfig: { storages: { ... } }`. */
const schema = v.strictObject({
  /** Folders below which `file:///...` puts objects; `{tenant}` stands for the id of the tenant. */
  fileRoots: v.optional(v.array(root), []),
});

export type StoragesConfig = v.InferOutput<typeof schema>;

/** @throws {MailProxyError} `invalid_config` */
export function storagesConfig(config: unknown): StoragesConfig {
  const parsed = v.safeParse(schema, config ?? {});
  if (parsed.success) return parsed.output;
  const words = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  throw new MailProxyError('invalid_config', { detail: `storages: ${words.join('; ')}` });
}
