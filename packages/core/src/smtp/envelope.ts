// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { SmtpCapabilities } from './capabilities.ts';
import type { SmtpTransaction } from './session.types.ts';

/** RFC 5321 §4.5.3.1.8: a relay must take 100 recipients and may refuse the next one. */
export const MAX_RECIPIENTS = 100;

/**
 * What may stand between the brackets: a quoted local part may hold anything but controls, everything else neither
 * white space, brackets nor quotes. Whether it is a good address is for others to say; here nothing may end the
 * command or start another one.
 */
const SAFE_PATH = /^(?:"(?:[^"\\\x00-\x1f\x7f-\x9f]|\\[^\x00-\x1f\x7f-\x9f])*"@)?[^\s"<>\x00-\x1f\x7f-\x9f]*$/;

/** RFC 3461 §4.4. */
const ENVELOPE_ID = /^[\x21-\x7e]{1,100}$/;

const ASCII = /^[\x00-\x7f]*$/;

/**
 * Refuse an envelope that must never reach the wire.
 *
 * @throws TypeError for a bug of the caller: no or too many recipients, or an address that would break the command.
 */
export function assertEnvelope(envelope: Pick<SmtpTransaction, 'from' | 'to' | 'envelopeId' | 'allOrNone'>): void {
  const { from, to, envelopeId, allOrNone } = envelope;
  // Who wants all or none leaves it to the relay whether it takes them.
  if (to.length === 0 || (to.length > MAX_RECIPIENTS && allOrNone !== true)) {
    throw new TypeError(`a transaction has 1 to ${MAX_RECIPIENTS} recipients, not ${to.length}`);
  }
  assertSafePath(from);
  if (envelopeId !== undefined && !ENVELOPE_ID.test(envelopeId))
    throw new TypeError('not an envelope id for an SMTP command');
  for (const address of to) {
    if (address === '') throw new TypeError('a recipient is empty');
    assertSafePath(address);
  }
}

function assertSafePath(address: string): void {
  if (!SAFE_PATH.test(address) || !address.isWellFormed()) {
    throw new TypeError(`not an address for an SMTP command: ${JSON.stringify(address)}`);
  }
}

/** Whether the relay must speak SMTPUTF8 (RFC 6531 §3.2): the message says so, or an address is beyond ASCII. */
export function needsSmtpUtf8(transaction: SmtpTransaction): boolean {
  return (
    transaction.smtpUtf8 || !ASCII.test(transaction.from) || !transaction.to.every((address) => ASCII.test(address))
  );
}

/** What MAIL says. */
export interface MailParameters {
  /** Without brackets. */
  readonly from: string;
  /** RFC 1870 §5: with the CRLF of the last line, without the final dot and stuffed dots. */
  readonly sizeBytes: number;
  readonly isEightBit: boolean;
  readonly needsSmtpUtf8: boolean;
  /** 1 to 100 visible characters of ASCII. */
  readonly envelopeId?: string | undefined;
}

/** MAIL with the parameters that the relay announced. */
export function mailCommand(parameters: MailParameters, capabilities: SmtpCapabilities): string {
  let command = `MAIL FROM:<${parameters.from}>`;
  if (capabilities.size) command += ` SIZE=${parameters.sizeBytes}`;
  if (parameters.isEightBit && capabilities.eightBitMime) command += ' BODY=8BITMIME';
  if (parameters.needsSmtpUtf8) command += ' SMTPUTF8';
  // The header is all that is looked for in what comes back.
  if (parameters.envelopeId !== undefined && capabilities.dsn)
    command += ` RET=HDRS ENVID=${xtext(parameters.envelopeId)}`;
  return `${command}\r\n`;
}

/** RFC 3461 §4: `+` and `=` as `+` and two hexadecimal digits. */
function xtext(text: string): string {
  return text.replace(/[+=]/g, (char) => `+${char.charCodeAt(0).toString(16).toUpperCase()}`);
}

export function rcptCommand(address: string): string {
  return `RCPT TO:<${address}>\r\n`;
}
