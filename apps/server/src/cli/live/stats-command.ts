// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { EXIT } from '../../exit-codes.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionFlags } from '../connection.ts';
import { addConnectionOptions } from '../connection-options.ts';
import { withServer } from '../server-session.ts';
import { UsageError } from '../usage-error.ts';
import { renderStats } from './render-stats.ts';
import { readStats } from './stats-answers.ts';

interface StatsFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly minutes: string;
  readonly json?: true;
}

const DEFAULT_COLUMNS = 100;

/** Show one picture of the moment. */
export function statsCommand(context: CommandContext): Command {
  const command = new Command('stats')
    .description('Show how much goes through and what waits, in one picture of the moment')
    .option('--tenant-id <tenant-id>', 'of this tenant only')
    .option('--minutes <number>', 'how far back, up to 1440', '60');
  addConnectionOptions(command);
  command
    .option('--json', 'print the figures as JSON')
    .addHelpText('after', '\nExample:\n  mail-proxy stats --minutes 240\n');
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as StatsFlags;
    if (!/^\d{1,4}$/.test(flags.minutes)) throw new UsageError('--minutes takes a number');
    await withServer(flags, context, async (server) => {
      const { stdout } = context.streams;
      const tenantId = flags.tenantId ?? server.tenantId;
      const stats = await readStats(server, tenantId, Number(flags.minutes));
      if (flags.json === true) stdout.write(`${JSON.stringify(stats, null, 2)}\n`);
      else {
        const options = { colors: colorsOf(stdout, context.env), columns: stdout.columns ?? DEFAULT_COLUMNS };
        stdout.write(renderStats(stats, { ...options, tenantId: tenantId ?? null }));
      }
      return EXIT.ok;
    });
  });
}
