// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type InputProblem, invalidInput, type OAuthSettings } from '@mail-proxy/core';
import type { MailboxInput } from './mailbox.schema.ts';
import type { AfterHandling, MailboxTls, Purpose } from './mailbox.table.ts';

/** What can be set of a mailbox. */
export interface MailboxSettings {
  readonly name: string;
  readonly host: string;
  readonly port: number;
  readonly tls: MailboxTls;
  readonly tlsCa: string | null;
  readonly allowCleartext: boolean;
  readonly user: string;
  readonly folder: string;
  readonly purposes: readonly Purpose[];
  readonly afterHandling: AfterHandling;
  readonly moveTo: string | null;
  readonly pollIntervalS: number;
  readonly isEnabled: boolean;
}

/** A secret that is absent stays as it is stored. */
export interface MailboxSecrets {
  readonly password?: string | null;
  readonly oauth?: OAuthSettings | null;
}

/** What is stored of a mailbox, less its secrets. */
export interface CurrentSettings extends MailboxSettings {
  readonly hasPassword: boolean;
  readonly hasOAuth: boolean;
}

/** RFC 8314, 3.2: IMAP over TLS, and IMAP. */
const IMPLICIT_TLS_PORT = 993;
const PLAIN_PORT = 143;
const DEFAULT_POLL_S = 120;

const LOOPBACK = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|::1)$/i;

/**
 * Settings from input over those of the mailbox as it is, or over the defaults for a new one.
 *
 * @throws {MailProxyError} `invalid_input` for fields that do not go together
 */
export function mailboxSettings(
  input: MailboxInput,
  current: CurrentSettings | null,
): MailboxSettings & MailboxSecrets {
  const tls = kept(input.tls, current?.tls, input.port === PLAIN_PORT ? 'starttls' : 'implicit');
  const settings: MailboxSettings = {
    name: kept(input.name, current?.name, ''),
    host: input.host ?? current?.host ?? '',
    port: kept(input.port, current?.port, tls === 'implicit' ? IMPLICIT_TLS_PORT : PLAIN_PORT),
    tls,
    tlsCa: kept(input.tls_ca, current?.tlsCa, null),
    allowCleartext: kept(input.allow_cleartext, current?.allowCleartext, false),
    user: input.user ?? current?.user ?? '',
    folder: kept(input.folder, current?.folder, 'INBOX'),
    purposes: input.purposes ?? current?.purposes ?? [],
    afterHandling: kept(input.after_handling, current?.afterHandling, 'flag'),
    moveTo: kept(input.move_to, current?.moveTo, null),
    pollIntervalS: kept(input.poll_interval_seconds, current?.pollIntervalS, DEFAULT_POLL_S),
    isEnabled: kept(input.enabled, current?.isEnabled, true),
  };
  const secrets = secretsOf(input);
  const problems = [...placeProblems(settings), ...loginProblems(secrets, current)];
  if (problems.length > 0) throw invalidInput(problems);
  return { ...settings, ...secrets };
}

/** Absent keeps what is, null gives what is without saying. */
function kept<Value>(given: Value | null | undefined, current: Value | undefined, otherwise: Value): Value {
  if (given === undefined) return current ?? otherwise;
  return given ?? otherwise;
}

/** One login takes the place of the other. */
function secretsOf({ password, oauth }: MailboxInput): MailboxSecrets {
  return {
    ...(password === undefined ? (oauth ? { password: null } : {}) : { password }),
    ...(oauth === undefined ? (password ? { oauth: null } : {}) : { oauth }),
  };
}

function placeProblems({ tls, host, allowCleartext, afterHandling, moveTo, folder }: MailboxSettings): InputProblem[] {
  const problems: InputProblem[] = [];
  if (tls === 'none' && !allowCleartext && !LOOPBACK.test(host)) {
    problems.push({
      pointer: '/tls',
      message: 'expected implicit or starttls; none is for this machine, or with allow_cleartext',
    });
  }
  if (afterHandling === 'move' && moveTo === null) {
    problems.push({ pointer: '/move_to', message: 'expected a folder, since after_handling is move' });
  }
  if (afterHandling === 'move' && moveTo === folder) {
    problems.push({ pointer: '/move_to', message: 'expected another folder than the one that is read' });
  }
  return problems;
}

function loginProblems({ password, oauth }: MailboxSecrets, current: CurrentSettings | null): InputProblem[] {
  const hasPassword = password === undefined ? (current?.hasPassword ?? false) : password !== null;
  const hasOAuth = oauth === undefined ? (current?.hasOAuth ?? false) : oauth !== null;
  if (hasPassword === hasOAuth) return [{ pointer: '/password', message: 'expected either a password or oauth' }];
  return [];
}
