// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type ScriptedPeer, startScriptedPeer } from '@mail-proxy/testkit';
import { serveMail } from './engine-world.case.ts';

/** A relay that has a whole message and says nothing yet. */
export interface HeldRelay extends AsyncDisposable {
  readonly port: ScriptedPeer['port'];
  /** Resolves once it has a message. */
  readonly begun: Promise<void>;
  /** Let it take what it has, and all that comes. */
  release(): void;
}

export async function startHeldRelay(): Promise<HeldRelay> {
  const gate = Promise.withResolvers<void>();
  const begun = Promise.withResolvers<void>();
  const peer = await startScriptedPeer((client) =>
    serveMail(client, {
      onMessage: async () => {
        begun.resolve();
        await gate.promise;
        return '250 queued';
      },
    }),
  );
  return {
    port: peer.port,
    begun: begun.promise,
    release: () => gate.resolve(),
    [Symbol.asyncDispose]: () => peer[Symbol.asyncDispose](),
  };
}
