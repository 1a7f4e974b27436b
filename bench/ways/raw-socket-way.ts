// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ownUsage } from './own-usage.ts';
import { type RawMode, RawSocket } from './raw-socket.ts';
import type { Way } from './way.ts';

/** Plain sockets in the process of the bench: the wire and the relay, and little else. */
export function rawSocket(mode: RawMode): Way {
  return {
    row: `raw socket, ${mode}`,
    async open({ host, port }, { connections }) {
      const opening = Array.from({ length: connections }, () => RawSocket.open(host, port));
      const idle = await Promise.all(opening);
      const sockets = [...idle];
      return {
        isInProcess: true,
        pids: [],
        async submit(mails) {
          const queue = mails.values();
          // A single mail needs one of them, and others may be sent at the same time.
          const taken = idle.splice(0, mails.length);
          if (taken.length === 0) throw new Error('all raw sockets are busy');
          await Promise.all(taken.map((socket) => socket.sendAll(queue, mode)));
          idle.push(...taken);
        },
        usage: async () => ownUsage(),
        async [Symbol.asyncDispose]() {
          for (const socket of sockets) socket.close();
        },
      };
    },
  };
}
