// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

/** A port of which the queue of connections is full: whoever connects waits for an answer that does not come. */
export interface FullPort extends AsyncDisposable {
  readonly port: number;
  /** Take connections from now on, and pass them to the port behind. */
  open(): void;
}

const MAIN = fileURLToPath(new URL('./full-port-main.ts', import.meta.url));
/** A queue of length 1 holds two connections on Linux; the others are for systems that hold more. */
const FILLERS = 4;

/** Fill the queue of a process that is stopped. */
export async function startFullPort(behind: number): Promise<FullPort> {
  const child: ChildProcess = fork(MAIN, [String(behind)]);
  const killNow = (): void => void child.kill('SIGKILL');
  process.once('exit', killNow);
  const [port] = (await once(child, 'message')) as [number];
  child.kill('SIGSTOP');
  const fillers = await fill(port);
  return {
    port,
    open() {
      for (const socket of fillers) socket.destroy();
      child.kill('SIGCONT');
    },
    async [Symbol.asyncDispose]() {
      for (const socket of fillers) socket.destroy();
      const gone = once(child, 'exit');
      child.kill('SIGKILL');
      await gone;
      process.off('exit', killNow);
    },
  };
}

/** Connect until one connection gets no answer. */
async function fill(port: number): Promise<readonly Socket[]> {
  const sockets: Socket[] = [];
  for (let n = 0; n < FILLERS; n++) {
    const socket = connect(port, '127.0.0.1');
    socket.on('error', () => undefined); // it is destroyed in the end, or refused
    sockets.push(socket);
    const isTaken = await Promise.race([once(socket, 'connect').then(() => true), sleep(300, false)]);
    if (!isTaken) return sockets;
  }
  throw new Error('the queue of connections does not get full here');
}
