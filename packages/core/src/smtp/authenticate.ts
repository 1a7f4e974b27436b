// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpCapabilities } from './capabilities.ts';
import type { SmtpConnection } from './connection.ts';
import { cramMd5Response } from './cram-md5.ts';
import { refusedAt, unsupported } from './opening-errors.ts';
import type { SmtpReply } from './reply.ts';
import { capText } from './reply-text.ts';
import type { AuthMethod, SmtpAuth } from './session.types.ts';

/** What AUTH needs: `token` was fetched before the connection was opened. */
export interface Credentials {
  readonly auth: SmtpAuth;
  /** Null where no token is used. */
  readonly token: string | null;
}

/** By its name in EHLO. */
type Mechanism = 'PLAIN' | 'LOGIN' | 'CRAM-MD5' | 'XOAUTH2';

/** PLAIN needs one round trip, LOGIN three; CRAM-MD5 makes relays keep the password in clear, so it comes last. */
const UNDER_TLS: readonly Mechanism[] = ['PLAIN', 'LOGIN', 'CRAM-MD5'];
/** The only one that doesn't show the password to whoever listens. */
const IN_CLEAR: readonly Mechanism[] = ['CRAM-MD5', 'PLAIN', 'LOGIN'];

const MECHANISMS: Readonly<Record<Exclude<AuthMethod, 'auto'>, Mechanism>> = {
  plain: 'PLAIN',
  login: 'LOGIN',
  'cram-md5': 'CRAM-MD5',
  xoauth2: 'XOAUTH2',
};

/** A shorter password is a part of words that mean something else: after AUTH it is not looked for. */
const MIN_LATER_LENGTH = 6;

/** Whether these credentials are a token rather than a password. */
export function usesToken({ method, password, token }: SmtpAuth): boolean {
  return method === 'xoauth2' || (method === 'auto' && password === undefined && token !== undefined);
}

/**
 * Prove who we are.
 *
 * @throws SmtpConnectError whose texts hold neither the password nor a token nor what was sent for it.
 * @see RFC 4954 (AUTH), RFC 4616 (PLAIN), RFC 2195 (CRAM-MD5)
 */
export async function authenticate(
  connection: SmtpConnection,
  { auth, token }: Credentials,
  capabilities: SmtpCapabilities,
  timeoutMs: number,
): Promise<void> {
  const mechanism = mechanismFor(auth, capabilities.authMechanisms, connection.tls !== null);
  const exchange = new Exchange(connection, mechanism, timeoutMs);
  let reply = await exchange.run(auth, token ?? auth.password ?? '');
  // RFC 4954 §4: after a refusal the client may try again. Only a token that was kept may have become stale.
  if (token !== null && reply.code === 535) {
    const fresh = await auth.token?.(token);
    if (fresh !== undefined && fresh !== token) reply = await exchange.run(auth, fresh);
  }
  if (reply.code >= 300) throw refusedAt('auth', reply);
}

function mechanismFor(auth: SmtpAuth, offered: ReadonlySet<string>, isTls: boolean): Mechanism {
  const wanted = wantedMechanisms(auth, isTls);
  const found = wanted.find((each) => offered.has(each));
  if (found !== undefined) return found;
  throw unsupported('auth', `the relay does not offer ${wanted.join(' or ')}`);
}

function wantedMechanisms(auth: SmtpAuth, isTls: boolean): readonly Mechanism[] {
  if (usesToken(auth)) return ['XOAUTH2'];
  if (auth.method !== 'auto') return [MECHANISMS[auth.method]];
  const all = isTls ? UNDER_TLS : IN_CLEAR;
  // NUL separates the parts of PLAIN's message and can't be in any (RFC 4616 §2).
  return `${auth.user}${auth.password ?? ''}`.includes('\0') ? all.filter((each) => each !== 'PLAIN') : all;
}

/** One mechanism on one connection, run once or twice. */
class Exchange {
  readonly #connection: SmtpConnection;
  readonly #mechanism: Mechanism;
  readonly #timeoutMs: number;
  #redact: (text: string) => string = (text) => text;

  constructor(connection: SmtpConnection, mechanism: Mechanism, timeoutMs: number) {
    this.#connection = connection;
    this.#mechanism = mechanism;
    this.#timeoutMs = timeoutMs;
  }

  /** Answers with the final reply, whatever it is. */
  async run({ user }: SmtpAuth, secret: string): Promise<SmtpReply> {
    switch (this.#mechanism) {
      case 'PLAIN':
        return this.#plain(user, secret);
      case 'LOGIN':
        return this.#login(user, secret);
      case 'CRAM-MD5':
        return this.#cramMd5(user, secret);
      case 'XOAUTH2':
        return this.#xoauth2(user, secret);
      default:
        return this.#mechanism satisfies never;
    }
  }

  async #plain(user: string, password: string): Promise<SmtpReply> {
    const response = base64(`\0${user}\0${password}`);
    this.#hide(password, response);
    const reply = await this.#begin(response);
    // Some relays overlook the initial response and ask for it.
    return isContinue(reply) ? this.#answer(response) : reply;
  }

  async #login(user: string, password: string): Promise<SmtpReply> {
    this.#hide(password);
    let reply = await this.#begin();
    if (isContinue(reply)) reply = await this.#answer(base64(user));
    if (isContinue(reply)) reply = await this.#answer(base64(password));
    return reply;
  }

  async #cramMd5(user: string, password: string): Promise<SmtpReply> {
    this.#hide(password);
    const reply = await this.#begin();
    if (!isContinue(reply)) return reply;
    // Not the reply's text, in which a short password may have been blotted out.
    const response = cramMd5Response(user, password, this.#connection.replyLines.join(''));
    this.#hide(password, response);
    return this.#answer(response);
  }

  /** @see https://developers.google.com/workspace/gmail/imap/xoauth2-protocol */
  async #xoauth2(user: string, token: string): Promise<SmtpReply> {
    const response = base64(`user=${user}\x01auth=Bearer ${token}\x01\x01`);
    this.#hide(token, response);
    const reply = await this.#begin(response);
    // A challenge here is the JSON of an error; the relay wants an empty line before it says so in a reply.
    return isContinue(reply) ? this.#answer('') : reply;
  }

  #begin(initial?: string): Promise<SmtpReply> {
    const verb = `AUTH ${this.#mechanism}`;
    if (initial === undefined) return this.#ask(verb, verb);
    return this.#ask(`${verb} ${initial}`, `${verb} [redacted]`);
  }

  #answer(line: string): Promise<SmtpReply> {
    return this.#ask(line, line === '' ? '' : '[redacted]');
  }

  async #ask(line: string, shown: string): Promise<SmtpReply> {
    const reply = await this.#connection.ask('auth', `${line}\r\n`, this.#timeoutMs, `${shown}\r\n`);
    return { ...reply, text: capText(this.#redact(this.#connection.replyLines.join(' '))) };
  }

  /** Relays were seen to repeat what they were sent. */
  #hide(secret: string, response = ''): void {
    const secrets = [response, base64(secret), secret].filter((each) => each !== '');
    this.#redact = redactor(secrets);
    this.#connection.redact = this.#redact;
    const telling = secrets.filter(({ length }) => length >= MIN_LATER_LENGTH);
    this.#connection.redactLater = telling.length === 0 ? null : redactor(telling);
  }
}

/** Blots out each of them, in whatever case the relay repeats it. */
function redactor(secrets: readonly string[]): (text: string) => string {
  const any = new RegExp(secrets.map(escapeRegExp).join('|'), 'giu');
  return (text) => text.replace(any, '[redacted]');
}

function isContinue(reply: SmtpReply): boolean {
  return reply.code === 334;
}

function base64(text: string): string {
  return Buffer.from(text, 'utf8').toString('base64');
}

function escapeRegExp(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
