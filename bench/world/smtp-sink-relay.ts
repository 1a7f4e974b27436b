// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Tally } from '@mail-proxy/testkit';
import { epochMs } from '../load/epoch.ts';
import { freePort, untilListening } from './ports.ts';
import type { Relay } from './relay.ts';

const PATH = ['/usr/sbin/smtp-sink', '/usr/libexec/postfix/smtp-sink'];
const BACKLOG = '1000';

/** The sink that comes with Postfix, where it is installed. */
export function findSmtpSink(): string | null {
  return PATH.find((path) => existsSync(path)) ?? null;
}

/** Start smtp-sink. It can't tell messages apart: one more than there should be is a duplicate, one less is missing. */
export async function openSmtpSink(program: string): Promise<Relay> {
  const port = await freePort();
  const user = process.getuid?.() === 0 ? ['-u', 'nobody'] : [];
  const child = spawn(program, [...user, '-c', `127.0.0.1:${port}`, BACKLOG], { stdio: ['ignore', 'pipe', 'inherit'] });
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const counted = new Counter(child);
  await untilListening(port);
  return {
    host: '127.0.0.1',
    port,
    taken: async () => counted.messages,
    waitFor: (total) => counted.waitFor(total),
    tally: async (_prefix, count, before): Promise<Tally> => {
      const arrived = counted.messages - before;
      return {
        arrived: Math.min(arrived, count),
        missing: Math.max(0, count - arrived),
        duplicates: Math.max(0, arrived - count),
        firstAt: null,
        lastAt: counted.lastAt,
      };
    },
    async [Symbol.asyncDispose]() {
      process.off('exit', killNow);
      const gone = once(child, 'exit');
      child.kill('SIGTERM');
      await gone;
    },
  };
}

/** Reads what smtp-sink writes each time that one of its counters changes: `sess=1 quit=0 mesg=7`. */
class Counter {
  #text = '';
  readonly #waiting = new Map<number, PromiseWithResolvers<void>>();
  messages = 0;
  lastAt: number | null = null;

  constructor(child: ChildProcess) {
    child.stdout?.setEncoding('latin1').on('data', (text: string) => this.#take(text));
    child.once('exit', () => {
      for (const { reject } of this.#waiting.values()) reject(new Error('smtp-sink is gone'));
    });
  }

  async waitFor(total: number): Promise<void> {
    if (this.messages >= total) return;
    const waiting = this.#waiting.get(total) ?? Promise.withResolvers<void>();
    this.#waiting.set(total, waiting);
    await waiting.promise;
  }

  #take(text: string): void {
    this.#text += text;
    const end = this.#text.lastIndexOf('\r');
    if (end < 0) return;
    const last = /mesg=(\d+)\D*$/.exec(this.#text.slice(0, end))?.[1];
    this.#text = this.#text.slice(end + 1);
    if (last === undefined || Number(last) === this.messages) return;
    this.messages = Number(last);
    this.lastAt = epochMs();
    for (const [total, { resolve }] of this.#waiting) {
      if (total > this.messages) continue;
      this.#waiting.delete(total);
      resolve();
    }
  }
}
