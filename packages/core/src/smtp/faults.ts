// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpFaultRecord } from './reply.ts';
import { capText, cleanText } from './reply-text.ts';

type FaultKind = SmtpFaultRecord['kind'];

/** Codes of the operating system, of Node's resolver and of our guard. */
const KINDS_BY_CODE: Readonly<Record<string, FaultKind>> = {
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  EAI_NONAME: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns',
  ECONNREFUSED: 'refused',
  EHOSTUNREACH: 'refused',
  EHOSTDOWN: 'refused',
  ENETUNREACH: 'refused',
  ENETDOWN: 'refused',
  EADDRNOTAVAIL: 'refused',
  ECONNRESET: 'reset',
  ECONNABORTED: 'reset',
  EPIPE: 'reset',
  ETIMEDOUT: 'timeout',
  EPROTO: 'tls',
  // Of our own, where a relay is looked up that a tenant named.
  address_not_allowed: 'unsupported',
  outgoing_failed: 'dns',
};

/** The kind of an error of a socket; what has no code of the network's came from TLS if that is up or coming up. */
export function faultKind(error: Error, isTls: boolean): FaultKind {
  const code = errorCode(error);
  return KINDS_BY_CODE[code] ?? (isTls || /^ERR_(TLS|SSL|OSSL)_/.test(code) ? 'tls' : 'reset');
}

/** One line about an error of a socket. */
export function errorText(error: Error): string {
  const code = errorCode(error);
  // An AggregateError (all addresses of a host failed) has its messages inside.
  const inner: unknown[] = error instanceof AggregateError ? error.errors : [];
  const messages = inner.filter((each) => each instanceof Error).map((each) => each.message);
  const message = messages.length > 0 ? messages.join('; ') : error.message;
  return faultText(message.includes(code) ? message : `${code}: ${message}`);
}

export function faultText(text: string): string {
  return capText(cleanText(text));
}

function errorCode(error: Error): string {
  return 'code' in error && typeof error.code === 'string' ? error.code : '';
}
