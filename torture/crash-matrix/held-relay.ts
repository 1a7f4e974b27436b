// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type PeerConnection, type PeerTls, type ScriptedPeer, startScriptedPeer } from '@mail-proxy/testkit';
import type { WireStep } from './cells.ts';

/** How a message that is held goes on: as if nothing had been, or with its connection cut. */
export type Verdict = 'go-on' | 'cut';

/** A relay that keeps the first client that comes to a step waiting there, and serves all others. */
export interface HeldRelay extends AsyncDisposable {
  readonly port: number;
  /** Resolves when a client waits. */
  readonly reached: Promise<void>;
  /** Let it go on. Afterwards nobody is held. */
  release(verdict: Verdict): void;
  /** Message-IDs of the mails of which it had the final dot. */
  readonly copies: readonly string[];
  /** Resolves when a 250 for a mail was handed to the system. */
  readonly acknowledged: Promise<void>;
}

/** The text of each mail ends with this line, so that a relay can stop right before the dot. */
export const LAST_LINE = 'This is the last line.';

/** No step, no hold: a relay that serves. */
export async function startHeldRelay(step: WireStep | null, tls: PeerTls): Promise<HeldRelay> {
  const reached = Promise.withResolvers<void>();
  const verdict = Promise.withResolvers<Verdict>();
  const acknowledged = Promise.withResolvers<void>();
  const copies: string[] = [];
  let isArmed = step !== null;

  /** Whether this client is held here; then it waits until it is released. */
  const hold = async (client: PeerConnection, at: WireStep): Promise<void> => {
    if (!isArmed || at !== step) return;
    isArmed = false;
    reached.resolve();
    if ((await verdict.promise) === 'go-on') return;
    client.reset();
    throw new Cut();
  };

  const peer: ScriptedPeer = await startScriptedPeer(async (client) => {
    try {
      await serve(client, { tls, hold, copies, acknowledged: acknowledged.resolve });
    } catch (error) {
      // A client that was killed, or that we cut off, leaves in the middle of a word.
      if (!(error instanceof Cut) && !isGone(error)) throw error;
    }
  });
  return {
    port: peer.port,
    reached: reached.promise,
    release: (how) => verdict.resolve(how),
    copies,
    acknowledged: acknowledged.promise,
    async [Symbol.asyncDispose]() {
      verdict.resolve('cut');
      await peer[Symbol.asyncDispose]();
    },
  };
}

class Cut extends Error {}

const isGone = (error: unknown): boolean => error instanceof Error && error.name === 'ConnectionClosed';

interface Served {
  readonly tls: PeerTls;
  readonly hold: (client: PeerConnection, at: WireStep) => Promise<void>;
  readonly copies: string[];
  readonly acknowledged: () => void;
}

/** One connection. No extension but STARTTLS and AUTH is offered, so that each command waits for its reply. */
async function serve(client: PeerConnection, { tls, hold, copies, acknowledged }: Served): Promise<void> {
  await hold(client, 'connected');
  await client.send('220 relay.test ESMTP\r\n');
  let isSecure = false;
  for (;;) {
    const line = await client.line();
    switch (line.split(' ')[0]?.toUpperCase()) {
      case 'EHLO':
        if (!isSecure) await hold(client, 'ehlo');
        await client.send(isSecure ? '250-relay.test\r\n250 AUTH PLAIN\r\n' : '250-relay.test\r\n250 STARTTLS\r\n');
        break;
      case 'STARTTLS':
        await hold(client, 'starttls');
        await client.send('220 go ahead\r\n');
        await client.startTls(tls);
        isSecure = true;
        break;
      case 'AUTH':
        await hold(client, 'auth');
        await client.send('235 welcome\r\n');
        break;
      case 'MAIL':
        await hold(client, 'mail');
        await client.send('250 ok\r\n');
        break;
      case 'RCPT':
        await hold(client, 'rcpt');
        await client.send('250 ok\r\n');
        break;
      case 'DATA': {
        await hold(client, 'data');
        await client.send('354 go ahead\r\n');
        copies.push(await readMail(client, hold));
        await hold(client, 'after-dot');
        await client.send('250 queued\r\n');
        acknowledged();
        break;
      }
      case 'QUIT':
        return client.send('221 bye\r\n');
      default:
        await client.send('250 ok\r\n');
    }
  }
}

/** Read a mail to its dot. @returns its Message-ID */
async function readMail(client: PeerConnection, hold: Served['hold']): Promise<string> {
  const head = (await client.readUntil('\r\n\r\n')).toString('latin1');
  await hold(client, 'body');
  await client.readUntil(LAST_LINE);
  await hold(client, 'before-dot');
  await client.readUntil('\r\n.\r\n');
  return /^Message-ID: *(<[^>]*>)/im.exec(head)?.[1] ?? 'none';
}
