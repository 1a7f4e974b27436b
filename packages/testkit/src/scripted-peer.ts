// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createServer, type Socket } from 'node:net';
import { ConnectionClosed } from './byte-reader.ts';
import { listenOnLoopback } from './loopback.ts';
import { PeerConnection, type PeerTls } from './peer-connection.ts';
import { Recording, type WaitOptions } from './recording.ts';

/** What the peer does on one connection; `ordinal` counts them from 1. When it returns, the connection is closed. */
export type PeerScript = (client: PeerConnection, ordinal: number) => Promise<void>;

export interface ScriptedPeerOptions {
  /** Speak TLS from the first byte. */
  readonly tls?: PeerTls;
}

export interface ScriptedPeer extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** How many connections there were so far. */
  readonly connections: number;
  /**
   * Wait until scripts have run to their end on `count` connections.
   * @param count - 1 when left out
   * @throws the first error of a script, as soon as there is one
   */
  done(count?: number, options?: WaitOptions): Promise<void>;
  /** Cut all connections and stop listening. */
  close(): Promise<void>;
  /**
   * Close, and throw the first error of a script that `done()` has not shown: a failed `expect` cannot pass unseen.
   * A client that left early ({@link ConnectionClosed}) is not thrown here, only by `done()`.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** How a script ended. */
interface ScriptEnd {
  readonly failure: Error | undefined;
}

/**
 * Start a server of which the test decides every byte, and how it goes wrong. It speaks SMTP, HTTP or IMAP as scripted.
 * @example
 * await using peer = await startScriptedPeer(async (client) => {
 *   await client.send('220 peer.test ESMTP\r\n');
 *   await client.expect(/^EHLO /);
 *   await client.send('250 peer.test\r\n');
 *   await client.expect(/^MAIL /);
 *   client.reset();
 * });
 */
export async function startScriptedPeer(script: PeerScript, options: ScriptedPeerOptions = {}): Promise<ScriptedPeer> {
  const ends = new Recording<ScriptEnd>('end of a script');
  let connections = 0;
  let closing = false;
  let shown = false;

  async function run(socket: Socket): Promise<void> {
    connections += 1;
    const client = new PeerConnection(socket);
    try {
      if (options.tls) await client.startTls(options.tls);
      await script(client, connections);
      ends.add({ failure: undefined });
      await client.close();
    } catch (error) {
      socket.destroy();
      // what fails because the test has ended is no failure of the script
      if (!closing) ends.add({ failure: error instanceof Error ? error : new Error(String(error)) });
    }
  }

  const loopback = await listenOnLoopback(createServer((socket) => void run(socket)));
  const firstFailure = (): Error | undefined => ends.items.find(({ failure }) => failure !== undefined)?.failure;
  const close = async (): Promise<void> => {
    closing = true;
    await loopback.close();
    ends.close();
  };
  return {
    host: '127.0.0.1',
    port: loopback.port,
    get connections() {
      return connections;
    },
    async done(count = 1, waitOptions) {
      await ends.waitFor(() => firstFailure() !== undefined || ends.items.length >= count, waitOptions);
      const failure = firstFailure();
      shown = true;
      if (failure) throw failure;
    },
    close,
    async [Symbol.asyncDispose]() {
      await close();
      const failure = firstFailure();
      if (failure && !shown && !(failure instanceof ConnectionClosed)) throw failure;
    },
  };
}
