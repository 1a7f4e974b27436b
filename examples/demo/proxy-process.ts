// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { spawn } from 'node:child_process';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));

/** Milliseconds in which the server must have ended after SIGTERM. */
const STOP_MS = 5_000;

export interface ProxyProcess extends AsyncDisposable {
  readonly url: string;
  /** Resolves with the reason once the process is gone. */
  readonly gone: Promise<string>;
}

/**
 * Start `mail-proxy serve` and wait until it says where it listens.
 *
 * @param settings - GMP_ variables; those of the shell are left out, so that the demo is the same everywhere
 * @throws Error with what the server wrote, when it ends before it listens
 */
export async function startProxy(
  settings: Readonly<Record<string, string>>,
  signal: AbortSignal,
): Promise<ProxyProcess> {
  const inherited = Object.entries(process.env).filter(([name]) => !/^(GMP|MAIL_PROXY)_/.test(name));
  const child = spawn(process.execPath, ['apps/server/bin/mail-proxy.js', 'serve'], {
    cwd: ROOT,
    env: { ...Object.fromEntries(inherited), ...settings },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  // whatever happens to the demo, its server does not outlive it
  process.once('exit', () => child.kill('SIGKILL'));

  let written = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => {
      written = (written + text).slice(-4_000);
    });
  }
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(`the server could not be started: ${error.message}`));
    child.once('close', (code, by) => resolve(`the server ended (${by ?? `exit code ${code}`})\n${written}`));
  });
  const stop = async (): Promise<void> => {
    child.kill('SIGTERM');
    const impatience = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
    await gone;
    clearTimeout(impatience);
  };

  const listening = new Promise<string>((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const url = /listening on (http:\S+)/.exec(line)?.[1];
      if (url !== undefined) resolve(url);
    });
    signal.addEventListener('abort', () => reject(signal.reason), { once: true });
    void gone.then((reason) => reject(new Error(reason)));
  });
  try {
    return { url: await listening, gone, [Symbol.asyncDispose]: stop };
  } catch (error) {
    await stop();
    throw error;
  }
}
