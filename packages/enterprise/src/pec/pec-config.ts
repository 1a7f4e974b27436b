// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields, MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import type { TrustAnchors } from './signature/signature.types.ts';
import { parseTrustAnchors } from './signature/trust-anchors.ts';

/** What an embedder may set of the mixin: `mixinConfig: { pec: { ... } }`. */
const schema = v.strictObject({
  /** Certificates in PEM that are trusted for all tenants. */
  trustAnchors: v.optional(v.string(), ''),
  /** Bytes of a receipt that are read at most. */
  maxMailBytes: v.optional(fields.integer(1_048_576, 67_108_864), 67_108_864),
});

export interface PecConfig {
  readonly trustAnchors: TrustAnchors;
  readonly maxMailBytes: number;
}

/** @throws {MailProxyError} `invalid_config` */
export function pecConfig(config: unknown): PecConfig {
  const parsed = v.safeParse(schema, config ?? {});
  if (!parsed.success) {
    const words = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
    throw new MailProxyError('invalid_config', { detail: `pec: ${words.join('; ')}` });
  }
  const { trustAnchors, maxMailBytes } = parsed.output;
  try {
    return { trustAnchors: parseTrustAnchors(trustAnchors), maxMailBytes };
  } catch (error) {
    const what = error instanceof Error ? error.message : 'unreadable';
    throw new MailProxyError('invalid_config', { detail: `pec: trustAnchors: ${what}`, cause: error });
  }
}
