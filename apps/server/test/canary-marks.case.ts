// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { AnyOperation } from '@mail-proxy/core';
import type * as v from 'valibot';

/** What of a valibot schema leads to its fields; each kind has some of these. */
interface Shape {
  readonly pipe?: readonly { readonly metadata?: Readonly<Record<string, unknown>> }[];
  readonly wrapped?: v.GenericSchema;
  readonly entries?: Readonly<Record<string, v.GenericSchema>>;
  readonly item?: v.GenericSchema;
  /** Schemas, or the values of a picklist. */
  readonly options?: readonly unknown[];
}

/** Fields whose name says that they hold a secret, whether or not their schema says so. */
const SECRET_NAME = /password|token$|secret|private_key|client_key|^auth$|_auth$|^oauth$|^config$/;
/** These say how, not what. */
const NO_SECRET = new Set(['auth_method', 'token_url', 'key_id']);

/** Paths of the secrets in an operation's input, such as `messages.attachments.auth`. */
export function secretPaths({ input }: AnyOperation): readonly string[] {
  return [...new Set(pathsIn(input, ''))];
}

function pathsIn(schema: v.GenericSchema, path: string): string[] {
  // Each field is read only where it is there.
  const { pipe = [], wrapped, entries, item, options } = schema as Shape;
  if (path !== '' && pipe.some(({ metadata }) => metadata?.['hidden'] === 'secret')) return [path];
  const inner = [wrapped, item, ...(options ?? []), ...pipe].filter(
    (each): each is v.GenericSchema => isSchema(each) && each !== schema,
  );
  const fields = Object.entries(entries ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`;
    return SECRET_NAME.test(name) && !NO_SECRET.has(name) ? [at] : pathsIn(field, at);
  });
  return [...fields, ...inner.flatMap((each) => pathsIn(each, path))];
}

function isSchema(value: unknown): value is v.GenericSchema {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'schema';
}

/** What may be found nowhere, by what it was given as. */
export class Marks {
  readonly #marks = new Map<string, string>();

  /** A new text that is like no other. */
  plant(as: string): string {
    const mark = `canary${randomBytes(12).toString('hex')}`;
    this.#marks.set(mark, as);
    return mark;
  }

  /** A text that is a secret already. */
  watch(as: string, text: string): string {
    this.#marks.set(text, as);
    return text;
  }

  get size(): number {
    return this.#marks.size;
  }

  /** Names of those that stand in some bytes: as they are, in hex, or in base64 at any offset. */
  foundIn(bytes: Buffer): readonly string[] {
    return [...this.#marks].flatMap(([mark, as]) => (formsOf(mark).some((form) => bytes.includes(form)) ? [as] : []));
  }
}

function formsOf(mark: string): readonly string[] {
  const raw = Buffer.from(mark);
  // What stands before and after a text changes the first and the last characters of its base64.
  const encoded = [0, 1, 2].map((offset) =>
    Buffer.concat([Buffer.alloc(offset), raw])
      .toString('base64')
      .replace(/=+$/, '')
      .slice(offset === 0 ? 0 : 4, -4),
  );
  return [mark, raw.toString('hex'), ...encoded];
}

/** Every file below a folder, with its bytes. */
export function filesIn(folder: string): readonly { readonly path: string; readonly bytes: Buffer }[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .map((name) => join(folder, name))
    .filter((path) => statSync(path).isFile())
    .map((path) => ({ path, bytes: readFileSync(path) }));
}
