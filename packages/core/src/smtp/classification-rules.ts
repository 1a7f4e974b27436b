// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Classification, ReplyRule } from './classification.types.ts';
import type { SmtpFaultRecord, SmtpStage } from './reply.ts';

/** One line of the table, and where it comes from. */
export interface SourcedReplyRule extends ReplyRule {
  readonly source: string;
}

const OPENING: readonly SmtpStage[] = ['connect', 'greeting', 'ehlo', 'rset', 'quit'];
const CONTENT: readonly SmtpStage[] = ['data', 'body', 'dot'];

/** The first rule that matches decides. */
export const REPLY_RULES: readonly SourcedReplyRule[] = [
  // The relay, not the mail. Temporary whatever the code: another relay, or this one later, may take it.
  {
    codes: [421],
    verdict: 'path',
    permanence: 'temporary',
    source: 'RFC 5321 §3.8: the service is closing; may come at any time',
  },
  {
    stages: OPENING,
    verdict: 'path',
    permanence: 'temporary',
    source: 'RFC 5321 §3.1, RFC 7504: 5xx here is about the connection, never about a recipient',
  },

  // The account: its mail waits until somebody has put it right.
  {
    stages: ['auth'],
    verdict: 'account',
    permanence: 'temporary',
    source: 'RFC 4954 §6: AUTH says nothing about the mail',
  },
  {
    stages: ['starttls'],
    class: 4,
    verdict: 'path',
    permanence: 'temporary',
    source: 'RFC 3207 §4: 454 TLS not available for now',
  },
  {
    stages: ['starttls'],
    verdict: 'account',
    permanence: 'temporary',
    source: 'RFC 3207 §4: our TLS setting is wrong',
  },
  {
    codes: [432, 523, 524, 530, 534, 535, 538],
    verdict: 'account',
    permanence: 'temporary',
    source: 'RFC 4954 §6, RFC 5248: authentication or encryption required, too weak or failed, at whatever command',
  },
  {
    status: ['x.7.30', 'x.7.57', 'x.7.64'],
    verdict: 'account',
    permanence: 'temporary',
    source:
      'Exchange Online: basic authentication is off, the client is not authenticated, no connector fits it (RFC 8689 gives x.7.30 to REQUIRETLS, which is not used here)',
  },
  {
    stages: ['mail'],
    codes: [525],
    verdict: 'account',
    permanence: 'temporary',
    source: 'RFC 5248: our user account is disabled',
  },
  {
    stages: ['mail'],
    status: ['x.7.3', 'x.7.4', 'x.7.5', 'x.7.8', 'x.7.9', 'x.7.10', 'x.7.11', 'x.7.12', 'x.7.13', 'x.7.14'],
    verdict: 'account',
    permanence: 'temporary',
    source:
      'RFC 4954 §6, RFC 5248: before a recipient was named, security is between relay and account (later it is often spam)',
  },
  {
    stages: ['mail'],
    status: ['5.7.0'],
    verdict: 'account',
    permanence: 'temporary',
    source: 'RFC 4954 §6: authentication required; 4.7.0 is mostly a rate',
  },
  {
    stages: ['mail'],
    codes: [503],
    verdict: 'path',
    permanence: 'temporary',
    source: 'RFC 5321 §4.2.2: MAIL out of sequence is about the session; the next one starts afresh',
  },

  // Size and number.
  {
    status: ['x.3.4', 'x.2.3'],
    verdict: 'message',
    source: 'RFC 1870 §6, RFC 3463 §3.4: too big for the system or for a mailbox',
  },
  { status: ['x.7.16'], verdict: 'message', source: 'RFC 6710: too big for its priority' },
  {
    stages: ['rcpt'],
    status: ['x.5.3'],
    verdict: 'recipient',
    permanence: 'temporary',
    source: 'RFC 5321 §4.5.3.1.10: too many recipients; the rest goes in another transaction',
  },

  // Sender.
  {
    status: ['x.1.7', 'x.1.8', 'x.7.27'],
    verdict: 'message',
    source: 'RFC 3463 §3.2, RFC 7505 §4.2: the sender has no good address',
  },
  { status: ['x.7.60'], verdict: 'message', source: 'Exchange: this account may not send as that sender' },
  {
    stages: ['mail'],
    status: ['x.1'],
    verdict: 'message',
    source: 'RFC 3463 §3.2: at MAIL there is only the sender',
  },

  // Recipient. After DATA a reply is about all recipients at once, so none of them may be blamed.
  { stages: ['rcpt'], status: ['x.1', 'x.2'], verdict: 'recipient', source: 'RFC 3463 §3.2, §3.3: address, mailbox' },
  {
    stages: ['rcpt'],
    status: ['x.7.17', 'x.7.18'],
    verdict: 'recipient',
    source: 'RFC 7293: mailbox or domain changed hands',
  },
  {
    stages: ['rcpt'],
    status: ['x.6.7'],
    verdict: 'recipient',
    source: 'RFC 6531 §3.5: this recipient takes no address that is not ASCII',
  },
  {
    stages: CONTENT,
    status: ['x.1', 'x.2'],
    verdict: 'message',
    source: 'RFC 3463 §3.2, §3.3, said of all at once',
  },

  // Whole subjects.
  {
    status: ['x.4.5'],
    verdict: 'path',
    permanence: 'temporary',
    source: 'RFC 3463 §3.5: congestion, of use as a temporary error only; Gmail answers a spent daily quota by it',
  },
  {
    stages: ['rcpt'],
    status: ['5.4.1', '5.4.4'],
    verdict: 'recipient',
    source:
      'RFC 3463 §3.5: no host answers for this recipient, no route to it; Exchange Online: 5.4.1 for an unknown one',
  },
  { status: ['x.3', 'x.4'], verdict: 'path', source: 'RFC 3463 §3.4, §3.5: mail system, network and routing' },
  { status: ['x.6'], verdict: 'message', source: 'RFC 3463 §3.7: content or media' },
  {
    stages: CONTENT,
    codes: [552],
    status: ['x.7'],
    verdict: 'message',
    source: 'RFC 5321 §4.2.3, RFC 3463 §3.8: what the message carries is not let in; Gmail: forbidden attachments',
  },
  {
    status: ['x.7'],
    verdict: 'policy',
    source: 'RFC 3463 §3.8, RFC 7372: security or policy; 4.7.1 is how greylisting answers',
  },

  // No telling status: by the code.
  { stages: ['rcpt'], codes: [552], verdict: 'recipient', source: 'RFC 5321 §4.2.3: storage of this mailbox' },
  { codes: [552], verdict: 'message', source: 'RFC 5321 §4.2.3, RFC 1870 §6.1: size' },
  {
    stages: ['rcpt'],
    codes: [450, 452, 550, 551, 553, 556],
    verdict: 'recipient',
    source: 'RFC 5321 §4.2.3, RFC 7504: mailbox unavailable, full, moved, not allowed; domain takes no mail',
  },
  {
    stages: ['rcpt'],
    codes: [501],
    verdict: 'recipient',
    source: 'RFC 5321 §4.2.3: a parameter of RCPT is its address',
  },
  { stages: ['mail'], codes: [501, 553], verdict: 'message', source: 'RFC 5321 §4.2.3: the address of the sender' },
  {
    codes: [500, 501, 502, 503, 504, 555],
    verdict: 'path',
    source: 'RFC 5321 §4.2.2: the relay and we do not understand each other',
  },
  {
    codes: [541, 550, 570, 571],
    verdict: 'policy',
    source: 'RFC 5321 §4.2.3: rejected for policy reasons; 541, 570 and 571 in use for the same',
  },
  { class: 4, verdict: 'path', source: 'RFC 5321 §4.2.3: 450, 451, 452, 455 are states of the relay' },
];

/** Where no rule matches: a 5xx without meaning of its own, or a number that is no failure. */
export const BASE_VERDICTS: Readonly<Record<SmtpStage, Classification['verdict']>> = {
  connect: 'path',
  greeting: 'path',
  ehlo: 'path',
  starttls: 'account',
  auth: 'account',
  mail: 'policy',
  rcpt: 'policy',
  data: 'message',
  body: 'message',
  dot: 'message',
  rset: 'path',
  quit: 'path',
};

export const PATH_LATER: Classification = { permanence: 'temporary', verdict: 'path' };
const ACCOUNT_LATER: Classification = { permanence: 'temporary', verdict: 'account' };

export const FAULT_VERDICTS: Readonly<Record<SmtpFaultRecord['kind'], Classification>> = {
  dns: PATH_LATER,
  refused: PATH_LATER,
  reset: PATH_LATER,
  closed: PATH_LATER,
  timeout: PATH_LATER,
  // A certificate that is not trusted, or a relay without the TLS or AUTH that the account demands: somebody must look.
  tls: ACCOUNT_LATER,
  unsupported: ACCOUNT_LATER,
  // No token, no session: the relay and the way to it have nothing to do with that.
  token: ACCOUNT_LATER,
  protocol: PATH_LATER,
  aborted: PATH_LATER,
};
