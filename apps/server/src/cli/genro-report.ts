// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { GENRO_KINDS, type GenroFinding, type GenroImportResult, type GenroKind } from '@mail-proxy/core';
import Table from 'cli-table3';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { Streams } from './streams.ts';

export interface GenroReportOptions {
  /** Of the whole import. */
  readonly elapsedMs: number;
  readonly json: boolean;
  readonly dryRun: boolean;
}

/** Without them something does not go on as it did; the rest is history, or has its place elsewhere. */
const NEEDED: readonly GenroKind[] = [
  'tenants',
  'api_keys',
  'accounts',
  'storages',
  'mailboxes',
  'suspended_batches',
  'waiting_messages',
];
/** Ids of one finding that a person is shown. */
const SHOWN_IDS = 5;

/** Say what was taken, what was not and why: for people as a table and sentences, for machines as one object. */
export function reportGenroImport(
  result: GenroImportResult,
  { stdout }: Streams,
  { elapsedMs, json, dryRun }: GenroReportOptions,
): ExitCode {
  const { source, counts, not_taken, changed } = result;
  const seconds = Math.round(elapsedMs) / 1_000;
  const code = NEEDED.some((kind) => counts[kind].not_taken > 0) ? EXIT.data : EXIT.ok;
  if (json) {
    stdout.write(`${JSON.stringify({ source, dry_run: dryRun, counts, not_taken, changed, seconds }, null, 2)}\n`);
    return code;
  }
  const table = new Table({
    head: ['', dryRun ? 'would be taken' : 'taken', 'already here', 'not taken'],
    style: { head: [], border: [] },
  });
  for (const kind of GENRO_KINDS) {
    const { taken, already_here, not_taken: left } = counts[kind];
    if (taken + already_here + left > 0) table.push([kind.replaceAll('_', ' '), taken, already_here, left]);
  }
  stdout.write(
    `${dryRun ? 'read' : 'imported'} a genro-mail-proxy ${source.schema} on ${source.kind} in ${seconds.toFixed(1)} s\n`,
  );
  stdout.write(`${table.toString()}\n`);
  writeFindings(stdout, 'Not taken:', not_taken);
  writeFindings(stdout, 'Taken otherwise:', changed);
  for (const line of dryRun ? DRY : NEXT) stdout.write(`  ${line}\n`);
  return code;
}

const NEXT = [
  'Never start the genro-mail-proxy on its database again: it would send the waiting mail a second time.',
  'Start the server: mail-proxy serve',
];
const DRY = ['Nothing was changed. What the new database holds already was not looked at.'];

function writeFindings(stdout: Streams['stdout'], title: string, findings: readonly GenroFinding[]): void {
  if (findings.length === 0) return;
  stdout.write(`${title}\n`);
  for (const { kind, reason, count, ids } of findings) {
    const shown = ids.slice(0, SHOWN_IDS).join(', ');
    const more = count > SHOWN_IDS ? `, and ${count - SHOWN_IDS} more` : '';
    stdout.write(`  ${kind.replaceAll('_', ' ')} ${shown}${more}\n    ${reason}\n`);
  }
}
