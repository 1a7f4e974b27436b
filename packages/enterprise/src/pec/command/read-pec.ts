// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from '@mail-proxy/core';
import {
  answerTo,
  type CommandStreams,
  EXIT,
  type MailKind,
  type ReadRequest,
  readMails,
} from '../../mail/command/read-mails.ts';
import { table } from '../../mail/command/tables.ts';
import { readPecMail } from '../reading/read-pec-mail.ts';
import type { Receipt } from '../reading/receipt.types.ts';
import type { TrustAnchors } from '../signature/signature.types.ts';
import { parseTrustAnchors } from '../signature/trust-anchors.ts';
import { verifySignature } from '../signature/verify-signature.ts';
import { type Label, readLabels } from './labels.ts';
import { type Doubt, type Prediction, predictionOf } from './prediction.ts';
import { score } from './score.ts';

const HELP = `Read mails out of a certified mailbox (PEC), and say which of them are receipts and what of.

  mail-proxy-pec read <file or folder>... [options]

Options
  --json                  a line of JSON for each mail, and nothing else, on standard output
  --trust-anchors <file>  certificates (PEM) that a receipt's signature has to lead to; without them none is verified.
                          They have to be valid at the time that the receipt itself says
  --labels <file>         labels to score against: lines as of an index.jsonl, which is found by itself in a folder of mails
  --misses                list what was read otherwise than it is labelled
  --help                  this text

Exit codes: 0 done (and every target reached, where there are labels); 1 a target was missed; 2 wrong usage;
66 no mail, or a file that cannot be read.
`;

interface Request extends ReadRequest {
  readonly trustAnchors: string | null;
}

/** Run the command line; answers the exit code. */
export async function readPec(
  args: readonly string[],
  streams: CommandStreams,
  clock: Clock = systemClock,
): Promise<number> {
  return answerTo(requestOf(args), { help: HELP, streams }, async (request) => {
    const anchors = await anchorsIn(request.trustAnchors);
    if (typeof anchors === 'string') {
      streams.stderr.write(`${request.trustAnchors}: ${anchors}\n`);
      return EXIT.noInput;
    }
    return readMails(receipts(anchors, clock), { request, streams, clock });
  });
}

function receipts(anchors: TrustAnchors | null, clock: Clock): MailKind<Label, Prediction> {
  return {
    readLabels,
    async read(file, raw, time) {
      const mail = await readPecMail(raw);
      const doubt =
        mail.kind === 'receipt' && anchors !== null
          ? await doubtIn(raw, mail.receipt, { anchors, now: clock.now() })
          : 'no_trust_anchors';
      return predictionOf(mail, { file, ms: time(), doubt });
    },
    kindOf: ({ kind, receipt_type }) => receipt_type ?? kind,
    table: mailTable,
    score,
  };
}

async function doubtIn(
  raw: Uint8Array,
  { from, at, isReferenceSigned }: Receipt,
  { anchors, now }: { anchors: TrustAnchors; now: number },
): Promise<Doubt> {
  const verdict = await verifySignature(raw, { anchors, from, at: at ?? now });
  if (!verdict.verified) return verdict.reason;
  return isReferenceSigned ? null : 'reference_not_signed';
}

/** A word about what is wrong with the file. */
async function anchorsIn(file: string | null): Promise<TrustAnchors | null | string> {
  if (file === null) return null;
  const pem = await readFile(file, 'utf8');
  try {
    return parseTrustAnchors(pem);
  } catch (error) {
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}

/** A table for people: one line a mail. */
function mailTable(predictions: readonly Prediction[]): string {
  const rows = predictions.map((each) => [
    each.file,
    each.receipt_type ?? each.kind,
    each.verified === null ? (each.why ?? '') : (each.unverified_reason ?? 'verified'),
    each.reference ?? '',
    each.recipient ?? (each.is_receipt ? shownRecipients(each.recipients) : ''),
    each.reason_class ?? '',
    each.at ?? '',
  ]);
  return table([['mail', 'what', 'signature', 'about', 'recipient', 'reason', 'time'], ...rows]);
}

function shownRecipients(recipients: readonly string[]): string {
  const rest = recipients.length > 2 ? ` and ${recipients.length - 2} more` : '';
  return recipients.slice(0, 2).join(' ') + rest;
}

function requestOf(args: readonly string[]): Request | string {
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      allowPositionals: true,
      options: {
        json: { type: 'boolean', default: false },
        misses: { type: 'boolean', default: false },
        labels: { type: 'string' },
        'trust-anchors': { type: 'string' },
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [command, ...paths] = positionals;
    if (command !== 'read') return `expected the command read, not ${command ?? 'nothing'}`;
    if (paths.length === 0) return 'expected a file or a folder';
    const { json, misses, labels = null, 'trust-anchors': trustAnchors = null } = values;
    return { paths, json, misses, labels, trustAnchors };
  } catch (error) {
    // parseArgs says which option it does not know.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
