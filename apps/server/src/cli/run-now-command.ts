// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import type { CommandContext } from './command-context.ts';
import { type ConnectionFlags, connect } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { runCall } from './run-call.ts';

interface RunNowFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly json?: true;
}

/** `instance run-now`, in short. */
export function runNowCommand(context: CommandContext): Command {
  const command = new Command('run-now')
    .description('Look for work at once, and call tenants with their reports without waiting')
    .option('--tenant-id <tenant-id>', 'of this tenant only');
  addConnectionOptions(command);
  command
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', '\nExample:\n  mail-proxy run-now --tenant-id acme\n');
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as RunNowFlags;
    const connection = await connect(flags, context);
    const tenantId = flags.tenantId ?? connection.tenantId;
    const body = tenantId === null ? {} : { tenant_id: tenantId };
    const call = { method: 'POST', path: '/v1/instance/run-now', body };
    await runCall(call, { connection, json: flags.json === true }, context);
  });
}
