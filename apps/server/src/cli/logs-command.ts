// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type FileHandle, open, stat } from 'node:fs/promises';
import { type Clock, systemClock } from '@mail-proxy/core';
import type { Command } from 'commander';
import { codeOf } from '../env/error-code.ts';
import { EXIT } from '../exit-codes.ts';
import { logPath } from '../instances/instance.ts';
import { prettyOf } from '../log.ts';
import type { CommandContext } from './command-context.ts';
import { instanceCommand } from './instance-commands.ts';
import { findMade } from './instance-target.ts';
import { UsageError } from './usage-error.ts';

interface LogsFlags {
  readonly dataDir?: string;
  readonly lines: string;
  readonly follow?: true;
  readonly json?: true;
}

const POLL_MS = 200;

/** Print what an instance logged, and go on with what it logs. */
export function logsCommand({ env, streams, finish }: CommandContext): Command {
  const command = instanceCommand('logs', 'Print what a named instance logged')
    .option('-n, --lines <number>', 'this many lines, the newest', '50')
    .option('-f, --follow', 'go on as it logs more, until Ctrl-C')
    .option('--json', 'the lines as they are: one JSON object each')
    .addHelpText('after', HELP);
  return command.action(async (name: string | undefined) => {
    // The options above, and no others.
    const { dataDir, lines, follow, json } = command.opts() as LogsFlags;
    if (!/^\d+$/.test(lines)) throw new UsageError('--lines takes a number');
    const target = await findMade({ name, dataDir }, env);
    if (target.kind === 'elsewhere') throw new UsageError(`${target.name} is elsewhere: its log is where it runs`);
    const path = logPath(target.folder);
    const write = (line: string): unknown => streams.stdout.write(json === true ? `${line}\n` : prettyOf(line));
    const file = await openIfThere(path);
    if (file === null) {
      streams.stderr.write(
        `error: there is no log in ${target.folder}\n` +
          '  Only named instances keep one: mail-proxy serve NAME. Others log to stderr: see what runs them\n' +
          '  (journalctl, docker logs, kubectl logs)\n',
      );
      finish(EXIT.unavailable);
      return;
    }
    const kept = await readRest(file, { at: 0, rest: '' });
    // The last ones may stand in the file that was put aside just before.
    const older = kept.lines.length < Number(lines) ? await linesOf(`${path}.1`) : [];
    const all = [...older, ...kept.lines];
    for (const line of all.slice(Math.max(0, all.length - Number(lines)))) write(line);
    if (follow === true) await followFile(path, { file, from: kept.position, write });
    else await file.close();
    finish(EXIT.ok);
  });
}

/** Up to where a file was read, and the beginning of a line that is not whole yet. */
interface Position {
  readonly at: number;
  readonly rest: string;
}

async function readRest(file: FileHandle, { at, rest }: Position): Promise<{ lines: string[]; position: Position }> {
  const { size } = await file.stat();
  const { buffer, bytesRead } = await file.read(Buffer.alloc(Math.max(0, size - at)), 0, undefined, at);
  // Lines are written in one piece, so that no character is cut.
  const lines = (rest + buffer.toString('utf8', 0, bytesRead)).split('\n');
  return { lines: lines.slice(0, -1), position: { at: at + bytesRead, rest: lines.at(-1) ?? '' } };
}

async function linesOf(path: string): Promise<readonly string[]> {
  const file = await openIfThere(path);
  if (file === null) return [];
  try {
    return (await readRest(file, { at: 0, rest: '' })).lines;
  } finally {
    await file.close();
  }
}

interface Following {
  readonly file: FileHandle;
  readonly from: Position;
  readonly write: (line: string) => unknown;
}

/** Until the process is ended: by Ctrl-C, or by whoever reads. */
async function followFile(path: string, { file, from, write }: Following, clock: Clock = systemClock): Promise<never> {
  let [open, position] = [file, from];
  for (;;) {
    const isRotated = (await inodeOf(path)) !== (await open.stat()).ino;
    const more = await readRest(open, position);
    for (const line of more.lines) write(line);
    position = more.position;
    const next = isRotated ? await openIfThere(path) : null;
    if (next !== null) {
      await open.close();
      [open, position] = [next, { at: 0, rest: '' }];
    } else await clock.sleep(POLL_MS);
  }
}

async function inodeOf(path: string): Promise<number | null> {
  try {
    return (await stat(path)).ino;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function openIfThere(path: string): Promise<FileHandle | null> {
  try {
    return await open(path, 'r');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

const HELP = `
Named instances keep 60 MiB: server.log in their folder, and five older files beside it.

Examples:
  mail-proxy logs prod
  mail-proxy logs prod --follow
  mail-proxy logs prod --lines 1000 --json | jq 'select(.level == "error")'
`;
