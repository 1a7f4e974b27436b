// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { fileURLToPath } from 'node:url';
import { spawn as spawnAtTerminal } from '@lydell/node-pty';
import headless from '@xterm/headless';

/** Keys that send more than a character. */
export const KEY = {
  enter: '\r',
  escape: '\u001b',
  up: '\u001b[A',
  down: '\u001b[B',
  right: '\u001b[C',
  left: '\u001b[D',
  space: ' ',
  tab: '\t',
  ctrlC: '\u0003',
} as const;

export interface ProcessOptions {
  /** All that the program sees of the environment, with PATH, and with no home but the one that is given here. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface TerminalOptions extends ProcessOptions {
  /** @defaultValue 100 */
  readonly columns?: number;
  /** @defaultValue 40 */
  readonly rows?: number;
  /** What is run. @defaultValue the program */
  readonly entry?: string;
}

/** `mail-proxy` at a terminal, with what its user would see. */
export interface TerminalProcess extends AsyncDisposable {
  readonly pid: number;
  /** Type; see {@link KEY}. */
  write(keys: string): void;
  resize(columns: number, rows: number): void;
  /** What is visible now, without the blanks at the ends of lines and below the last. */
  screen(): string;
  /** The same with all that has scrolled away. */
  text(): string;
  /** The bytes as they came, with their colours. */
  raw(): string;
  /**
   * Wait until this stands on the screen or above it.
   *
   * @throws Error with the screen, when the program ends or the time is over before that
   */
  waitFor(wanted: string | RegExp, options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Resolves with the code once it has ended; a signal counts as 128 and its number, as in a shell. */
  readonly exitCode: Promise<number>;
}

/**
 * Run the real program at a pseudo-terminal.
 *
 * @example
 * await using terminal = openTerminal(['accounts', 'create'], { env });
 * await terminal.waitFor('host');
 * terminal.write(`smtp.example.net${KEY.enter}`);
 * expect(await terminal.exitCode).toBe(0);
 */
export function openTerminal(
  args: readonly string[],
  { env = {}, cwd, columns = 100, rows = 40, entry = MAIN }: TerminalOptions = {},
): TerminalProcess {
  const emulator = new headless.Terminal({ cols: columns, rows, scrollback: 10_000, allowProposedApi: true });
  const child = spawnAtTerminal(process.execPath, [...SOURCES, entry, ...args], {
    name: 'xterm-256color',
    cols: columns,
    rows,
    env: { ...processEnv(env), TERM: 'xterm-256color' },
    ...(cwd === undefined ? {} : { cwd }),
  });
  const killNow = (): void => kill(child.pid, 'SIGKILL');
  process.once('exit', killNow); // a test run that is stopped leaves nothing behind

  let raw = '';
  let hasEnded = false;
  const watchers = new Set<() => void>();
  const look = (): void => {
    for (const watcher of watchers) watcher();
  };
  child.onData((data) => {
    raw += data;
    emulator.write(data, look);
  });
  // Programs may ask the terminal something, such as where the cursor is.
  emulator.onData((answer) => {
    if (!hasEnded) child.write(answer);
  });
  const exitCode = new Promise<number>((resolve) => {
    child.onExit(({ exitCode, signal }) => {
      hasEnded = true;
      process.off('exit', killNow);
      // What came last is on the screen before anybody hears of the end.
      emulator.write('', () => {
        look();
        resolve(signal === undefined || signal === 0 ? exitCode : 128 + signal);
      });
    });
  });

  const lines = (from: number): string => {
    const { active } = emulator.buffer;
    const all: string[] = [];
    for (let at = from; at < active.length; at++) all.push(active.getLine(at)?.translateToString(true) ?? '');
    return all.join('\n').trimEnd();
  };
  const allText = (): string => lines(0);

  return {
    pid: child.pid,
    write: (keys) => child.write(keys),
    resize: (newColumns, newRows) => {
      emulator.resize(newColumns, newRows);
      child.resize(newColumns, newRows);
    },
    screen: () => lines(emulator.buffer.active.baseY),
    text: allText,
    raw: () => raw,
    exitCode,
    waitFor: (wanted, { timeoutMs = 25_000 } = {}) => {
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      const fail = (why: string): void => reject(new Error(`${why} ${String(wanted)}; the screen:\n${allText()}`));
      const watcher = (): void => {
        const shown = allText();
        if (typeof wanted === 'string' ? shown.includes(wanted) : wanted.test(shown)) resolve();
        else if (hasEnded) fail('the program ended without');
      };
      const timer = setTimeout(() => fail(`within ${timeoutMs} ms there was no`), timeoutMs);
      watchers.add(watcher);
      watcher();
      return promise.finally(() => {
        watchers.delete(watcher);
        clearTimeout(timer);
      });
    },
    async [Symbol.asyncDispose]() {
      if (!hasEnded) killNow();
      await exitCode;
      emulator.dispose();
    },
  };
}

/** What a program wrote, and how it ended. */
export interface PipedRun {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Run the real program in a pipe, until it ends. */
export async function runPiped(
  args: readonly string[],
  { env = {}, cwd, stdin = '' }: ProcessOptions & { readonly stdin?: string | Uint8Array } = {},
): Promise<PipedRun> {
  const child = spawn(process.execPath, [...SOURCES, MAIN, ...args], { env: processEnv(env), cwd });
  const ended = once(child, 'close');
  // It may end without reading.
  child.stdin.on('error', () => {});
  child.stdin.end(stdin);
  const [stdout, stderr] = await Promise.all([text(child.stdout), text(child.stderr)]);
  const [code] = await ended;
  return { code, stdout, stderr };
}

const SOURCES = ['--conditions=mail-proxy-source'];
const MAIN = fileURLToPath(new URL('../src/main.ts', import.meta.url));

function processEnv(env: Readonly<Record<string, string>>): Record<string, string> {
  const { PATH, NODE_COMPILE_CACHE } = process.env;
  return {
    ...(PATH === undefined ? {} : { PATH }),
    ...(NODE_COMPILE_CACHE === undefined ? {} : { NODE_COMPILE_CACHE }),
    HOME: '/nonexistent',
    ...env,
  };
}

function kill(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch (error) {
    // It has just ended.
    if (!(error instanceof Error && 'code' in error && error.code === 'ESRCH')) throw error;
  }
}
