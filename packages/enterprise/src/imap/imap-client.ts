// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImapFlow } from 'imapflow';
import type { ImapStage } from './imap.schema.ts';

/** Bounds on what a server may make us hold; a greeting, capabilities and a mailbox's state are far below. */
const MAX_LINE_BYTES = 65_536;
const MAX_RESPONSE_BYTES = 262_144;

/** Where an IMAP server is. */
export interface ImapPlace {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
  readonly tls: 'implicit' | 'starttls' | 'none';
}

export interface ImapClientOptions {
  readonly auth:
    | { readonly user: string; readonly pass: string }
    | { readonly user: string; readonly accessToken: string };
  /** The deadline that the caller holds over all of it, in milliseconds. */
  readonly timeoutMs: number;
  /** PEM certificates trusted instead of the system's. */
  readonly ca?: string;
  /** Connected to in place of `host`, whose name the certificate still has to have. */
  readonly address?: string;
  /** Bytes of the largest piece of a mail that is asked for. @defaultValue none is */
  readonly pieceBytes?: number;
}

/** A client that does what is asked and nothing of its own accord; one use. The library is loaded with the first. */
export async function createImapClient(place: ImapPlace, options: ImapClientOptions): Promise<ImapFlow> {
  const { ImapFlow } = await import('imapflow');
  const { host, port, tls } = place;
  const { auth, timeoutMs, ca, address = host, pieceBytes = 0 } = options;
  return new ImapFlow({
    host: address,
    port,
    secure: tls === 'implicit',
    ...(tls !== 'implicit' && { doSTARTTLS: tls === 'starttls' }),
    ...(address !== host && { servername: host }),
    ...(ca !== undefined && { tls: { ca } }),
    auth: { ...auth },
    clientInfo: { name: 'mail-proxy', version: false, vendor: false, 'support-url': false },
    // It would write each line of the session to stdout.
    logger: false,
    disableAutoIdle: true,
    disableAutoEnable: true,
    disableCompression: true,
    // The caller's deadline stands over all; these only must not come before it.
    connectionTimeout: 2 * timeoutMs,
    greetingTimeout: 2 * timeoutMs,
    socketTimeout: 2 * timeoutMs,
    maxLineLength: MAX_LINE_BYTES,
    maxLiteralSize: Math.max(MAX_LINE_BYTES, pieceBytes),
    maxResponseSize: MAX_RESPONSE_BYTES + pieceBytes,
  });
}

/** The stage that the session is in, which is the one not passed yet. */
export function stageOf(
  client: ImapFlow,
  { tls, isLoggedIn }: { readonly tls: ImapPlace['tls']; readonly isLoggedIn: boolean },
): ImapStage {
  if (isLoggedIn) return 'mailbox';
  if (client.connectedAt === null) return 'connect';
  const isGreeted = client.greeting !== undefined || isPreauthenticated(client);
  const isProtected = client.secureConnection || tls === 'none';
  return isGreeted && isProtected ? 'auth' : 'greeting';
}

/** imapflow keeps the text of a greeting that says OK, not of one that says PREAUTH. */
export function isPreauthenticated({ authenticated, greeting }: ImapFlow): boolean {
  return authenticated !== false && greeting === undefined;
}
