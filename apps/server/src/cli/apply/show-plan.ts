// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { colorsOf } from '../colors.ts';
import type { CommandContext } from '../command-context.ts';
import { printable, shorten } from '../printable.ts';
import type { Change, Plan } from './plan.ts';
import { asReference } from './references.ts';

const SIGNS = { create: '+', update: '~', delete: '-' } as const;

/** What would change, a line each, as `diff` marks it. */
export function showPlan(
  { changes, same, impossible }: Plan,
  { streams: { stdout, stderr }, env }: CommandContext,
): void {
  const colors = colorsOf(stdout, env);
  const paint = { create: colors.green, update: colors.yellow, delete: colors.red };
  for (const { action, resource, name, fields } of changes) {
    stdout.write(`${paint[action](`${SIGNS[action]} ${resource.key} ${name}`)}\n`);
    const width = Math.max(0, ...fields.map(({ field }) => field.length));
    for (const { field, from, to } of fields) {
      const before = from === undefined ? '' : `${colors.dim(textOf(from))} -> `;
      stdout.write(`    ${field.padEnd(width)}  ${before}${textOf(to)}\n`);
    }
  }
  for (const sentence of impossible) stderr.write(`${colorsOf(stderr, env).red('error:')} ${sentence}\n`);
  stdout.write(`${summaryOf(changes)}; ${same} as they should be\n`);
}

export function summaryOf(changes: readonly Change[]): string {
  const count = (action: Change['action']): number => changes.filter((change) => change.action === action).length;
  return `${count('create')} to add, ${count('update')} to change, ${count('delete')} to delete`;
}

export function forMachines({ changes, same, impossible }: Plan): Readonly<Record<string, unknown>> {
  return {
    changes: changes.map(({ action, resource, name, fields }) => ({ action, kind: resource.key, name, fields })),
    same,
    impossible,
  };
}

/** More of a certificate says nothing to people. */
const MAX_TEXT = 100;

function textOf(value: unknown): string {
  const reference = asReference(value);
  if (reference !== null) return `(from ${reference.kind} ${reference.name})`;
  return shorten(printable(typeof value === 'string' ? value : JSON.stringify(value)), MAX_TEXT);
}
