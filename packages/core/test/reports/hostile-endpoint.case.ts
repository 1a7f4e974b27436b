// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer, type Socket } from 'node:net';
import { gzipSync } from 'node:zlib';
import { listenOnLoopback } from '@mail-proxy/testkit';

/** What an endpoint does to whoever calls it. */
export type Hostility = (socket: Socket) => void;

const MIB = 1_048_576;

/** Write the same bytes for as long as the other side takes them, up to a gigabyte. */
function flood(socket: Socket, bytes: Uint8Array): void {
  let written = 0;
  const more = (): void => {
    while (written < 1_024 * MIB && !socket.destroyed) {
      written += bytes.byteLength;
      if (!socket.write(bytes)) {
        socket.once('drain', more);
        return;
      }
    }
  };
  more();
}

const answer = (body: string | Uint8Array, headers = ''): Buffer =>
  Buffer.concat([
    Buffer.from(`HTTP/1.1 200 OK\r\ncontent-length: ${Buffer.byteLength(body)}\r\n${headers}\r\n`),
    Buffer.from(body),
  ]);

/** By name, each with the reason that the log of calls gives for it; null where the connection just breaks. */
export function hostilities(forbiddenUrl: string): Readonly<Record<string, readonly [act: Hostility, reason: RegExp]>> {
  const bomb = answer(gzipSync(Buffer.alloc(64 * MIB, ' ')), 'content-encoding: gzip\r\n');
  return {
    'never answers': [() => undefined, /^no answer in time$/],
    'answers 500': [
      (socket) => socket.end('HTTP/1.1 500 Oops\r\ncontent-length: 4\r\n\r\noops'),
      /^the endpoint answered 500$/,
    ],
    'answers garbage': [(socket) => socket.end(answer('<html>%PDF\u0000</html>')), /^the answer is not JSON$/],
    'is no HTTP server': [(socket) => socket.end('SSH-2.0-OpenSSH_9.9\r\n'), /failed/],
    'sends a gigabyte': [
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\r\n');
        flood(socket, Buffer.alloc(65_536, ' '));
      },
      /^the answer is larger than 1048576 bytes$/,
    ],
    'closes in the middle': [
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 11\r\n\r\n{"ok"');
        setImmediate(() => socket.destroy());
      },
      /failed/,
    ],
    'sends a bomb': [(socket) => socket.end(bomb), /^the answer is larger than 1048576 bytes$/],
    'encodes it a thousand times': [
      (socket) => socket.end(answer('x', `content-encoding: ${Array(1_000).fill('gzip').join(', ')}\r\n`)),
      /encoded 1000 times/,
    ],
    'sends headers without end': [
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\n');
        flood(socket, Buffer.from(`x-pad: ${'x'.repeat(8_000)}\r\n`));
      },
      /^the headers of the answer are too large/,
    ],
    'dribbles one byte after the other': [
      (socket) => {
        socket.write('HTTP/1.1 200 OK\r\ncontent-length: 99\r\n\r\n');
        const timer = setInterval(() => socket.write(' '), 50);
        socket.on('close', () => clearInterval(timer));
      },
      /^no answer in time$/,
    ],
    'redirects to where nobody may go': [
      (socket) => socket.end(`HTTP/1.1 307 Go\r\nlocation: ${forbiddenUrl}\r\ncontent-length: 0\r\n\r\n`),
      /^the endpoint answered 307$/,
    ],
    'says ok, and nothing of it': [(socket) => socket.end(answer('{"ok":"true"}')), /wrong or missing field: ok/],
  };
}

/** An endpoint on a raw socket, which can be made a good one. */
export interface HostileEndpoint extends AsyncDisposable {
  readonly url: string;
  /** Most bytes that it could get rid of on one connection. */
  readonly maxSent: number;
  /** What it was told since it is a good one. */
  readonly told: readonly string[];
  reform(): void;
}

export async function startHostile(act: Hostility): Promise<HostileEndpoint> {
  let isGood = false;
  let maxSent = 0;
  const told: string[] = [];
  const server = createServer((socket) => {
    let heard = '';
    let acted = false;
    socket.on('error', () => undefined);
    socket.on('close', () => {
      maxSent = Math.max(maxSent, socket.bytesWritten - socket.writableLength);
    });
    socket.on('data', (bytes) => {
      heard += bytes.toString('latin1');
      // The body is one line that ends so.
      if (acted || !heard.endsWith(']}')) return;
      acted = true;
      if (!isGood) return act(socket);
      told.push(...[...heard.matchAll(/"event_id":"([^"]+)"/g)].map(([, id]) => String(id)));
      socket.end(answer('{"ok":true}', 'connection: close\r\n'));
    });
  });
  const { port, close } = await listenOnLoopback(server);
  return {
    url: `http://127.0.0.1:${port}`,
    get maxSent() {
      return maxSent;
    },
    told,
    reform() {
      isGood = true;
    },
    [Symbol.asyncDispose]: close,
  };
}
