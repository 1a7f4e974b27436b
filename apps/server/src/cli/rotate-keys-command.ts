// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { systemClock } from '@mail-proxy/core';
import { Command } from 'commander';
import * as v from 'valibot';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type CallResult, callServer } from './call-server.ts';
import type { CommandContext } from './command-context.ts';
import { type Connection, type ConnectionFlags, connect } from './connection.ts';
import { addConnectionOptions } from './connection-options.ts';
import { reportResult } from './report-result.ts';
import { withProgress } from './show-progress.ts';
import type { Streams } from './streams.ts';

interface RotateFlags extends ConnectionFlags {
  readonly json?: true;
  /** Commander's form of --no-wait. */
  readonly wait: boolean;
}

const PATH = '/v1/encryption-keys/rotation';
const POLL_MS = 500;

const progress = v.object({
  state: v.picklist(['none', 'running', 'done', 'incomplete', 'failed']),
  total: v.number(),
  done: v.number(),
  unreadable: v.number(),
});
type Progress = v.InferOutput<typeof progress>;

/** Start a rotation on the server, and look on until it ends. */
export function rotateKeysCommand(context: CommandContext): Command {
  const { streams, finish } = context;
  const command = new Command('rotate').description(
    'Seal everything anew with the newest encryption key, while servers run',
  );
  addConnectionOptions(command);
  command
    .option('--no-wait', 'start it, and do not look on')
    .option('--json', 'print the answer as JSON')
    .addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as RotateFlags;
    const connection = await connect(flags, context);
    const started = await callServer(connection, { method: 'POST', path: PATH, body: {} });
    const isOver = started.kind !== 'ok' || !flags.wait;
    const result = isOver ? started : await withProgress(streams.stderr, (show) => lookOn(connection, started, show));
    const code = reportResult(result, { connection, json: flags.json === true, ...context });
    finish(code === EXIT.ok && flags.wait ? endOf(result, streams) : code);
  });
}

async function lookOn(
  connection: Connection,
  started: CallResult,
  show: (progress: { phase: 'rotate'; rows: number; total: number; table: string }) => void,
): Promise<CallResult> {
  for (let result = started; ; result = await callServer(connection, { method: 'GET', path: PATH })) {
    const seen = progressOf(result);
    if (seen === null) return result;
    // Before it has counted.
    if (seen.total > 0) show({ phase: 'rotate', rows: seen.done, total: seen.total, table: 'sealed values' });
    if (seen.state !== 'running') return result;
    await systemClock.sleep(POLL_MS);
  }
}

function progressOf(result: CallResult): Progress | null {
  const parsed = v.safeParse(progress, result.kind === 'ok' ? result.value : null);
  return parsed.success ? parsed.output : null;
}

function endOf(result: CallResult, { stderr }: Streams): ExitCode {
  const end = progressOf(result);
  switch (end?.state) {
    case 'done':
      return EXIT.ok;
    case 'incomplete':
      stderr.write(`${end.unreadable} values cannot be opened with the keys at hand: see mail-proxy keys status\n`);
      return EXIT.refused;
    case 'none':
      stderr.write('another instance answered: see mail-proxy keys status, and name one instance with --url\n');
      return EXIT.refused;
    default:
      stderr.write('it goes on where it stopped: mail-proxy keys rotate\n');
      return EXIT.refused;
  }
}

const HELP = `
Every instance must have the key as its first one before; the command says which does not. A rotation that is stopped,
killed too, goes on when it is started again. Afterwards the old keys can be taken away.

Example:
  mail-proxy keys rotate
`;
