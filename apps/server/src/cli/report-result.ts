// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Problem } from '@mail-proxy/client';
import type { Environment } from '../env/environment.ts';
import { EXIT, type ExitCode } from '../exit-codes.ts';
import type { CallResult } from './call-server.ts';
import { colorsOf } from './colors.ts';
import type { Connection } from './connection.ts';
import { renderValue } from './render-value.ts';
import type { Streams } from './streams.ts';

export interface ReportOptions {
  readonly streams: Streams;
  readonly env: Environment;
  /** For machines: the answer as JSON, and nothing around it. */
  readonly json: boolean;
  readonly connection: Pick<Connection, 'url' | 'tokenHint' | 'startHint'>;
}

/** Show what came of a call: the answer on stdout, everything else on stderr, with what to do next. */
export function reportResult(result: CallResult, options: ReportOptions): ExitCode {
  const { streams, env, json, connection } = options;
  const colors = colorsOf(streams.stderr, env);
  switch (result.kind) {
    case 'ok':
      if (json) {
        if (result.value !== undefined) streams.stdout.write(`${JSON.stringify(result.value, null, 2)}\n`);
      } else showValue(result.value, options);
      return EXIT.ok;
    case 'streamed':
      return EXIT.ok;
    case 'unreachable':
      streams.stderr.write(
        `${colors.red('error:')} ${connection.url} does not answer (${result.reason})\n  ${connection.startHint}\n`,
      );
      return EXIT.unavailable;
    case 'problem': {
      const { status, problem } = result;
      streams.stderr.write(`${colors.red('error:')} ${sentenceOf(problem)} (${problem.code ?? `HTTP ${status}`})\n`);
      for (const { pointer, message } of Array.isArray(problem.errors) ? problem.errors : []) {
        streams.stderr.write(`  ${pointer || '/'}: ${message}\n`);
      }
      const next = nextStep(result, options);
      if (next !== null) streams.stderr.write(`  ${next}\n`);
      return status >= 500 ? EXIT.software : EXIT.refused;
    }
    default:
      return result satisfies never;
  }
}

function showValue(value: unknown, { streams: { stdout, stderr }, env }: ReportOptions): void {
  if (value === undefined) {
    stdout.write('done\n');
    return;
  }
  const colors = colorsOf(stdout, env);
  const { text, next } = renderValue(value, { columns: stdout.columns ?? 100, colors });
  stdout.write(text);
  if (next !== null) stderr.write(`There is more: --after ${next}\n`);
}

/** The fields say it better than the sentence made of them. */
function sentenceOf({ title, detail, errors }: Problem): string {
  if (Array.isArray(errors) && errors.length > 0) return title ?? 'the input is wrong';
  return detail ?? title ?? 'the server refused';
}

function nextStep(
  { status, problem }: Extract<CallResult, { kind: 'problem' }>,
  { connection }: ReportOptions,
): string | null {
  if (status === 401) return connection.tokenHint;
  if (status === 403) return 'Set GMP_API_TOKEN to a key that may do that, or to the admin token';
  if (problem.code === 'ambiguous_id') return 'Add --tenant-id, or use the pk';
  if (status >= 500) return `The server's log says more under the request id ${problem.instance ?? ''}`;
  return null;
}
