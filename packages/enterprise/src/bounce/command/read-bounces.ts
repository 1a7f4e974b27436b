// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { type Clock, systemClock } from '@mail-proxy/core';
import { readReturnedMail } from '../reading/read-returned-mail.ts';
import { findMails, type MailFile } from './find-mails.ts';
import { type Prediction, predictionOf } from './prediction.ts';
import { mailTable, scoreTable, summary } from './render.ts';
import { readReplies, repliesScore } from './replies.ts';
import { isReached, type Labelled, score } from './score.ts';

/** Where the command writes to. */
export interface CommandStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

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

export const EXIT = { ok: 0, missed: 1, usage: 2, noInput: 66 } as const;

interface Request {
  readonly command: 'read' | 'replies';
  readonly paths: readonly string[];
  readonly json: boolean;
  readonly labels: string | null;
  readonly misses: boolean;
}

/** Run the command line; answers the exit code. */
export async function readBounces(
  args: readonly string[],
  streams: CommandStreams,
  clock: Clock = systemClock,
): Promise<number> {
  const request = requestOf(args);
  if (request === 'help') {
    streams.stdout.write(HELP);
    return EXIT.ok;
  }
  if (typeof request === 'string') {
    streams.stderr.write(`${request}\n\n${HELP}`);
    return EXIT.usage;
  }
  try {
    return request.command === 'read' ? await run(request, streams, clock) : await runReplies(request, streams);
  } catch (error) {
    // What the file system refuses is the caller's to put right; all else is a bug.
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    streams.stderr.write(`${error.message}\n`);
    return EXIT.noInput;
  }
}

async function run(request: Request, streams: CommandStreams, clock: Clock): Promise<number> {
  const mails = (await Promise.all(request.paths.map((path) => findMails(path, request.labels)))).flat();
  if (mails.length === 0) {
    streams.stderr.write(`no mail found in ${request.paths.join(', ')}\n`);
    return EXIT.noInput;
  }
  const predictions: Prediction[] = [];
  for (const [at, mail] of mails.entries()) {
    if (streams.stderr.isTTY) streams.stderr.write(`\r${at + 1} of ${mails.length} mails\r`);
    const prediction = await predict(mail, clock);
    if (request.json) streams.stdout.write(`${JSON.stringify(prediction)}\n`);
    predictions.push(prediction);
  }
  return report(request, mails, predictions, streams);
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

async function predict({ path, name }: MailFile, clock: Clock): Promise<Prediction> {
  const raw = await readFile(path);
  const begin = clock.monotonic();
  const mail = await readReturnedMail(raw);
  return predictionOf(name, mail, clock.monotonic() - begin);
}

/** With `--json` the words for people go to standard error, so that the lines stay lines. */
function report(
  request: Request,
  mails: readonly MailFile[],
  predictions: readonly Prediction[],
  streams: CommandStreams,
): number {
  const out = request.json ? streams.stderr : streams.stdout;
  const labelled = predictions.flatMap((prediction, at): Labelled[] => {
    const label = mails[at]?.label ?? null;
    return label === null ? [] : [{ label, prediction }];
  });
  if (!request.json && labelled.length === 0) out.write(`${mailTable(predictions)}\n\n`);
  out.write(`${summary(predictions)}\n`);
  if (labelled.length === 0) return EXIT.ok;
  const result = score(labelled);
  out.write(`\n${scoreTable(result.measures)}\n`);
  if (request.misses) out.write(`\n${result.misses.map(({ file, what }) => `${file}: ${what}\n`).join('')}`);
  return result.measures.every(isReached) ? EXIT.ok : EXIT.missed;
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
