// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { WriteStream } from 'node:tty';
import { systemClock } from '@mail-proxy/core';
import { Command, Option } from 'commander';
import type { Environment } from '../../env/environment.ts';
import { EXIT } from '../../exit-codes.ts';
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import type { ConnectionFlags } from '../connection.ts';
import { addConnectionOptions } from '../connection-options.ts';
import { CallFailed, type ServerSession, withServer } from '../server-session.ts';
import type { Streams } from '../streams.ts';
import { UsageError } from '../usage-error.ts';
import { type Keys, listenToKeys } from './keys.ts';
import { readLanes, readStats, type WhichLanes } from './stats-answers.ts';
import { afterKey, FIRST_VIEW, type Picture, type TopView, topFrame } from './top-view.ts';

interface TopFlags extends ConnectionFlags {
  readonly tenantId?: string;
  readonly accountId?: string;
  readonly state?: string;
  readonly interval: string;
  readonly json?: true;
}

const STATES = ['sending', 'idle', 'waiting', 'paused', 'suspended'] as const;
const MINUTES = 60;
/** Of a pipe, which has no width. */
const DEFAULT_COLUMNS = 200;

/** Show the lanes as they are now, again and again at a terminal. */
export function topCommand(context: CommandContext): Command {
  const command = new Command('top')
    .description('Look on how mail goes out: each lane with its state, why it waits, and its limits')
    .option('--tenant-id <tenant-id>', 'lanes of this tenant only')
    .option('--account-id <account-id>', 'the lane of this account only')
    .addOption(new Option('--state <state>', 'lanes in this state only').choices([...STATES]))
    .option('--interval <seconds>', 'how often it looks again', '2');
  addConnectionOptions(command);
  command.option('--json', 'print one picture as JSON: `stats` and `lanes`').addHelpText('after', HELP);
  return command.action(async () => {
    // The options above, and no others.
    const flags = command.opts() as TopFlags;
    if (!/^\d{1,4}(\.\d)?$/.test(flags.interval) || Number(flags.interval) === 0) {
      throw new UsageError('--interval takes seconds');
    }
    const intervalMs = Number(flags.interval) * 1_000;
    await withServer(flags, context, async (server) => {
      const { streams, env } = context;
      const which = { ...flags, tenantId: flags.tenantId ?? server.tenantId };
      const picture = await takePicture(server, which);
      if (flags.json === true) {
        streams.stdout.write(`${JSON.stringify({ stats: picture.stats, lanes: picture.lanes.lanes }, null, 2)}\n`);
      } else if (streams.stdout instanceof WriteStream && streams.stdout.isTTY) {
        await lookOn(picture, { server, which, intervalMs, terminal: streams.stdout, stdin: streams.stdin, env });
      } else streams.stdout.write(snapshot(picture, context));
      return EXIT.ok;
    });
  });
}

async function takePicture(server: ServerSession, which: WhichLanes): Promise<Picture> {
  const [stats, lanes] = await Promise.all([readStats(server, which.tenantId, MINUTES), readLanes(server, which)]);
  return { stats, lanes };
}

function snapshot(picture: Picture, { streams: { stdout }, env }: CommandContext): string {
  const columns = stdout.columns ?? DEFAULT_COLUMNS;
  return topFrame(picture, { colors: colorsOf(stdout, env), columns, rows: null, view: null, note: null });
}

interface Look {
  readonly server: ServerSession;
  readonly which: WhichLanes;
  readonly intervalMs: number;
  readonly env: Environment;
  readonly terminal: WriteStream;
  readonly stdin: Streams['stdin'];
}

/** Draw again whenever there is something new: a picture, a key, another size. Ends by a key. */
async function lookOn(first: Picture, { server, which, intervalMs, terminal, stdin, env }: Look): Promise<void> {
  // Imported only now: no other command needs it.
  const { createLogUpdate } = await import('log-update');
  const update = createLogUpdate(terminal);
  const ended = new AbortController();
  let view: TopView = FIRST_VIEW;
  let picture = first;
  let note: string | null = null;
  const keys: Keys | null = listenToKeys(stdin, (key) => {
    const next = afterKey(view, key);
    if (next === null) ended.abort();
    else {
      view = next;
      draw();
    }
  });
  const draw = (): void => {
    const { columns, rows } = terminal;
    const options = { colors: colorsOf(terminal, env), columns, rows, note };
    update(topFrame(picture, { ...options, view: keys === null ? null : view }).trimEnd());
  };
  terminal.on('resize', draw);
  try {
    draw();
    while (!ended.signal.aborted) {
      await systemClock.sleep(intervalMs, ended.signal);
      if (view.isPaused || ended.signal.aborted) continue;
      try {
        const next = await takePicture(server, which);
        // It was to stand still, or to end, meanwhile.
        if (view.isPaused || ended.signal.aborted) continue;
        picture = next;
        note = null;
      } catch (error) {
        if (!(error instanceof CallFailed)) throw error;
        note = `the server does not answer (${error.message}); asking again`;
      }
      draw();
    }
  } finally {
    terminal.off('resize', draw);
    keys?.[Symbol.dispose]();
    update.done();
  }
}

const HELP = `
At a terminal it looks again every few seconds: q ends it, p lets it stand still, left and right choose the column it is
sorted by, r turns that round, up and down scroll. In a pipe it prints one picture. Lanes are sorted by what is ready.
Columns that find no room are left out; limit is the one that is nearest to its end, such as 45/60 m(inute).

Examples:
  mail-proxy top
  mail-proxy top --state paused --json
`;
