// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock } from '@mail-proxy/core';
import { Command } from 'commander';
import type { Environment } from '../../env/environment.ts';
import { EXIT, type ExitCode } from '../../exit-codes.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionFlags } from '../connection.ts';
import { addConnectionOptions } from '../connection-options.ts';
import type { Colors } from '../printable.ts';
import { type CallFailed, type ServerSession, withServer } from '../server-session.ts';
import type { Streams } from '../streams.ts';
import { UsageError } from '../usage-error.ts';
import { eventLine } from './event-line.ts';
import { followEvents } from './follow-events.ts';
import { exitCodeOf, followMessage } from './follow-message.ts';
import type { EventAnswer } from './message-answers.ts';
import { stateOf, waitText } from './render-message.ts';

interface WatchFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly accountId?: string;
  readonly batchCode?: string;
  readonly recipient?: string;
  readonly type?: readonly string[];
  readonly last: string;
  readonly count?: string;
  readonly json?: true;
}

/** Tell what happens to mail while it happens. */
export function watchMessagesCommand(context: CommandContext): Command {
  const command = new Command('watch')
    .description('Tell what happens to mail while it happens: to all, or to one message until it is final')
    .argument('[message-id]', 'the message to look on at; all mail by default')
    .option('--tenant-id <tenant-id>', 'whose mail; by default that of the key, for an operator that of all tenants')
    .option('--account-id <account-id>', 'mail of this account only')
    .option('--batch-code <code>', 'mail of this batch only')
    .option('--recipient <text>', 'events that name an address with this text in it')
    .option('--type <type...>', 'events of these types only, such as sent, deferred, error, bounce')
    .option('--last <number>', 'tell of so many earlier events first', '0')
    .option('--count <number>', 'end after so many events');
  addConnectionOptions(command);
  command.option('--json', 'print each event as a line of JSON').addHelpText('after', HELP);
  return command.action(async (id: string | undefined) => {
    // The options above, and no others.
    const flags = command.opts() as WatchFlags;
    await withServer(flags, context, (server) =>
      id === undefined ? watchAll(server, flags, context) : watchOne(server, id, flags, context),
    );
  });
}

async function watchAll(server: ServerSession, flags: WatchFlags, context: CommandContext): Promise<ExitCode> {
  const { streams, env } = context;
  const write = eventWriter({ stdout: streams.stdout, env }, flags, subjectOf);
  let left = flags.count === undefined ? Number.POSITIVE_INFINITY : wholeNumber('--count', flags.count);
  let isAway = false;
  if (flags.json !== true && streams.stderr.isTTY === true) streams.stderr.write('watching; Ctrl-C ends it\n');
  await followEvents(server, {
    clock: systemClock,
    tenantId: flags.tenantId ?? server.tenantId,
    last: wholeNumber('--last', flags.last),
    onEvent(event) {
      isAway = false;
      if (!isWanted(event, flags)) return true;
      write(event);
      left -= 1;
      return left > 0;
    },
    onAway(failure) {
      if (!isAway) streams.stderr.write(awayText(failure, colorsOf(streams.stderr, env)));
      isAway = true;
    },
  });
  return EXIT.ok;
}

async function watchOne(
  server: ServerSession,
  id: string,
  flags: WatchFlags,
  { streams, env }: CommandContext,
): Promise<ExitCode> {
  const colors = colorsOf(streams.stderr, env);
  const { message } = await followMessage(
    server,
    { id, tenantId: flags.tenantId ?? server.tenantId },
    {
      clock: systemClock,
      onEvent: eventWriter({ stdout: streams.stdout, env }, flags),
      onWait(message) {
        if (flags.json === true) return;
        for (const wait of message.waiting_for) {
          streams.stderr.write(colors.dim(`waits for ${waitText(wait, systemClock.now())}\n`));
        }
      },
    },
  );
  if (flags.json !== true) streams.stderr.write(`${message.id} is ${stateOf(message)}\n`);
  return exitCodeOf(message);
}

/** Write events as lines, for a person or for a program. */
export function eventWriter(
  { stdout, env }: { readonly stdout: Streams['stdout' | 'stderr']; readonly env: Environment },
  { json }: { readonly json?: true },
  subject: (event: EventAnswer) => string | null = () => null,
): (event: EventAnswer) => void {
  const colors = colorsOf(stdout, env);
  return (event) => {
    if (json === true) {
      stdout.write(`${JSON.stringify(event)}\n`);
      return;
    }
    const about = subject(event);
    stdout.write(eventLine(event, { colors, now: systemClock.now(), ...(about === null ? {} : { subject: about }) }));
  };
}

function subjectOf({ tenant_id, message_id, account_id }: EventAnswer): string {
  return message_id === null ? `account ${tenant_id}/${account_id ?? '?'}` : `${tenant_id}/${message_id}`;
}

function isWanted(event: EventAnswer, { accountId, batchCode, recipient, type }: WatchFlags): boolean {
  const addresses = [...event.recipients.map(({ address }) => address), event.feedback?.recipient ?? ''];
  return (
    (accountId === undefined || event.account_id === accountId) &&
    (batchCode === undefined || event.batch_code === batchCode) &&
    (type === undefined || type.includes(event.type)) &&
    (recipient === undefined || addresses.some((address) => address.toLowerCase().includes(recipient.toLowerCase())))
  );
}

function wholeNumber(flag: string, text: string): number {
  if (/^\d{1,4}$/.test(text) && Number(text) <= 1_000) return Number(text);
  throw new UsageError(`${flag} takes a number up to 1000`);
}

function awayText(failure: CallFailed, colors: Colors): string {
  return colors.yellow(`the server does not answer (${failure.message}); asking again until it does\n`);
}

const HELP = `
Lines are what the events of the reference tell, in the time zone of this machine. Ctrl-C ends it. With a message it
ends by itself once that is final: exit code 0 where it was sent to all, 1 where not.

Examples:
  mail-proxy messages watch --type error bounce
  mail-proxy messages watch --tenant-id acme --last 10 --json
  mail-proxy messages watch order-4711
`;
