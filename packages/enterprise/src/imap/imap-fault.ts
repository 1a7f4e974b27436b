// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { ImapFlowError } from 'imapflow';
import type { ImapFault } from './imap.schema.ts';

const MAX_TEXT = 500;

/** Codes of the operating system, of Node's resolver and of imapflow. */
const CODES: Readonly<Record<string, ImapFault['code']>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETUNREACH: 'refused',
  ENETDOWN: 'refused',
  EADDRNOTAVAIL: 'refused',
  ECONNRESET: 'closed',
  ECONNABORTED: 'closed',
  EPIPE: 'closed',
  NoConnection: 'closed',
  EConnectionClosed: 'closed',
  ClosedAfterConnectText: 'closed',
  ClosedAfterConnectTLS: 'closed',
  StateLogout: 'closed',
  ETIMEDOUT: 'timeout',
  ETIMEOUT: 'timeout',
  CONNECT_TIMEOUT: 'timeout',
  GREETING_TIMEOUT: 'timeout',
  UPGRADE_TIMEOUT: 'timeout',
  EPROTO: 'tls',
};

/** By its name, as the library is loaded with the first client. Its property `authenticationFailed` is set on others as well. */
const NO_WAY_TO_LOG_IN = 'AuthenticationFailure';

/** Names that OpenSSL gives to a certificate it does not accept, and Node's own codes about TLS. */
const TLS_CODE = /^ERR_(TLS|SSL|OSSL)_|CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)|HOSTNAME_MISMATCH|INVALID_(CA|PURPOSE)/;

/** What an error of imapflow says about the server. */
export function imapFault(error: unknown, { user, password }: { user: string; password: string }): ImapFault {
  const known: Partial<ImapFlowError> = error instanceof Error ? error : { message: String(error) };
  const said = known.responseText || known.reason || known.message || known.code || 'failed';
  return {
    code: codeOf(known),
    message: presentable(said, secretForms(user, password)),
    ...(known.serverResponseCode && { response_code: presentable(known.serverResponseCode, []) }),
  };
}

function codeOf(known: Partial<ImapFlowError>): ImapFault['code'] {
  if (known.mailboxMissing) return 'no_mailbox';
  if (known.responseStatus === 'NO' || known.responseStatus === 'BAD') return 'rejected';
  if (known.tlsFailed || TLS_CODE.test(known.code ?? '')) return 'tls';
  if (known.constructor?.name === NO_WAY_TO_LOG_IN) return 'unsupported';
  return CODES[known.code ?? ''] ?? 'protocol';
}

/** The password as it goes over the wire: a server may quote in its answer what it was sent. */
function secretForms(user: string, password: string): readonly string[] {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  if (password === '') return [];
  // RFC 9051 §9 quoted, RFC 4616 PLAIN, and the SASL mechanisms LOGIN and XOAUTH2.
  const quoted = password.replace(/["\\]/g, '\\$&');
  const xoauth2 = base64(`user=${user}\u0001auth=Bearer ${password}\u0001\u0001`);
  return [base64(`\0${user}\0${password}`), xoauth2, base64(password), quoted, password];
}

function presentable(text: string, secrets: readonly string[]): string {
  const clean = secrets.reduce((left, secret) => left.replaceAll(secret, '[secret]'), text);
  return clean.replace(/[\u0000-\u001f\u007f]+/g, ' ').slice(0, MAX_TEXT);
}
