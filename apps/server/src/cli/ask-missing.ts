// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { meaningOf } from '../docs/fields.ts';
import type { InputField } from '../openapi/input-places.ts';
import type { Asker } from './asker.ts';
import { choicesOf } from './field-choices.ts';
import { type Flag, flagOf, readFlag } from './flag.ts';
import { UsageError } from './usage-error.ts';

/** Ask for fields, one after the other: choices from a list, secrets unseen, the rest as on the command line. */
export async function askFields(
  fields: readonly InputField[],
  asker: Asker,
): Promise<Readonly<Record<string, unknown>>> {
  const answers: Record<string, unknown> = {};
  for (const field of fields) answers[field.name] = await askField(field, asker);
  return answers;
}

async function askField(field: InputField, asker: Asker): Promise<unknown> {
  const flag = flagOf(field);
  const message = questionOf(field);
  const choices = choicesOf(field.schema);
  if (choices !== null && flag.kind !== 'list') {
    const value = await asker.select({ message, choices: choices.map((value) => ({ value })) });
    return readFlag(flag, value);
  }
  if (flag.kind === 'boolean') return asker.confirm(message);
  const question = { message, problem: (answer: string) => problemOf(flag, answer) };
  const answer = await (isSecret(field.name) ? asker.secret(question) : asker.text(question));
  return readFlag(flag, partsOf(flag, answer));
}

/** What is typed into one line; as flags, texts of a list stand beside each other. */
function partsOf({ kind }: Flag, answer: string): string | readonly string[] {
  return kind === 'list' ? answer.split(/[\s,]+/).filter((part) => part !== '') : answer;
}

function problemOf(flag: Flag, answer: string): string | null {
  try {
    readFlag(flag, partsOf(flag, answer));
    return null;
  } catch (error) {
    if (error instanceof UsageError) return error.message.replace(/^--\S+ /, 'it ');
    throw error;
  }
}

function questionOf({ name, schema }: InputField): string {
  const words = name.replaceAll('_', ' ');
  const kind = flagOf({ name, schema, isRequired: true }).kind;
  if (kind === 'list') return `${words} (one or more, with commas between them)`;
  if (choicesOf(schema) !== null || kind === 'boolean') return words;
  const meaning = meaningOf(schema)
    .replace(/^string( of)?/, '')
    .trim();
  return meaning === '' ? words : `${words} (${meaning})`;
}

function isSecret(name: string): boolean {
  return /(^|_)(password|secret|token)$/.test(name);
}
