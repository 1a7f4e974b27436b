// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields, MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';

/** What an embedder may set of the mixin: `mixinConfig: { imap: { ... } }`. */
const schema = v.strictObject({
  /** Connections of this process at a time, over all mailboxes. */
  maxConnections: v.optional(fields.integer(1, 10_000), 20),
  /** Bytes of a mail that are read at most; what is behind is left out and the mail flagged as truncated. */
  maxMailBytes: v.optional(fields.integer(65_536, 67_108_864), 1_048_576),
  /** Milliseconds from the name to the open session. */
  openMs: v.optional(fields.integer(10, 300_000), 30_000),
  /** Milliseconds for one command, or one piece of a mail. */
  commandMs: v.optional(fields.integer(10, 300_000), 30_000),
  /** After the first failure of a check; doubled with each in a row. */
  retryMs: v.optional(fields.integer(10, 3_600_000), 5_000),
  maxRetryMs: v.optional(fields.integer(10, 86_400_000), 600_000),
  /** A server that refused the login is not asked again before; doubled with each refusal in a row, up to an hour. */
  loginRetryMs: v.optional(fields.integer(300_000, 86_400_000), 300_000),
  /** How often mailboxes of other instances and changes made there are looked for. */
  lookMs: v.optional(fields.integer(10, 600_000), 10_000),
  /** Days for which what became of each mail is kept. */
  keepDays: v.optional(fields.integer(30, 3_650), 90),
});
export type PollSettings = v.InferOutput<typeof schema>;

/** @throws {MailProxyError} `invalid_config` */
export function pollSettings(config: unknown): PollSettings {
  const parsed = v.safeParse(schema, config ?? {});
  if (parsed.success) return parsed.output;
  const words = parsed.issues.map((issue) => `${v.getDotPath(issue) ?? ''}: ${issue.message}`);
  throw new MailProxyError('invalid_config', { detail: `imap: ${words.join('; ')}` });
}
