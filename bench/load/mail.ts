// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';

/** A mail of the bench, in words that the HTTP API and nodemailer share. */
export interface BenchMail {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
  /** What it carries, in base64 as a client would send it. */
  readonly file?: BenchFile;
  /** The account of mail-proxy, where there are several. */
  readonly account?: string;
}

export interface BenchFile {
  readonly filename: string;
  readonly base64: string;
}

/** Makes mail `number`, from 1. */
export type MakeMail = (id: string, number: number) => BenchMail;

const SENTENCE = 'Your order was packed this morning, and the carrier has taken it over at noon. ';

/** About 1 KiB of text and 2 KiB of HTML: a transactional mail without pictures. */
const TEXT_SENTENCES = 13;
const HTML_PARAGRAPHS = 22;

/** As many different files go round. */
const FILES = 16;

/** Make `PREFIX-1` to `PREFIX-COUNT`. */
export function makeMails(prefix: string, count: number, make: MakeMail = makeMail): readonly BenchMail[] {
  return Array.from({ length: count }, (_, index) => make(`${prefix}-${index + 1}`, index + 1));
}

/** Mails differ in id, recipient and content, as real ones do. */
export function makeMail(id: string, number: number): BenchMail {
  return {
    id,
    from: 'shop@example.com',
    to: `customer-${number}@example.net`,
    subject: `Your order ${number} is on its way`,
    text: `Hello customer ${number},\n\n${SENTENCE.repeat(TEXT_SENTENCES)}\n`,
    html: `<h1>Hello customer ${number}</h1>\n${`<p>${SENTENCE}</p>\n`.repeat(HTML_PARAGRAPHS)}`,
  };
}

/** Mails with a file of so many bytes that no compression makes smaller. */
export function makerWithFile(bytes: number): MakeMail {
  const files = Array.from({ length: FILES }, () => randomBytes(bytes).toString('base64'));
  return (id, number) => ({
    ...makeMail(id, number),
    file: { filename: 'invoice.bin', base64: files[number % FILES] ?? '' },
  });
}

/** Mails that go round `accounts` accounts, named by {@link accountId}. */
export function makerForAccounts(accounts: number): MakeMail {
  return (id, number) => ({ ...makeMail(id, number), account: accountId(number % accounts) });
}

export function accountId(number: number): string {
  return `account-${number}`;
}
