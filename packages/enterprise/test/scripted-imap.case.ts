// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import {
  type PeerConnection,
  type ScriptedPeer,
  type ScriptedPeerOptions,
  startScriptedPeer,
} from '@mail-proxy/testkit';

/** What a command is answered: lines, the last of which gets the tag; or nothing at all; or an RST. */
export type Answers = Readonly<Record<string, readonly string[] | 'silence' | 'cut'>>;

export interface ImapScript extends ScriptedPeerOptions {
  /** `silence` says nothing at all. @defaultValue `* OK imap.test ready` */
  readonly greeting?: string;
  /** By the command's name; what is not here is answered as a server with one mailbox, INBOX, would. */
  readonly answers?: Answers;
  /** Called where the silence begins. */
  readonly onSilence?: () => void;
  /** Makes STARTTLS work. */
  readonly starttls?: ScriptedPeerOptions['tls'];
}

export interface ScriptedImap {
  readonly peer: ScriptedPeer;
  /** The commands that came, without their tags. */
  readonly commands: readonly string[];
}

const ANSWERS: Answers = {
  CAPABILITY: ['* CAPABILITY IMAP4rev1 UIDPLUS', 'OK done'],
  LOGIN: ['OK logged in'],
  LIST: ['* LIST (\\HasNoChildren) "/" INBOX', 'OK done'],
  LSUB: ['OK done'],
  EXAMINE: [
    '* FLAGS (\\Seen)',
    '* 3 EXISTS',
    '* 0 RECENT',
    '* OK [UIDVALIDITY 1700000000] valid',
    '* OK [UIDNEXT 42] next',
    'OK [READ-ONLY] opened',
  ],
  LOGOUT: ['* BYE bye', 'OK done'],
};

/** Start an IMAP server of which the test decides what it answers. */
export async function startScriptedImap(script: ImapScript = {}): Promise<ScriptedImap> {
  const commands: string[] = [];
  const { greeting = '* OK imap.test ready', onSilence } = script;
  const answers = { ...ANSWERS, ...script.answers };
  const silence = async (client: PeerConnection): Promise<void> => {
    onSilence?.();
    await client.hang();
  };
  const peer = await startScriptedPeer(
    async (client) => {
      if (greeting === 'silence') return silence(client);
      await client.send(`${greeting}\r\n`);
      if (greeting.startsWith('* BYE')) return;
      for (;;) {
        const [, tag = '', command = '', name = ''] = await client.expect(/^(\S+) ((\S+).*)$/);
        commands.push(command);
        const answer = answers[name] === undefined ? ['BAD unknown command'] : answers[name];
        if (answer === 'silence') return silence(client);
        if (answer === 'cut') return client.reset();
        await client.send([...answer.slice(0, -1), `${tag} ${answer.at(-1)}`].map((line) => `${line}\r\n`).join(''));
        if (name === 'STARTTLS' && script.starttls) await client.startTls(script.starttls);
        if (name === 'LOGOUT') return;
      }
    },
    script.tls ? { tls: script.tls } : {},
  );
  return { peer, commands };
}
