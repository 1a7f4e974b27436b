// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { dirname } from 'node:path';
import * as v from 'valibot';
import { isMap, isSeq, LineCounter, type Node, parseDocument } from 'yaml';
import type { Environment } from '../../env/environment.ts';
import { nearestName } from '../../env/nearest-name.ts';
import { UsageError } from '../usage-error.ts';
import { isPlain, ReferenceProblem, resolveReferences } from './references.ts';
import { canBeNull, fieldsOf, isSecret, type Resource } from './resources.ts';

/** One thing as the file wants it. */
export interface Wanted {
  readonly resource: Resource;
  /** As it is written, with its references. */
  readonly written: Readonly<Record<string, unknown>>;
  /** With what they lead to; its tenant is always named. */
  readonly input: Readonly<Record<string, unknown>>;
  /** As the server takes it, such as a domain in small letters. */
  readonly made: Readonly<Record<string, unknown>>;
}

export interface SetUp {
  readonly wanted: readonly Wanted[];
  /** Kinds of which the file has a list; of the others it says nothing. */
  readonly listed: readonly Resource[];
}

export interface ReadOptions {
  /** For messages, and for the folder of files that it names. */
  readonly path: string;
  readonly resources: readonly Resource[];
  readonly env: Environment;
  /** Whose things are that name no tenant. */
  readonly tenantId: string;
  /** Take secrets that stand in the file itself. */
  readonly plainSecrets: boolean;
}

/**
 * Read a set-up file, and check it as the server would.
 *
 * @throws {UsageError} with each problem, by line and column
 */
export function readSetUp(text: string, options: ReadOptions): SetUp {
  const reader = new Reader(text, options);
  const setUp = reader.read();
  if (reader.problems.length > 0)
    throw new UsageError(`${options.path} cannot be applied\n  ${reader.problems.join('\n  ')}`);
  return setUp;
}

type Path = readonly (string | number)[];

class Reader {
  readonly problems: string[] = [];
  readonly #lines = new LineCounter();
  readonly #document: ReturnType<typeof parseDocument>;
  readonly #options: ReadOptions;

  constructor(text: string, options: ReadOptions) {
    this.#options = options;
    this.#document = parseDocument(text, { lineCounter: this.#lines, prettyErrors: false });
  }

  read(): SetUp {
    const { errors, warnings, contents } = this.#document;
    for (const { pos, message } of [...errors, ...warnings]) this.#complain(pos[0], message);
    if (this.problems.length > 0) return NOTHING;
    if (contents === null) return NOTHING;
    if (!isMap(contents)) {
      this.#at([], 'expected lists by their kinds, such as accounts:');
      return NOTHING;
    }
    const { resources } = this.#options;
    const value = this.#valueOf();
    if (value === null) return NOTHING;
    const known = resources.map(({ key }) => key);
    for (const key of Object.keys(value).filter((each) => !known.includes(each))) {
      const nearest = nearestName(key, known);
      this.#at(
        [key],
        `there is no list of that name${nearest === undefined ? `: ${known.join(', ')}` : `; did you mean ${nearest}?`}`,
      );
    }
    const listed = resources.filter(({ key }) => key in value);
    return { listed, wanted: listed.flatMap((resource) => this.#list(resource, value[resource.key])) };
  }

  /** Null where it has none; what an alias is called may be a password that stands there without quotes. */
  #valueOf(): Readonly<Record<string, unknown>> | null {
    try {
      return this.#document.toJS({ maxAliasCount: 100 });
    } catch (error) {
      if (!(error instanceof ReferenceError)) throw error;
      const isUnknown = error.message.startsWith('Unresolved alias');
      this.#at(
        [],
        isUnknown ? 'a value begins with * and is the alias of nothing: put it in quotes' : 'too many aliases',
      );
      return null;
    }
  }

  #list(resource: Resource, items: unknown): readonly Wanted[] {
    if (items === null) return [];
    if (!Array.isArray(items)) {
      this.#at([resource.key], 'expected a list');
      return [];
    }
    const seen = new Set<string>();
    return items.flatMap((item: unknown, index) => {
      const path = [resource.key, index];
      const wanted = this.#item(resource, item, path);
      if (wanted === null) return [];
      const name = JSON.stringify(identityOf(resource, wanted.made));
      if (seen.has(name)) this.#at(path, 'it stands in the list twice');
      seen.add(name);
      return [wanted];
    });
  }

  #item(resource: Resource, item: unknown, path: Path): Wanted | null {
    if (typeof item !== 'object' || item === null || Array.isArray(item)) {
      this.#at(path, 'expected fields');
      return null;
    }
    const written: Record<string, unknown> = { ...item };
    const fields = fieldsOf(resource.create);
    // What is the instance's is no tenant's.
    const isTenants = 'tenant_id' in fields && written['scope'] !== 'instance';
    if (isTenants && written['tenant_id'] === undefined) written['tenant_id'] = this.#options.tenantId;
    const missing = resource.identity.filter(
      (field) => field in fields && field !== 'account_id' && written[field] == null,
    );
    for (const field of missing) this.#at(path, `${field}: it is named by this, so it has to be here`);
    const input: Record<string, unknown> = {};
    for (const [field, value] of Object.entries(written)) {
      if (!this.#options.plainSecrets && isSecret(fields[field]) && isPlain(value)) {
        this.#at(
          [...path, field],
          'a secret stands here; write { env: NAME } or { file: PATH }, or add --plain-secrets',
        );
      }
      if (value === null && !canBeNull(resource, field)) {
        this.#at([...path, field], `${field}: null sets what it is by default, which is not compared; write the value`);
      }
      try {
        input[field] = resolveReferences(value, { env: this.#options.env, folder: dirname(this.#options.path) });
      } catch (error) {
        if (!(error instanceof ReferenceProblem)) throw error;
        this.#at([...path, field], error.message);
        return null;
      }
    }
    const parsed = v.safeParse(resource.create.input, input);
    for (const issue of parsed.issues ?? []) {
      if (missing.length > 0) break;
      const inside = (issue.path ?? []).map(({ key }) => (typeof key === 'number' ? key : String(key)));
      const isUnknown = issue.type === 'strict_object' && issue.expected === 'never';
      this.#at(
        [...path, ...inside],
        `${inside.join('.')}: ${isUnknown ? unknownField(inside, fields) : wordsOf(issue)}`,
      );
    }
    // Inputs are objects.
    const made = parsed.success ? (parsed.output as Wanted['made']) : input;
    return { resource, written, input, made };
  }

  /** Where a value stands, or else what it would stand in. */
  #at(path: Path, message: string): void {
    for (let length = path.length; length >= 0; length -= 1) {
      const start = this.#startOf(path.slice(0, length));
      if (start === null) continue;
      this.#complain(start, message);
      return;
    }
    this.#complain(0, message);
  }

  #startOf(path: Path): number | null {
    let node: unknown = this.#document.contents;
    let start = 0;
    for (const step of path) {
      if (isMap(node)) {
        const pair = node.items.find(({ key }) => String(key) === String(step));
        if (pair === undefined) return null;
        start = (pair.key as Node | null)?.range?.[0] ?? start;
        node = pair.value;
      } else if (isSeq(node)) {
        node = node.items[Number(step)];
        if (node === undefined) return null;
        start = (node as Node).range?.[0] ?? start;
      } else return null;
    }
    return start;
  }

  #complain(offset: number, message: string): void {
    const { line, col } = this.#lines.linePos(offset);
    this.problems.push(`line ${line}, column ${col}: ${message}`);
  }
}

const NOTHING: SetUp = { wanted: [], listed: [] };

/** What names a thing: the same for the file and for what the server lists. */
export function identityOf(
  { identity, create }: Resource,
  fields: Readonly<Record<string, unknown>>,
): readonly (readonly [string, unknown])[] {
  const names = 'tenant_id' in fieldsOf(create) ? ['tenant_id', ...identity] : identity;
  return names.map((name) => [name, fields[name] ?? null] as const);
}

function unknownField(path: Path, fields: Readonly<Record<string, unknown>>): string {
  const nearest = nearestName(String(path.at(-1)), Object.keys(fields));
  return `there is no such field${nearest === undefined ? '' : `; did you mean ${nearest}?`}`;
}

/** The library's own words quote what they were given, which may be a secret. */
function wordsOf({ message, expected }: v.BaseIssue<unknown>): string {
  return message.startsWith('Invalid ') ? `expected ${expected?.toLowerCase() ?? 'another value'}` : message;
}
