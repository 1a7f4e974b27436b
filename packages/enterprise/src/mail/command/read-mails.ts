// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { readFile } from 'node:fs/promises';
import type { Clock } from '@mail-proxy/core';
import { findMails, type LabelOfFile, type MailFile, type ReadLabels } from './find-mails.ts';
import { isReached, type Labelled, type Score } from './measure.ts';
import { scoreTable, summary, type Timed } from './tables.ts';

/** Where a command writes to. */
export interface CommandStreams {
  readonly stdout: { write(text: string): unknown };
  readonly stderr: { write(text: string): unknown; readonly isTTY?: boolean };
}

export const EXIT = { ok: 0, missed: 1, usage: 2, noInput: 66 } as const;

/** What the caller asked for. */
export interface ReadRequest {
  readonly paths: readonly string[];
  /** Lines of JSON on standard output, and nothing else there. */
  readonly json: boolean;
  /** An index of labels for the whole. */
  readonly labels: string | null;
  /** List what was read otherwise than it is labelled. */
  readonly misses: boolean;
}

/** How one kind of mail is read, shown and scored. */
export interface MailKind<Label extends LabelOfFile, Prediction extends Timed> {
  readonly readLabels: ReadLabels<Label>;
  /** `time` answers the milliseconds since it was made. */
  read(file: string, raw: Uint8Array, time: () => number): Promise<Prediction>;
  kindOf(prediction: Prediction): string;
  table(predictions: readonly Prediction[]): string;
  score(labelled: readonly Labelled<Label, Prediction>[]): Score;
}

interface Reading {
  readonly request: ReadRequest;
  readonly streams: CommandStreams;
  readonly clock: Clock;
}

/** Show the help, or what is wrong with the arguments, or do what is asked for; answers the exit code. */
export async function answerTo<Request extends ReadRequest>(
  request: Request | string,
  { help, streams }: { readonly help: string; readonly streams: CommandStreams },
  run: (request: Request) => Promise<number>,
): Promise<number> {
  if (request === 'help') {
    streams.stdout.write(help);
    return EXIT.ok;
  }
  if (typeof request === 'string') {
    streams.stderr.write(`${request}\n\n${help}`);
    return EXIT.usage;
  }
  return withFileErrors(streams, () => run(request));
}

/** Read mails from folders, and say what they are; answers the exit code. */
export async function readMails<Label extends LabelOfFile, Prediction extends Timed>(
  kind: MailKind<Label, Prediction>,
  { request, streams, clock }: Reading,
): Promise<number> {
  const found = await Promise.all(request.paths.map((path) => findMails(path, request.labels, kind.readLabels)));
  const mails = found.flat();
  if (mails.length === 0) {
    streams.stderr.write(`no mail found in ${request.paths.join(', ')}\n`);
    return EXIT.noInput;
  }
  const predictions: Prediction[] = [];
  for (const [at, { path, name }] of mails.entries()) {
    if (streams.stderr.isTTY) streams.stderr.write(`\r${at + 1} of ${mails.length} mails\r`);
    const raw = await readFile(path);
    const begin = clock.monotonic();
    const prediction = await kind.read(name, raw, () => Math.round((clock.monotonic() - begin) * 10) / 10);
    if (request.json) streams.stdout.write(`${JSON.stringify(prediction)}\n`);
    predictions.push(prediction);
  }
  return report(kind, { request, streams, mails, predictions });
}

/** What the file system refuses is the caller's to put right; all else is a bug. */
async function withFileErrors(streams: CommandStreams, run: () => Promise<number>): Promise<number> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof Error && 'syscall' in error)) throw error;
    streams.stderr.write(`${error.message}\n`);
    return EXIT.noInput;
  }
}

interface Reported<Label, Prediction> extends Omit<Reading, 'clock'> {
  readonly mails: readonly MailFile<Label>[];
  readonly predictions: readonly Prediction[];
}

/** With `json` the words for people go to standard error, so that the lines stay lines. */
function report<Label extends LabelOfFile, Prediction extends Timed>(
  kind: MailKind<Label, Prediction>,
  { request, streams, mails, predictions }: Reported<Label, Prediction>,
): number {
  const out = request.json ? streams.stderr : streams.stdout;
  const labelled = predictions.flatMap((prediction, at): Labelled<Label, Prediction>[] => {
    const label = mails[at]?.label ?? null;
    return label === null ? [] : [{ label, prediction }];
  });
  if (!request.json && labelled.length === 0) out.write(`${kind.table(predictions)}\n\n`);
  out.write(`${summary(predictions, (each) => kind.kindOf(each))}\n`);
  if (labelled.length === 0) return EXIT.ok;
  const result = kind.score(labelled);
  out.write(`\n${scoreTable(result.measures)}\n`);
  if (request.misses) out.write(`\n${result.misses.map(({ file, what }) => `${file}: ${what}\n`).join('')}`);
  return result.measures.every(isReached) ? EXIT.ok : EXIT.missed;
}
