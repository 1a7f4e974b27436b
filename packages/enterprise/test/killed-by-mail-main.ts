// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// An engine that one mail kills. Arguments: database, port of the IMAP server, encryption key.
import { createMailEngine, defineMixin } from '@mail-proxy/core';
import { imap } from '../src/imap/imap.mixin.ts';
import { mailReadersOf } from '../src/imap/mail-readers.ts';

const [, , database = '', port = '', encryptionKey = ''] = process.argv;

const victim = defineMixin({
  id: 'victim',
  contract: 1,
  setup(context) {
    mailReadersOf(context)?.onMail('bounces', ({ raw }) => {
      if (Buffer.from(raw).includes('Subject: killer')) process.kill(process.pid, 'SIGKILL');
      return { statements: [] };
    });
    return {};
  },
});

const engine = await createMailEngine({
  mixins: [imap, victim],
  config: { database, encryptionKey, outgoing: { allowPrivateNetworks: true } },
});
await engine.start();
// The operation's output is what its schema says.
const { items } = (await engine.execute('mailboxes.list', {})) as { items: readonly unknown[] };
if (items.length === 0) {
  await engine.execute('mailboxes.create', {
    ...{ host: '127.0.0.1', port: Number(port), tls: 'none', user: 'anna', password: 'secret', purposes: ['bounces'] },
  });
}
// It is killed before.
setTimeout(() => process.exit(1), 45_000);
