// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { clearLine, cursorTo } from 'node:readline';
import { WriteStream } from 'node:tty';
import { type Clock, systemClock } from '@mail-proxy/core';
import type { Command } from 'commander';
import { codeOf } from '../env/error-code.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import { type RunFile, runStateOf } from '../instances/run-file.ts';
import type { CommandContext } from './command-context.ts';
import { instanceCommand } from './instance-commands.ts';
import { findMade } from './instance-target.ts';
import type { Streams } from './streams.ts';
import { UsageError } from './usage-error.ts';

interface StopFlags {
  readonly dataDir?: string;
  readonly timeout: string;
  readonly json?: true;
}

const POLL_MS = 100;
/** Longer than the server gives running sends by default. */
const DEFAULT_TIMEOUT_S = '60';

/** Stop an instance softly, and wait until it is gone. */
export function stopCommand({ env, streams, finish }: CommandContext): Command {
  const command = instanceCommand('stop', 'Stop an instance: running sends finish, the rest waits for the next start')
    .option('--timeout <seconds>', 'how long to wait for it', DEFAULT_TIMEOUT_S)
    .option('--json', 'print what came of it as JSON')
    .addHelpText('after', HELP);
  return command.action(async (name: string | undefined) => {
    // The options above, and no others.
    const { dataDir, timeout, json } = command.opts() as StopFlags;
    if (!/^\d+$/.test(timeout)) throw new UsageError('--timeout takes a number of seconds');
    const target = await findMade({ name, dataDir }, env);
    if (target.kind === 'elsewhere') throw new UsageError(`${target.name} is elsewhere: it is stopped where it runs`);
    const label = target.name ?? `the server in ${target.folder}`;
    const { said, code, stopped } = await stop(target.folder, { label, timeoutMs: Number(timeout) * 1000, streams });
    if (json === true) streams.stdout.write(`${JSON.stringify({ name: target.name, stopped })}\n`);
    else if (code === EXIT.ok) streams.stdout.write(`${said}\n`);
    if (code !== EXIT.ok) streams.stderr.write(`error: ${said}\n`);
    finish(code);
  });
}

interface Stopping {
  readonly label: string;
  readonly timeoutMs: number;
  readonly streams: Streams;
}

interface Stopped {
  readonly said: string;
  readonly code: ExitCode;
  /** False where it did not run. */
  readonly stopped: boolean;
}

async function stop(folder: string, { label, timeoutMs, streams }: Stopping): Promise<Stopped> {
  const state = await runStateOf(folder);
  if (state.kind === 'stopped') return { said: `${label} does not run`, code: EXIT.ok, stopped: false };
  const { run } = state;
  if (state.kind === 'unsure') {
    const said = `this system does not say whether process ${run.pid} is ${label}: see what it is, and stop it by hand`;
    return { said, code: EXIT.refused, stopped: false };
  }
  try {
    process.kill(run.pid, 'SIGTERM');
  } catch (error) {
    // It went by itself just now, and the wait below sees that.
    if (codeOf(error) !== 'ESRCH') {
      const said = `process ${run.pid} may not be stopped by this user (${codeOf(error)})`;
      return { said, code: EXIT.refused, stopped: false };
    }
  }
  if (await isGone(folder, { run, timeoutMs, show: progressOn(streams.stderr, label) })) {
    return { said: `${label} has stopped`, code: EXIT.ok, stopped: true };
  }
  const said = `${label} still runs after ${timeoutMs / 1000} s (process ${run.pid}); wait longer, or end it: kill -9 ${run.pid}`;
  return { said, code: EXIT.unavailable, stopped: false };
}

interface Waiting {
  readonly run: RunFile;
  readonly timeoutMs: number;
  readonly show: Progress;
}

async function isGone(folder: string, { run, timeoutMs, show }: Waiting, clock: Clock = systemClock): Promise<boolean> {
  using progress = show;
  const startedAt = clock.monotonic();
  for (;;) {
    const state = await runStateOf(folder);
    if (state.kind === 'stopped' || state.run.pid !== run.pid) return true;
    const elapsedMs = clock.monotonic() - startedAt;
    if (elapsedMs >= timeoutMs) return false;
    progress.show(elapsedMs);
    await clock.sleep(POLL_MS);
  }
}

interface Progress extends Disposable {
  readonly show: (elapsedMs: number) => void;
}

/** One line that counts seconds at a terminal; one line in all elsewhere. */
function progressOn(stderr: Streams['stderr'], label: string): Progress {
  const live = stderr instanceof WriteStream && stderr.isTTY ? stderr : null;
  const clear = (): void => {
    if (live === null) return;
    cursorTo(live, 0);
    clearLine(live, 0);
  };
  let shown: string | null = null;
  return {
    show(elapsedMs) {
      const seconds = live === null ? '' : ` (${Math.floor(elapsedMs / 1000)} s)`;
      const line = `${label} is stopping: running sends finish${seconds}`;
      if (line === shown) return;
      shown = line;
      clear();
      stderr.write(live === null ? `${line}\n` : line);
    },
    [Symbol.dispose]: clear,
  };
}

const HELP = `
Sends SIGTERM to the process that serves the instance, and to no other that was given its id since. Where systemd or a
container runs it, stop it there: they may start it again.

Examples:
  mail-proxy stop
  mail-proxy stop prod --timeout 120
`;
