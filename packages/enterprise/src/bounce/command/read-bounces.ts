// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from '@mail-proxy/core';
import { isReached } from '../../mail/command/measure.ts';
import {
  answerTo,
  type CommandStreams,
  EXIT,
  type MailKind,
  type ReadRequest,
  readMails,
} from '../../mail/command/read-mails.ts';
import { scoreTable } from '../../mail/command/tables.ts';
import { readReturnedMail } from '../reading/read-returned-mail.ts';
import { type Label, readLabels } from './labels.ts';
import { type Prediction, predictionOf } from './prediction.ts';
import { mailTable } from './render.ts';
import { readReplies, repliesScore } from './replies.ts';
import { score } from './score.ts';

const HELP = `Read mails that came back, and say what each of them is.

  mail-proxy-bounces read <file or folder>... [options]
  mail-proxy-bounces replies <file>... [--json]

The second one reads single SMTP replies: lines of JSON with "reply" and, to score against, "address_dead".

Options
  --json           a line of JSON for each mail, and nothing else, on standard output
  --labels <file>  labels to score against: lines as of an index.jsonl, which is found by itself in a folder of mails
  --misses         list what was read otherwise than it is labelled
  --help           this text

Exit codes: 0 done (and every target reached, where there are labels); 1 a target was missed; 2 wrong usage;
66 no mail, or a file that cannot be read.
`;

interface Request extends ReadRequest {
  readonly command: 'read' | 'replies';
}

const BOUNCES: MailKind<Label, Prediction> = {
  readLabels,
  async read(file, raw, time) {
    const mail = await readReturnedMail(raw);
    return predictionOf(file, mail, time());
  },
  kindOf: ({ kind }) => kind,
  table: mailTable,
  score,
};

/** Run the command line; answers the exit code. */
export async function readBounces(
  args: readonly string[],
  streams: CommandStreams,
  clock: Clock = systemClock,
): Promise<number> {
  return answerTo(requestOf(args), { help: HELP, streams }, (request) =>
    request.command === 'read' ? readMails(BOUNCES, { request, streams, clock }) : runReplies(request, streams),
  );
}

async function runReplies({ paths, json }: Request, streams: CommandStreams): Promise<number> {
  const texts = await Promise.all(paths.map((path) => readFile(path, 'utf8')));
  const replies = texts.flatMap(readReplies);
  if (replies.length === 0) {
    streams.stderr.write(`no reply found in ${paths.join(', ')}\n`);
    return EXIT.noInput;
  }
  for (const { label: _label, ...reply } of replies)
    streams.stdout.write(
      json
        ? `${JSON.stringify(reply)}\n`
        : `${reply.reason_class.padEnd(22)}${reply.address_dead ? 'dead  ' : '      '}${reply.reply}\n`,
    );
  if (replies.every(({ label }) => label === null)) return EXIT.ok;
  const measures = repliesScore(replies);
  (json ? streams.stderr : streams.stdout).write(`\n${scoreTable(measures)}\n`);
  return measures.every(isReached) ? EXIT.ok : EXIT.missed;
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
        help: { type: 'boolean', short: 'h', default: false },
      },
    });
    if (values.help) return 'help';
    const [command, ...paths] = positionals;
    if (command !== 'read' && command !== 'replies')
      return `expected the command read or replies, not ${command ?? 'nothing'}`;
    if (paths.length === 0) return 'expected a file or a folder';
    return { command, paths, json: values.json, labels: values.labels ?? null, misses: values.misses };
  } catch (error) {
    // parseArgs says which option it does not know.
    if (error instanceof TypeError) return error.message;
    throw error;
  }
}
