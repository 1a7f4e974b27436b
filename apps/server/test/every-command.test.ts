// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Every command of the program, against a real server: in a pipe, with --json, and at a terminal.
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { type AnyOperation, systemClock } from '@mail-proxy/core';
import { tempDir } from '@mail-proxy/testkit';
import type { Command } from 'commander';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { leavesOf } from '../src/cli/command-tree.ts';
import { installedOperations } from '../src/cli/installed-operations.ts';
import { createProgram } from '../src/cli/program.ts';
import { runCommandLine } from '../src/cli/run-command-line.ts';
import { createHttpApp } from '../src/http/app.ts';
import { bodyLimits } from '../src/http/body-limits.ts';
import { listen } from '../src/http/listen.ts';
import { inputPlaces } from '../src/openapi/input-places.ts';
import { COMMAND_ROWS, type CommandWorld } from './command-rows.case.ts';
import { ROWS } from './operation-rows.case.ts';
import type { Run } from './run-command.case.ts';
import { ADMIN_TOKEN } from './served-app.case.ts';
import { openTable } from './table-world.case.ts';
import { openTerminal } from './terminal.case.ts';

/** A guard only: they run a few hundred commands. */
const GUARD_MS = 180_000;

let world: CommandWorld;
let operations: readonly AnyOperation[];
let env: Readonly<Record<string, string>>;
let opened: AsyncDisposableStack;

beforeAll(async () => {
  opened = new AsyncDisposableStack();
  const table = opened.use(await openTable());
  const app = createHttpApp(table.engine, {});
  const limits = bodyLimits(12_582_912, table.engine.uploads);
  const listener = opened.use(await listen(app, { host: '127.0.0.1', port: 0, limits, clock: systemClock }));
  const dir = opened.use(tempDir());
  world = { table, file: (name) => dir.file(name) };
  operations = await installedOperations('auto');
  const home = { HOME: dir.path, GMP_DATA_DIR: dir.file('none') };
  env = { GMP_URL: listener.url, GMP_API_TOKEN: ADMIN_TOKEN, GMP_EDITION: 'community', ...home };
});
afterAll(() => opened.disposeAsync());

async function piped(args: readonly string[]): Promise<Run> {
  const written = { stdout: '', stderr: '' };
  const sink = (name: 'stdout' | 'stderr') => ({
    write: (text: string | Uint8Array) => {
      written[name] += typeof text === 'string' ? text : Buffer.from(text).toString('latin1');
    },
  });
  const stdin = (async function* () {
    yield '';
  })();
  const streams = { stdout: sink('stdout'), stderr: sink('stderr'), stdin };
  return { code: await runCommandLine(args, { env, streams, serve: async () => 0 }, operations), ...written };
}

function program(): Command {
  const streams = { stdout: { write: () => true }, stderr: { write: () => true }, stdin: (async function* () {})() };
  const context = { env: {}, streams, finish: () => undefined, serve: async () => 0 as const };
  return createProgram(context, operations);
}

interface Line {
  readonly args: readonly string[];
  readonly code: number;
  readonly isSilent: boolean;
}

/** The command line of a row; each time about something new. */
async function lineOf(words: readonly string[], command: Command): Promise<Line | null> {
  const own = COMMAND_ROWS[words.join(' ')];
  if (own !== undefined) {
    if ('shownIn' in own) return null;
    const { code = 0, isSilent = false } = own;
    return { args: [...words, ...(await own.args(world))], code, isSilent };
  }
  const operation = operations.find(({ name }) => name === words.join('.'));
  const row = ROWS[words.join('.')];
  if (operation === undefined || row === undefined) throw new Error(`no row: ${words.join(' ')}`);
  const { path, query, body } = inputPlaces(operation);
  const takesTenant = [...query, ...(body ?? [])].some(({ name }) => name === 'tenant_id');
  const input: Readonly<Record<string, unknown>> = {
    ...(takesTenant && operation.access === 'tenant' ? { tenant_id: 'acme' } : {}),
    ...(await row.input(world.table)),
  };
  const inPath = path.map(({ name }) => name);
  const flags = Object.entries(input).filter(([name]) => !inPath.includes(name));
  const yes = command.options.some(({ long }) => long === '--yes') ? ['--yes'] : [];
  return {
    args: [
      ...words,
      ...inPath.map((name) => String(input[name])),
      ...flags.flatMap(([name, value]) => flag(name, value)),
      ...yes,
    ],
    code: (row.status ?? 200) >= 400 ? 1 : 0,
    isSilent: operation.http.bytes !== undefined,
  };
}

function flag(name: string, value: unknown): readonly string[] {
  const isTexts = Array.isArray(value) && value.every((each) => typeof each === 'string');
  if (isTexts) return [`--${name.replaceAll('_', '-')}`, ...value];
  return [`--${name.replaceAll('_', '-')}`, typeof value === 'string' ? value : JSON.stringify(value)];
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    const lines = text.trimEnd().split('\n');
    return lines.length > 1 && lines.every(isJson);
  }
}

test(
  'every command has a row, --json, an example and a help page that is wide enough',
  async () => {
    const wrong: unknown[] = [];
    for (const { words, command } of leavesOf(program())) {
      const name = words.join(' ');
      if (!(name in COMMAND_ROWS) && !(words.join('.') in ROWS))
        wrong.push([name, 'has no row in command-rows.case.ts']);
      if (!command.options.some(({ long }) => long === '--json')) wrong.push([name, 'takes no --json']);
      const { code, stdout } = await piped([...words, '--help']);
      if (code !== 0 || !/Examples?:\n {2}(\S+=\S+ )*(mail-proxy|curl|source|zcat) /.test(stdout))
        wrong.push([name, 'has no example']);
      if (stdout.split('\n').some((line) => line.length > 140)) wrong.push([name, 'has lines that are too long']);
      const row = COMMAND_ROWS[name];
      if (row !== undefined && 'shownIn' in row) {
        const file = readFileSync(new URL(row.shownIn, import.meta.url), 'utf8');
        if (!file.includes(`'${words.at(-1)}'`)) wrong.push([name, `is not run in ${row.shownIn}`]);
      }
    }
    expect(wrong).toEqual([]);
  },
  GUARD_MS,
);

describe('every command', () => {
  test(
    'in a pipe answers for people and for programs, with the exit code of the outcome',
    async () => {
      const wrong: unknown[] = [];
      for (const { words, command } of leavesOf(program())) {
        for (const more of [[], ['--json']]) {
          const line = await lineOf(words, command);
          if (line === null) continue;
          const args = [...line.args, ...more];
          const { code, stdout, stderr } = await piped(args);
          if (code !== line.code) wrong.push([args, code, stdout, stderr]);
          if (code === 0 && stdout === '' && stderr === '' && more.length === 0) wrong.push([args, 'says nothing']);
          if (stdout.includes('\u001b')) wrong.push([args, 'colours a pipe']);
          if (more.length > 0 && !line.isSilent && stdout !== '' && !isJson(stdout))
            wrong.push([args, 'is no JSON', stdout]);
        }
      }
      expect(wrong).toEqual([]);
    },
    GUARD_MS,
  );

  test(
    'at a terminal ends as it does in a pipe',
    async () => {
      // What they are about is made before all of them, and a rotation would end what is there to be revoked.
      const leaves = leavesOf(program()).toReversed();
      const made = await Promise.all(leaves.map(({ words, command }) => lineOf(words, command)));
      const lines = made.filter((line) => line !== null);
      writeFileSync(world.file('lines.json'), JSON.stringify(lines.map(({ args }) => args)));
      const entry = fileURLToPath(new URL('command-session-main.ts', import.meta.url));
      await using terminal = openTerminal([world.file('lines.json'), world.file('codes.json')], { env, entry });
      expect(await terminal.exitCode).toBe(0);
      const codes: readonly number[] = JSON.parse(readFileSync(world.file('codes.json'), 'utf8'));
      const wrong = lines.flatMap(({ args, code }, at) => (codes[at] === code ? [] : [[args, codes[at]]]));
      expect(wrong).toEqual([]);
      expect(terminal.text()).not.toContain('[object Object]');
      expect(terminal.raw()).toContain('\u001b[');
    },
    GUARD_MS,
  );
});
