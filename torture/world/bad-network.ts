// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { connect, createServer, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { listenOnLoopback } from '@mail-proxy/testkit';
import type { Network } from '../trial/scenario.ts';

/** Stands between servers and the relay, and is a network that is not as good as loopback. */
export interface BadNetwork extends AsyncDisposable {
  readonly port: number;
  /** Reset all connections there are. */
  cutAll(): void;
  /** Connections that were reset while the relay may have had a mail that the client was not told of. */
  readonly cuts: number;
}

const RESET_AFTER_BYTES = 4_000;

/** @param random in [0, 1) */
export async function startBadNetwork(
  behind: number,
  { latencyMs = 0, sliceBytes = 0, resetShare = 0, resetAfterBytes = RESET_AFTER_BYTES }: Network,
  random: () => number,
): Promise<BadNetwork> {
  const clients = new Set<Socket>();
  let cuts = 0;
  const cut = (client: Socket): void => {
    if (!clients.delete(client)) return;
    cuts += 1;
    client.resetAndDestroy();
  };

  function serve(client: Socket): void {
    clients.add(client);
    const relay = connect(behind, '127.0.0.1');
    // A number of bytes after which it breaks; most never do.
    let left = random() < resetShare ? Math.ceil(random() * resetAfterBytes) : Number.POSITIVE_INFINITY;
    client.once('close', () => {
      clients.delete(client);
      relay.destroy();
    });
    relay.once('close', () => client.destroy());
    // Connections that break are what this is for.
    client.on('error', () => undefined);
    relay.on('error', () => undefined);
    const toRelay = inOrder(async (bytes) => {
      for (const piece of pieces(bytes, sliceBytes)) {
        relay.write(piece);
        left -= piece.length;
        if (left <= 0) return cut(client);
        if (sliceBytes > 0) await sleep(0);
      }
    });
    const toClient = inOrder(async (bytes) => {
      if (latencyMs > 0) await sleep(latencyMs);
      for (const piece of pieces(bytes, sliceBytes)) client.write(piece);
    });
    client.on('data', toRelay);
    relay.on('data', toClient);
  }

  const loopback = await listenOnLoopback(createServer({ noDelay: true }, serve));
  return {
    port: loopback.port,
    cutAll() {
      for (const client of clients) cut(client);
    },
    get cuts() {
      return cuts;
    },
    [Symbol.asyncDispose]: () => loopback.close(),
  };
}

function inOrder(pass: (bytes: Buffer) => Promise<void>): (bytes: Buffer) => void {
  let last = Promise.resolve();
  return (bytes) => {
    last = last.then(() => pass(bytes));
  };
}

function pieces(bytes: Buffer, size: number): readonly Buffer[] {
  if (size === 0) return [bytes];
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, n) => bytes.subarray(n * size, (n + 1) * size));
}
