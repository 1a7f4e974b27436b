// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Clock, systemClock } from '@mail-proxy/core';
import { Command } from 'commander';
import * as v from 'valibot';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { askerOf } from '../asker.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import { addAskOptions, addConnectionOptions } from '../connection-options.ts';
import { exitCodeOf, followMessage } from '../messages/follow-message.ts';
import { renderMessage, stateOf, waitText } from '../messages/render-message.ts';
import { eventWriter } from '../messages/watch-command.ts';
import { type ServerSession, withServer } from '../server-session.ts';
import { UsageError } from '../usage-error.ts';
import { askDraft } from './ask-draft.ts';
import { readDraft, type SendFlags } from './read-draft.ts';

const accepted = v.looseObject({
  pk: v.string(),
  id: v.string(),
  tenant_id: v.string(),
  account_id: v.string(),
  state: v.string(),
});

/** Minutes are for the relay; a person does not wait for hours. */
const DEFAULT_WAIT_SECONDS = 300;

/** Send one mail from the command line. */
export function sendCommand(context: CommandContext, clock: Clock = systemClock): Command {
  const command = new Command('send')
    .description('Send one mail: a complete one from a file, or one made of the flags')
    .argument('[file]', 'a complete mail (.eml), sent as it is; - for standard input');
  command.optionsGroup('The mail:');
  command
    .option('--from <address>', 'who it is from, such as "Shop <orders@shop.example>"')
    .option('--to <address...>', 'whom it goes to; with a file, in place of those in its header')
    .option('--cc <address...>', 'who gets a copy')
    .option('--bcc <address...>', 'who gets a copy that the others do not see')
    .option('--reply-to <address...>', 'where answers go')
    .option('--subject <text>', 'its subject')
    .option('--text <text>', 'what it says')
    .option('--text-file <file>', 'a file with what it says; - for standard input')
    .option('--html <text>', 'what it says, as HTML')
    .option('--html-file <file>', 'a file with what it says, as HTML')
    .option('--attach <file...>', 'files of this machine to attach')
    .option('--header <line...>', 'more header fields, as "X-Order: 4711"');
  command.optionsGroup('How it is sent:');
  command
    .option('--tenant-id <tenant-id>', 'whose mail it is')
    .option('--account-id <account-id>', "the relay to use; the tenant's default one otherwise")
    .option('--id <id>', 'an id of your own: sent again with the same one, it is refused')
    .option('--priority <priority>', 'immediate, high, medium or low')
    .option('--batch-code <code>', 'the batch that it belongs to')
    .option('--send-at <time>', 'when to send it, as 2026-12-24T18:00:00Z')
    .option('--wait [seconds]', `look on until it is final (for ${DEFAULT_WAIT_SECONDS} s at most)`);
  addAskOptions(command, { isDestructive: false });
  addConnectionOptions(command);
  command.option('--json', 'print the answer as JSON; with --wait, the message as it is at the end');
  command.addHelpText('after', HELP);
  return command.action(async (file: string | undefined) => {
    // The options above, and no others.
    const flags = command.opts() as SendFlags;
    const timeoutMs = waitMs(flags);
    const { streams } = context;
    const whole = file === undefined ? await askDraft(flags, askerOf(context, flags)) : flags;
    await withServer(flags, context, async (server) => {
      const own = { ...whole, tenantId: flags.tenantId ?? server.tenantId };
      const answer = await server.call(accepted, await readDraft(file, own, streams.stdin));
      if (timeoutMs !== null) {
        if (flags.json !== true) streams.stderr.write(`${sentence(answer)}\n`);
        return lookOn(server, { id: answer.pk, tenantId: answer.tenant_id }, { flags, context, clock, timeoutMs });
      }
      if (flags.json === true) streams.stdout.write(`${JSON.stringify(answer, null, 2)}\n`);
      else {
        streams.stdout.write(`${sentence(answer)}\n`);
        streams.stderr.write(`  What becomes of it: mail-proxy messages show ${shellWord(answer.id)}\n`);
      }
      return EXIT.ok;
    });
  });
}

interface LookOptions {
  readonly flags: SendFlags;
  readonly context: CommandContext;
  readonly clock: Clock;
  readonly timeoutMs: number;
}

async function lookOn(
  server: ServerSession,
  reference: { readonly id: string; readonly tenantId: string },
  { flags, context, clock, timeoutMs }: LookOptions,
): Promise<ExitCode> {
  const { streams, env } = context;
  const colors = colorsOf(streams.stderr, env);
  const { message, events } = await followMessage(server, reference, {
    clock,
    timeoutMs,
    onEvent: flags.json === true ? () => undefined : eventWriter({ stdout: streams.stderr, env }, {}),
    onWait({ waiting_for }) {
      if (flags.json === true) return;
      for (const wait of waiting_for) streams.stderr.write(colors.dim(`waits for ${waitText(wait, clock.now())}\n`));
    },
  });
  if (flags.json === true) streams.stdout.write(`${JSON.stringify({ ...message, events }, null, 2)}\n`);
  else if (message.state === 'final') streams.stdout.write(`${message.id} is ${stateOf(message)}\n`);
  else {
    const options = { colors: colorsOf(streams.stdout, env), now: clock.now(), transcript: false };
    streams.stdout.write(renderMessage(message, events, options));
    streams.stderr.write(`\nnot final yet; go on with: mail-proxy messages watch ${shellWord(message.id)}\n`);
  }
  return exitCodeOf(message);
}

function sentence({ id, tenant_id, account_id, state }: v.InferOutput<typeof accepted>): string {
  return `accepted ${id} for account ${tenant_id}/${account_id}, ${state}`;
}

/** Null where nobody waits. */
function waitMs({ wait }: SendFlags): number | null {
  if (wait === undefined) return null;
  if (wait === true) return DEFAULT_WAIT_SECONDS * 1_000;
  if (/^\d{1,6}$/.test(wait)) return Number(wait) * 1_000;
  throw new UsageError('--wait takes seconds; write the file before it, or --wait=60');
}

function shellWord(text: string): string {
  return /^[\w./:@-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

const HELP = `
At a terminal, what is missing is asked for. In a pipe, what the mail says is read from standard input where no flag
says it. Files that are attached are read here and sent along; the server needs no way to them.

With --wait the exit code tells what became of it: 0 sent to all, 1 not sent to all, 75 not final in time.

Examples:
  mail-proxy send mail.eml --wait
  mail-proxy send --from me@example.net --to you@example.org --subject Hello --text Hi
  uptime | mail-proxy send --from root@example.net --to ops@example.net --subject "Load of $(hostname)"
  mail-proxy send --from me@example.net --to you@example.org --subject Report --text "See there." --attach report.pdf
`;
