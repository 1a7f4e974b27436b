// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

export interface ServerProcessOptions {
  /**
   * The server's settings. It also gets what a process needs to run (PATH, HOME, TMPDIR, TZ, where Node keeps what it
   * compiled), and nothing else of the environment of the test: a GMP_ variable of the machine changes no test.
   */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
  /** @defaultValue apps/server/src/main.ts */
  readonly entry?: string;
  /** The entry is JavaScript, and its packages are the built ones. @defaultValue false */
  readonly isBuilt?: boolean;
  /** @defaultValue ['serve'] */
  readonly args?: readonly string[];
  /**
   * The line that says it is up, on either output; the first group is the URL.
   * @defaultValue `listening on http://HOST:PORT`, in a plain or a JSON line
   */
  readonly listening?: RegExp;
  /**
   * Milliseconds it has to say so.
   * @defaultValue 50000
   */
  readonly startTimeoutMs?: number;
  /**
   * Milliseconds it has to end after SIGTERM when it is disposed of; then it is killed.
   * @defaultValue 10000
   */
  readonly stopTimeoutMs?: number;
}

export interface ProcessEnd {
  /** Null when a signal ended it. */
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** A server in a process of its own, to be killed at will. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://HOST:PORT` */
  readonly url: string;
  readonly pid: number;
  readonly exited: Promise<ProcessEnd>;
  /**
   * Send a signal; to wait for the end, wait for `exited`.
   * @param signal - SIGTERM when left out
   */
  kill(signal?: NodeJS.Signals): void;
  /** All it wrote so far. */
  stdout(): string;
  stderr(): string;
}

const INHERITED = ['PATH', 'HOME', 'TMPDIR', 'TZ', 'SystemRoot', 'NODE_COMPILE_CACHE'];

/** A server that ended, or took too long, before it listened; the message has what it wrote. */
export class ServerNotUp extends Error {
  /** Null where it was killed. */
  readonly exitCode: number | null;

  constructor(message: string, exitCode: number | null) {
    super(message);
    this.exitCode = exitCode;
  }
}

/**
 * Start `mail-proxy serve`, from the sources unless told otherwise, and wait until it listens.
 * @throws {ServerNotUp}
 */
export async function spawnServer(options: ServerProcessOptions = {}): Promise<ServerProcess> {
  const {
    entry = fileURLToPath(new URL('../../../apps/server/src/main.ts', import.meta.url)),
    isBuilt = false,
    args = ['serve'],
    listening = /listening on (https?:\/\/[^\s"]+)/,
    startTimeoutMs = 50_000,
    stopTimeoutMs = 10_000,
  } = options;
  const conditions = isBuilt ? [] : ['--conditions=mail-proxy-source'];
  const child = spawn(process.execPath, [...conditions, entry, ...args], {
    cwd: options.cwd,
    env: { ...inheritedEnv(), ...options.env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const exited = new Promise<ProcessEnd>((resolve) => {
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow); // a test run that is stopped leaves no server behind
  void exited.then(() => process.off('exit', killNow));

  const output = { stdout: '', stderr: '' };
  const up = Promise.withResolvers<string>();
  for (const name of ['stdout', 'stderr'] as const) {
    child[name].setEncoding('utf8').on('data', (text: string) => {
      output[name] += text;
    });
    createInterface(child[name]).on('line', (line) => {
      const url = listening.exec(line)?.[1];
      if (url !== undefined) up.resolve(url);
    });
  }
  const notUp = (reason: string, code: number | null = null): void => {
    const written = `${output.stdout.slice(-4000)}\n${output.stderr.slice(-4000)}`;
    up.reject(new ServerNotUp(`the server ${reason}\n${written}`, code));
  };
  child.once('error', up.reject);
  void exited.then(({ code, signal }) => notUp(`ended before it listened (${signal ?? code})`, code));
  const timer = setTimeout(() => {
    notUp(`did not listen within ${startTimeoutMs} ms`);
    killNow();
  }, startTimeoutMs);
  const url = await up.promise.finally(() => clearTimeout(timer));

  return {
    url,
    pid: child.pid ?? 0, // it listens, so it has one
    exited,
    kill: (signal = 'SIGTERM') => void child.kill(signal),
    stdout: () => output.stdout,
    stderr: () => output.stderr,
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const impatience = setTimeout(killNow, stopTimeoutMs);
      await exited;
      clearTimeout(impatience);
    },
  };
}

function inheritedEnv(): Record<string, string> {
  const env: Record<string, string> = {};
  for (const name of INHERITED) {
    const value = process.env[name];
    if (value !== undefined) env[name] = value;
  }
  return env;
}
