// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** A mail of the bench, in the words of both the HTTP API and nodemailer. */
export interface BenchMail {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly subject: string;
  readonly text: string;
  readonly html: string;
}

const SENTENCE = 'Your order was packed this morning, and the carrier has taken it over at noon. ';

/** About 1 KiB of text and 2 KiB of HTML: a transactional mail without pictures. */
const TEXT_SENTENCES = 13;
const HTML_PARAGRAPHS = 22;

/** Make mails that differ in id, recipient and content, as real ones do. */
export function makeMails(prefix: string, count: number): readonly BenchMail[] {
  return Array.from({ length: count }, (_, index) => makeMail(`${prefix}-${index + 1}`, index + 1));
}

function makeMail(id: string, number: number): BenchMail {
  return {
    id,
    from: 'shop@example.com',
    to: `customer-${number}@example.net`,
    subject: `Your order ${number} is on its way`,
    text: `Hello customer ${number},\n\n${SENTENCE.repeat(TEXT_SENTENCES)}\n`,
    html: `<h1>Hello customer ${number}</h1>\n${`<p>${SENTENCE}</p>\n`.repeat(HTML_PARAGRAPHS)}`,
  };
}
