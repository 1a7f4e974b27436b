// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { baseUrl } from './large-file-config.ts';

/** What an embedder may set of the mixin: `mixinConfig: { 'large-attachments': { ... } }`. */
const schema = v.strictObject({
  /** What links begin with where a tenant has no URL of its own: where this instance is reached from outside. */
  publicUrl: v.nullish(baseUrl, null),
});

export type LargeAttachmentsConfig = Readonly<v.InferOutput<typeof schema>>;

/** @throws {MailProxyError} `invalid_config` */
export function largeAttachmentsConfig(config: unknown): LargeAttachmentsConfig {
  const parsed = v.safeParse(schema, config ?? {});
  if (parsed.success) return parsed.output;
  const words = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  throw new MailProxyError('invalid_config', { detail: `large-attachments: ${words.join('; ')}` });
}
