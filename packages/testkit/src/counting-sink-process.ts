// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ChildProcess, fork } from 'node:child_process';
import { extname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CountedMessage, CountingSinkCounts, CountingSinkOptions } from './counting-sink.ts';
import type { WaitOptions } from './recording.ts';
import type { Tally } from './tally.ts';

/** A counting sink that has a process, and so a core, to itself. */
export interface CountingSinkProcess extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  readonly pid: number;
  counts(): Promise<CountingSinkCounts>;
  /** Every record so far: some 300 bytes a message, ask at the end. */
  messages(): Promise<readonly CountedMessage[]>;
  /** Count which of the messages `PREFIX-1` to `PREFIX-COUNT` arrived: of a million, too. */
  tally(prefix: string, count: number): Promise<Tally>;
  /** Wait until the sink has `count` messages. */
  waitFor(count: number, options?: WaitOptions): Promise<void>;
  stop(): Promise<void>;
}

/** What the parent asks, with a number that comes back in the answer. */
export type SinkRequest = { readonly id: number } & (
  | { readonly ask: 'counts' | 'messages' }
  | { readonly ask: 'tally'; readonly prefix: string; readonly count: number }
  | { readonly ask: 'waitFor'; readonly count: number; readonly options: WaitOptions }
);

/** What the child says; `ready` once, at its start. */
export type SinkAnswer =
  | { readonly ready: number }
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly error: string };

interface Pending {
  resolve(result: unknown): void;
  reject(reason: Error): void;
}

type Question = SinkRequest extends infer R ? (R extends unknown ? Omit<R, 'id'> : never) : never;

/** Start {@link startCountingSink} in a process of its own, so that it never takes time from what is measured. */
export async function spawnCountingSink(options: CountingSinkOptions = {}): Promise<CountingSinkProcess> {
  // beside this file, .ts in the sources and .js once built
  const here = fileURLToPath(import.meta.url);
  const main = fileURLToPath(new URL(`./counting-sink-main${extname(here)}`, import.meta.url));
  const child = fork(main, [JSON.stringify(options)], {
    execArgv: [],
    env: { PATH: process.env['PATH'] },
    serialization: 'advanced',
  });
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  const { port, ask } = await converse(child);
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await gone;
  };
  return {
    host: '127.0.0.1',
    port,
    pid: child.pid ?? 0,
    // the child answers each question with the type of the method of the same name
    counts: async () => (await ask({ ask: 'counts' })) as CountingSinkCounts,
    messages: async () => (await ask({ ask: 'messages' })) as readonly CountedMessage[],
    tally: async (prefix, count) => (await ask({ ask: 'tally', prefix, count })) as Tally,
    waitFor: async (count, waitOptions = {}) => {
      await ask({ ask: 'waitFor', count, options: waitOptions });
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}

/** Wait until the child listens, then match its answers to questions. */
async function converse(child: ChildProcess): Promise<{ port: number; ask(question: Question): Promise<unknown> }> {
  const pending = new Map<number, Pending>();
  let lastId = 0;
  const ready = Promise.withResolvers<number>();
  // both ends of the channel are this package, of one version
  child.on('message', (said) => {
    const answer = said as SinkAnswer;
    if ('ready' in answer) return ready.resolve(answer.ready);
    const waiting = pending.get(answer.id);
    pending.delete(answer.id);
    if ('error' in answer) waiting?.reject(new Error(answer.error));
    else waiting?.resolve(answer.result);
  });
  child.once('error', ready.reject);
  child.once('exit', (code, signal) => {
    const reason = new Error(`the counting sink's process is gone (${signal ?? code})`);
    ready.reject(reason);
    for (const { reject } of pending.values()) reject(reason);
    pending.clear();
  });
  const port = await ready.promise;
  return {
    port,
    ask: (question) =>
      new Promise((resolve, reject) => {
        lastId += 1;
        pending.set(lastId, { resolve, reject });
        child.send({ ...question, id: lastId }, (failed) => {
          if (failed) reject(failed);
        });
      }),
  };
}
