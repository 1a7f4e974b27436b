// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { colorsOf } from './colors.ts';
import type { CommandContext } from './command-context.ts';
import type { ConnectionFlags } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { adviceFor, type Verification, verification, verifyCall } from './doctor/check-relays.ts';
import { printable } from './printable.ts';
import { withServer } from './server-session.ts';
import { durationText, localTime } from './times.ts';

interface VerifyFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly transcript?: true;
  readonly json?: true;
}

/** Try out the relay of an account. */
export function verifyCommand(context: CommandContext): Command {
  const command = new Command('verify')
    .description('Try out a relay: connect and log in, and send nothing; where that works, its pause ends')
    .argument('<account-id>')
    .option('--tenant-id <tenant-id>', 'whose account, where several tenants use the id')
    .option('--transcript', 'show what was said, too');
  addConnectionOptions(command);
  command
    .option('--json', 'print the answer as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 it can be used, 1 it cannot.\n\nExample:\n  mail-proxy verify main --transcript\n',
    );
  return command.action(async (accountId: string) => {
    // The options above, and no others.
    const flags = command.opts() as VerifyFlags;
    await withServer(flags, context, async (server) => {
      const tenantId = flags.tenantId ?? server.tenantId;
      const tried = await server.call(verification, verifyCall(accountId, tenantId));
      if (flags.json === true) context.streams.stdout.write(`${JSON.stringify(tried, null, 2)}\n`);
      else show(tried, { accountId, tenantId, hasTranscript: flags.transcript === true, context });
      return exitCodeOf(tried);
    });
  });
}

function exitCodeOf({ ok }: Verification): ExitCode {
  return ok ? EXIT.ok : EXIT.refused;
}

interface ShowOptions {
  readonly accountId: string;
  readonly tenantId: string | undefined;
  readonly hasTranscript: boolean;
  readonly context: CommandContext;
}

function show(tried: Verification, { accountId, tenantId, hasTranscript, context }: ShowOptions): void {
  const { stdout, stderr } = context.streams;
  const colors = colorsOf(stdout, context.env);
  const took = colors.dim(`in ${durationText(tried.duration_ms)}`);
  if (tried.ok) stdout.write(`${accountId}  ${colors.green('works')}  ${took}\n${offers(tried)}`);
  else {
    const reply = [tried.code, tried.enhanced, tried.reply].filter((part) => part !== null).join(' ');
    stdout.write(`${accountId}  ${colors.red(`fails at ${tried.stage}`)}  ${took}\n  ${printable(reply)}\n`);
    stderr.write(`  ${adviceFor(tried.stage, accountId, tenantId)}\n`);
  }
  if (!hasTranscript) return;
  stdout.write(`\n${tried.transcript.map((line) => `  ${printable(line)}\n`).join('')}`);
}

function offers({ tls, certificate, capabilities }: Verification): string {
  const rows = [
    ['TLS', tls === null ? 'none: in clear' : `${tls.version}, ${tls.cipher}`],
    [
      'certificate',
      certificate == null ? null : `${certificate.subject}, good until ${localTime(certificate.valid_to)}`,
    ],
    ['logs in by', capabilities?.auth_mechanisms.join(', ') || null],
    ['largest mail', capabilities?.size == null ? null : `${capabilities.size} bytes`],
  ] as const;
  return rows
    .flatMap(([name, value]) => (value === null ? [] : [`  ${name.padEnd(12)}  ${printable(value)}\n`]))
    .join('');
}
