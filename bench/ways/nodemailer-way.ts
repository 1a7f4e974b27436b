// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { openNodemailerPool } from './nodemailer-pool.ts';
import { ownUsage } from './own-usage.ts';
import type { Way } from './way.ts';

/** What an application does without a proxy: nodemailer's pool in its process, nothing stored, nothing retried. */
export const nodemailerPool: Way = {
  row: 'nodemailer pool',
  async open({ host, port, login }, { connections }) {
    const pool = openNodemailerPool({ host, port, connections, ...(login === undefined ? {} : { login }) });
    return {
      isInProcess: true,
      pids: [],
      async submit(mails) {
        // What fails is missing at the relay.
        await Promise.allSettled(mails.map((mail) => pool.send(mail)));
      },
      usage: async () => ownUsage(),
      async [Symbol.asyncDispose]() {
        pool[Symbol.dispose]();
      },
    };
  },
};
