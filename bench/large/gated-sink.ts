// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';

/**
 * A relay that takes one message, and then lets nobody go on before all have begun to send, so that all are under way at
 * once.
 */
export interface GatedSink extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the one message has arrived: what is sent to the relay from now on waits for the others. */
  readonly proven: Promise<void>;
  /** Bytes of the messages after it that arrived whole. */
  readonly received: readonly number[];
  /** Resolves when as many have arrived as are awaited. */
  readonly all: Promise<void>;
}

const END = Buffer.from('\r\n.\r\n');

/** @param expected messages that have to be at their first bytes before any of them is read further */
export async function startGatedSink(expected: number): Promise<GatedSink> {
  const received: number[] = [];
  const proven = Promise.withResolvers<void>();
  const all = Promise.withResolvers<void>();
  let isProven = false;
  const begun = new Set<Socket>();
  const open = (): boolean => begun.size >= expected;
  const server = createServer((socket) => {
    socket.on('error', () => socket.destroy());
    let bytes: number | null = null;
    let tail = Buffer.alloc(0);
    const say = (line: string): void => void socket.write(`${line}\r\n`);
    say('220 gate.test ESMTP');
    socket.on('data', (chunk: Buffer) => {
      if (bytes === null) {
        for (const line of chunk.toString('latin1').split('\r\n').filter(Boolean)) {
          if (/^(?:EHLO|HELO)/i.test(line)) say('250-gate.test\r\n250-8BITMIME\r\n250 SIZE 104857600');
          else if (/^DATA/i.test(line)) {
            bytes = 0;
            say('354 go on');
          } else say(/^QUIT/i.test(line) ? '221 bye' : '250 ok');
        }
        return;
      }
      bytes += chunk.length;
      tail = Buffer.concat([tail.subarray(-END.length), chunk]);
      if (tail.subarray(-END.length).equals(END)) {
        if (isProven) received.push(bytes);
        bytes = null;
        say('250 taken');
        isProven = true;
        proven.resolve();
        if (received.length === expected) all.resolve();
        return;
      }
      if (!isProven || open()) return;
      begun.add(socket);
      if (open()) for (const waiting of begun) waiting.resume();
      else socket.pause();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('a TCP server has a port');
  return {
    port: address.port,
    proven: proven.promise,
    received,
    all: all.promise,
    async [Symbol.asyncDispose]() {
      server.close();
      for (const socket of begun) socket.destroy();
    },
  };
}
