// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// What one would write in an afternoon: mails over HTTP, a queue in memory, nodemailer's pool. What is in it when it ends
// is lost.
import { servePeer } from './serve-peer.ts';

await servePeer(async ({ pool }) => ({
  async add(mails) {
    for (const mail of mails) pool.send(mail).catch(() => console.error(`${mail.id} failed`));
  },
  resume: async () => undefined,
  async pause() {
    throw new Error('what is in memory is sent at once');
  },
  queued: async () => 0,
}));
