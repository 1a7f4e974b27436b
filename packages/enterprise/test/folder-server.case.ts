// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type PeerConnection, type ScriptedPeer, startScriptedPeer } from '@mail-proxy/testkit';

/** Mail in the folder; its bytes are made when they are asked for, so that it may be of any size. */
export interface ServedMail {
  readonly uid: number;
  readonly size: number;
  readonly slice: (start: number, length: number) => Buffer;
  readonly flags: Set<string>;
}

/**
 * What a server does in place of an answer.
 * - `hang`: nothing, for ever.
 * - `cut`: it ends the connection.
 * - `cut in literal`: it sends half of a mail before that.
 * - otherwise: these bytes, with `TAG` where the tag goes.
 */
export type Fault = 'hang' | 'cut' | 'cut in literal' | { readonly say: string };

export interface FolderServerOptions {
  /** @defaultValue IMAP4rev1 UIDPLUS MOVE */
  readonly capabilities?: string;
  /** What it does wrong; asked for the greeting, and for each command with its words. */
  readonly fault?: (command: string, connection: number) => Fault | undefined;
}

/** An IMAP server with one folder, which does as the test says. */
export interface FolderServer extends AsyncDisposable {
  readonly peer: ScriptedPeer;
  readonly port: number;
  /** `connection: command`, in their order. */
  readonly commands: readonly string[];
  /** Bytes of mail that were sent. */
  readonly sentBytes: number;
  mails: ServedMail[];
  uidvalidity: number;
  uidnext: number;
  add(...raw: readonly (Buffer | { readonly head: Buffer; readonly size: number })[]): void;
}

export async function startFolderServer(options: FolderServerOptions = {}): Promise<FolderServer> {
  const { capabilities = 'IMAP4rev1 UIDPLUS MOVE', fault = () => undefined } = options;
  const commands: string[] = [];
  let sentBytes = 0;

  const fetchRow = (mail: ServedMail, items: string): Buffer => {
    const row = [`* ${server.mails.indexOf(mail) + 1} FETCH (UID ${mail.uid}`];
    if (items.includes('RFC822.SIZE')) row.push(`RFC822.SIZE ${mail.size}`);
    if (items.includes('INTERNALDATE')) row.push('INTERNALDATE "01-Jan-2030 00:00:00 +0000"');
    const [, start, length] = /BODY\.PEEK\[\]<(\d+)\.(\d+)>/.exec(items) ?? [];
    if (length === undefined) return Buffer.from(`${row.join(' ')})\r\n`);
    const body = mail.slice(Number(start), Number(length));
    sentBytes += body.length;
    row.push(`BODY[]<${start}> {${body.length}}\r\n`);
    return Buffer.concat([Buffer.from(row.join(' ')), body, Buffer.from(')\r\n')]);
  };

  const answer = (command: string, tag: string): Buffer => {
    const ok = `${tag} OK done\r\n`;
    const [, by, set = '', items = ''] = /^(UID )?FETCH (\S+) (.*)$/.exec(command) ?? [];
    if (set !== '') {
      const [from = 0, to = from] = set.split(':').map(Number);
      const wanted = server.mails.filter(({ uid }, at) => {
        const place = by === undefined ? at + 1 : uid;
        return place >= from && place <= to;
      });
      return Buffer.concat([...wanted.map((mail) => fetchRow(mail, items)), Buffer.from(ok)]);
    }
    const [, uids, flag] = /^UID STORE (\S+) \+FLAGS \((\S+)\)/.exec(command) ?? [];
    if (uids !== undefined && flag !== undefined) {
      for (const mail of server.mails) if (uids.split(',').includes(String(mail.uid))) mail.flags.add(flag);
      return Buffer.from(ok);
    }
    if (command.startsWith('CAPABILITY')) return Buffer.from(`* CAPABILITY ${capabilities}\r\n${ok}`);
    if (command.startsWith('LIST')) return Buffer.from(`* LIST (\\HasNoChildren) "/" INBOX\r\n${ok}`);
    if (/^(SELECT|EXAMINE)/.test(command)) {
      const { uidvalidity, uidnext, mails } = server;
      const state = [`${mails.length} EXISTS`, `OK [UIDVALIDITY ${uidvalidity}] .`, `OK [UIDNEXT ${uidnext}] .`];
      return Buffer.from(`${state.map((line) => `* ${line}\r\n`).join('')}${tag} OK [READ-WRITE] opened\r\n`);
    }
    if (command === 'LOGOUT') return Buffer.from(`* BYE bye\r\n${ok}`);
    return Buffer.from(ok);
  };

  const misbehave = async (client: PeerConnection, what: Fault, words: readonly [command: string, tag: string]) => {
    if (what === 'hang') await client.hang();
    else if (what === 'cut') await client.reset();
    else if (what === 'cut in literal') {
      const whole = answer(...words);
      await client.send(whole.subarray(0, Math.floor(whole.length / 2)));
      await client.reset();
    } else await client.send(what.say.replaceAll('TAG', words[1]));
  };

  const peer = await startScriptedPeer(async (client, connection) => {
    const greets = fault('greeting', connection);
    if (greets === undefined) await client.send('* OK ready\r\n');
    else await misbehave(client, greets, ['greeting', '*']);
    for (;;) {
      let line: string;
      try {
        line = await client.line();
      } catch {
        return; // the client has left
      }
      const [, tag = '', command = ''] = /^(\S+) (.*)$/.exec(line) ?? [];
      if (line === 'DONE') continue;
      commands.push(`${connection}: ${command}`);
      const wrong = fault(command, connection);
      if (wrong !== undefined) {
        await misbehave(client, wrong, [command, tag]);
        if (wrong === 'cut' || wrong === 'cut in literal') return;
      } else if (command === 'IDLE') {
        await client.send('+ idling\r\n');
        await client.expect(/^DONE$/);
        await client.send(`${tag} OK done\r\n`);
      } else await client.send(answer(command, tag));
      if (command === 'LOGOUT') return;
    }
  });

  const server: FolderServer = {
    peer,
    port: peer.port,
    commands,
    get sentBytes() {
      return sentBytes;
    },
    mails: [],
    uidvalidity: 1,
    uidnext: 1,
    add(...raws) {
      for (const raw of raws) {
        const { head, size } = Buffer.isBuffer(raw) ? { head: raw, size: raw.length } : raw;
        const slice = (start: number, length: number): Buffer => {
          const bytes = Buffer.alloc(Math.max(0, Math.min(length, size - start)), 'x');
          head.subarray(start, start + length).copy(bytes);
          return bytes;
        };
        server.mails.push({ uid: server.uidnext, size, slice, flags: new Set() });
        server.uidnext += 1;
      }
    },
    [Symbol.asyncDispose]: () => peer.close(),
  };
  return server;
}
