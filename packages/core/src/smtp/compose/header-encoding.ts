// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { MailAddress, Mailbox } from './content.ts';
import { foldText, foldTokens, hasUnfoldable } from './header-folding.ts';
import { buildHeaderValue, encodeWord, encodeWords, quoteString } from './nodemailer-primitives.ts';

/** Characters per encoded-word; with a name of usual length two fit a line, and any mail program reads them. */
const ENCODED_WORD = 52;
/** A longer quoted display name becomes encoded-words, because a quoted string is not folded here. */
const MAX_QUOTED_NAME = 60;

const PRINTABLE_OR_TAB = /^[\t\x20-\x7e]*$/;
const CONTROL_BUT_TAB = /(?!\t)\p{Cc}/u;
const OUTER_SPACE = /^[ \t]|[ \t]$/;
const ATOMS = /^[\w!#$%&'*+\-/=?^`{|}~]+(?: [\w!#$%&'*+\-/=?^`{|}~]+)*$/;
const PLAIN_ADDRESS = /^[\w!#$%&'*+\-/=?^`{|}~.\u0080-\uffff]+@[A-Za-z0-9.-]+$/;
/** RFC 2045 §5.1: what a parameter's value is without quotes. */
const TOKEN = /^[\w!#$%&'*+\-.^`{|}~]+$/;

/**
 * Write a field whose value is text and nothing else, such as Subject. What a reader shows is exactly `text`, so
 * also text that looks like an encoded-word (RFC 2047 §2) is encoded.
 */
export function textField(name: string, text: string): string {
  const isPlain =
    PRINTABLE_OR_TAB.test(text) && !OUTER_SPACE.test(text) && !text.includes('=?') && !hasUnfoldable(text);
  return foldText(name, isPlain ? text : toEncodedWords(text));
}

/**
 * Write a field whose value may have a syntax of its own that we don't know (List-Unsubscribe, References, X-...).
 * ASCII passes untouched, valid encoded-words included; elsewhere only the words that need it are encoded, so that
 * an address beside a name survives.
 */
export function customField(name: string, value: string): string {
  const trimmed = value.trim();
  if (CONTROL_BUT_TAB.test(trimmed)) return foldText(name, toEncodedWords(trimmed));
  const isPlain = PRINTABLE_OR_TAB.test(trimmed) && !trimmed.includes('=?');
  const encoded = isPlain ? trimmed : encodeWords(trimmed, wordEncoding(trimmed), ENCODED_WORD);
  return foldText(name, hasUnfoldable(encoded) ? toEncodedWords(trimmed) : encoded);
}

/** Write the Date (RFC 5322 §3.3), in UTC. Messages that are sent one after the other often have the same. */
export function dateField(at: number): string {
  const second = Math.floor(at / 1_000);
  if (second !== lastDate.second) {
    lastDate = { second, field: `Date: ${new Date(at).toUTCString().replace('GMT', '+0000')}` };
  }
  return lastDate.field;
}

let lastDate = { second: Number.NaN, field: '' };

/** Write an address field (RFC 5322 §3.6.3), or null where there is no address: such a field may not be empty. */
export function addressField(name: string, addresses: readonly MailAddress[]): string | null {
  return addresses.length === 0 ? null : foldTokens(name, listTokens(addresses));
}

/** Write Content-Disposition; a file name that is long or not ASCII goes by RFC 2231. */
export function dispositionField(disposition: 'attachment' | 'inline', filename: string): string {
  const value = buildHeaderValue({ value: disposition, params: { filename } });
  return foldTokens('Content-Disposition', value.split(/(?<=;) (?=filename)/));
}

/**
 * Write the Content-Type of an attachment. `name` repeats the file name for readers that know neither
 * Content-Disposition nor RFC 2231; encoded-words in it are not by the book (RFC 2047 §5), yet understood everywhere.
 */
export function attachmentTypeField(mimeType: string, filename: string): string {
  const isPlain = PRINTABLE_OR_TAB.test(filename) && !/["\t]|=\?/.test(filename) && filename.length <= 255;
  const name = isPlain ? filename : toEncodedWords(filename);
  const value = TOKEN.test(name) ? name : quoteString(name);
  // Folded inside its quotes between encoded-words only, which a reader joins without the space.
  const tokens = isPlain ? [`name=${value}`] : `name=${value}`.split(' ');
  return foldTokens('Content-Type', [`${mimeType};`, ...tokens]);
}

function listTokens(addresses: readonly MailAddress[]): string[] {
  const tokens: string[] = [];
  for (const [index, address] of addresses.entries()) {
    if (index > 0) appendToLast(tokens, ',');
    if ('group' in address) {
      tokens.push(...nameTokens(address.group));
      // An encoded-word is set apart from what follows by white space (RFC 2047 §5).
      if (tokens.at(-1)?.endsWith('?=')) tokens.push(':');
      else appendToLast(tokens, ':');
      tokens.push(...listTokens(address.members));
      appendToLast(tokens, ';');
    } else {
      tokens.push(...mailboxTokens(address));
    }
  }
  return tokens;
}

function appendToLast(tokens: string[], mark: string): void {
  tokens.push(`${tokens.pop() ?? ''}${mark}`);
}

function mailboxTokens(mailbox: Mailbox): string[] {
  const { name, address } = mailbox;
  if (name === '') return [PLAIN_ADDRESS.test(address) ? address : `<${address}>`];
  return [...nameTokens(name), `<${address}>`];
}

function nameTokens(name: string): string[] {
  if (name.includes('=?') || !/^[\x20-\x7e]*$/.test(name)) return toEncodedWords(name).split(' ');
  if (ATOMS.test(name) && !hasUnfoldable(name)) return name.split(' ');
  return name.length <= MAX_QUOTED_NAME ? [quoteString(name)] : toEncodedWords(name).split(' ');
}

function toEncodedWords(text: string): string {
  return encodeWord(text, wordEncoding(text), ENCODED_WORD);
}

/** The shorter of the two: Q writes three characters for each octet that is no letter or digit, B four for any three. */
function wordEncoding(text: string): 'B' | 'Q' {
  let beyondAscii = 0;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) > 0x7e) beyondAscii++;
  return beyondAscii * 3 > text.length ? 'B' : 'Q';
}
