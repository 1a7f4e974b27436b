// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type MigratedStep, migrateDatabase, type PlannedStep, planDatabase } from '@mail-proxy/core';
import type { Command } from 'commander';
import { EXIT } from '../exit-codes.ts';
import type { CommandContext } from './command-context.ts';
import { type DatabaseFlags, databaseCommand, withDatabase } from './database-command.ts';
import type { Streams } from './streams.ts';
import { UsageError } from './usage-error.ts';

interface MigrateFlags extends DatabaseFlags {
  readonly plan?: true;
  readonly sql?: true;
}

/** Bring the schema up to date, or say what that would do. */
export function migrateCommand(context: CommandContext): Command {
  const command = databaseCommand('migrate', 'Bring the schema of the database up to date')
    .option('--plan', 'say what would be done, and change nothing; works beside a running server')
    .option('--sql', 'with --plan: the statements too')
    .addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as MigrateFlags;
    if (flags.sql === true && flags.plan !== true) throw new UsageError('--sql goes with --plan');
    await withDatabase(flags, context, async (settings) => {
      if (flags.plan === true) showPlan(await planDatabase(settings), flags, context.streams);
      else {
        await settings.makeFolder();
        showApplied(await migrateDatabase(settings), flags, context.streams);
      }
      return EXIT.ok;
    });
  });
}

function showApplied(steps: readonly MigratedStep[], { json }: MigrateFlags, { stdout }: Streams): void {
  if (json === true) {
    stdout.write(`${JSON.stringify({ applied: steps }, null, 2)}\n`);
    return;
  }
  for (const { namespace, number, name } of steps) stdout.write(`applied ${namespace} ${number} ${name}\n`);
  if (steps.length === 0) stdout.write('the schema is up to date\n');
}

function showPlan(steps: readonly PlannedStep[], { json, sql }: MigrateFlags, { stdout }: Streams): void {
  if (json === true) {
    const pending = steps.map(({ minReader, sql: statements, ...step }) => ({
      ...step,
      min_reader: minReader,
      ...(sql === true ? { sql: statements } : {}),
    }));
    stdout.write(`${JSON.stringify({ pending }, null, 2)}\n`);
    return;
  }
  for (const { namespace, number, name, minReader, sql: statements } of steps) {
    stdout.write(`would apply ${namespace} ${number} ${name} (min_reader ${minReader})\n`);
    if (sql === true) for (const statement of statements) stdout.write(`${statement};\n`);
  }
  if (steps.length === 0) stdout.write('the schema is up to date\n');
}

const HELP = `
A server does the same when it starts. min_reader is the oldest step whose code can work on the database afterwards:
servers of older versions stop sending. PostgreSQL may be migrated while servers run; SQLite while none does.

Examples:
  mail-proxy migrate --plan --sql
  mail-proxy migrate
`;
