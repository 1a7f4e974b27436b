// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ErrorCode, MailProxyError } from '@mail-proxy/core';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { colorsOf } from './colors.ts';
import type { CommandContext } from './command-context.ts';

/** Every other failure lies in the configuration. */
const CODES: Readonly<Partial<Record<ErrorCode, ExitCode>>> = {
  archive_damaged: EXIT.data,
  target_not_empty: EXIT.refused,
  conflict: EXIT.refused,
  not_found: EXIT.refused,
  import_unfinished: EXIT.refused,
  unsupported: EXIT.refused,
  database_locked: EXIT.unavailable,
  database_unavailable: EXIT.unavailable,
  storage_full: EXIT.unavailable,
};

const NEXT: Readonly<Partial<Record<ErrorCode, string>>> = {
  archive_damaged: 'Copy it again, or export again; of a backup, take another one',
  database_locked: 'Stop the server first: this works on the database itself',
  database_unavailable: 'Check GMP_DATABASE_URL or GMP_DB_PATH, and whether the database server runs',
  mixin_required: 'Install the enterprise package, or set GMP_EDITION=auto',
  not_found: 'Check GMP_DATA_DIR, GMP_DB_PATH or GMP_DATABASE_URL',
  storage_full: 'Make room, then run it again; an import goes on with --resume',
};

/** Say on stderr what failed on the database and what to do next. */
export function reportFailure(
  { code, message }: MailProxyError,
  { streams: { stderr }, env }: Pick<CommandContext, 'streams' | 'env'>,
): ExitCode {
  const colors = colorsOf(stderr, env);
  stderr.write(`${colors.red('error:')} ${message} (${code})\n`);
  const next = NEXT[code];
  if (next !== undefined) stderr.write(`  ${next}\n`);
  return CODES[code] ?? EXIT.config;
}
