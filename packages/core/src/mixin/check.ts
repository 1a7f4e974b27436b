// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { MailProxyError } from '../errors.ts';
import { MIXIN_CONTRACT, type Mixin } from './contract.ts';

/** What every contract shares: enough to tell whose mixin it is and for which engine. */
const label = v.looseObject({
  id: v.pipe(
    v.string('expected a text'),
    v.regex(/^[a-z][a-z0-9-]{0,63}$/, 'expected lower-case letters, digits and -, a letter first'),
    v.notValue('core', 'core is taken'),
  ),
  contract: v.number('expected a number'),
});

const callable = v.function('expected a function');

const migration = v.looseObject({
  number: v.number('expected a number'),
  name: v.string('expected a text'),
  minReader: v.number('expected a number'),
  up: callable,
});

/** The rest of this contract. */
const shape = v.looseObject({
  migrations: v.optional(
    v.pipe(
      v.array(migration, 'expected a list'),
      v.check((steps) => steps.every(({ number }, at) => number === at + 1), 'expected the numbers 1, 2, 3 ...'),
    ),
  ),
  eventTypes: v.optional(v.array(v.string('expected a text'), 'expected a list')),
  setup: callable,
});

/**
 * The mixins that an imported module exports as `mixins`. Their contract is compared before their shape: a mixin of
 * another contract may rightly look otherwise.
 *
 * @throws {MailProxyError} `mixin_broken` with what is wrong and where; `mixin_incompatible` with both versions
 */
export function checkMixins(module: unknown): readonly Mixin[] {
  const mixins = exported(module);
  const labels = mixins.map((mixin, at) => parse(label, mixin, `mixins[${at}]`));
  for (const { id, contract } of labels) {
    if (contract !== MIXIN_CONTRACT) throw incompatible(id, contract);
  }
  const twice = labels.find(({ id }, at) => labels.findIndex((other) => other.id === id) !== at);
  if (twice) throw broken(`two mixins have the id ${twice.id}`);
  mixins.forEach((mixin, at) => {
    const { id = '' } = labels[at] ?? {};
    const { eventTypes = [] } = parse(shape, mixin, `mixin ${id}`);
    const foreign = eventTypes.find((type) => !isOwnEventType(type, id));
    if (foreign !== undefined) {
      throw broken(`the event type ${foreign} of mixin ${id} is malformed: expected ${prefixOf(id)} and a word`);
    }
  });
  // Every property of Mixin has been checked, as far as a value can tell; functions keep their promises or throw.
  return mixins as readonly Mixin[];
}

function isOwnEventType(type: string, id: string): boolean {
  const prefix = prefixOf(id);
  return type.startsWith(prefix) && /^[a-z0-9]+(_[a-z0-9]+)*$/.test(type.slice(prefix.length));
}

function prefixOf(id: string): string {
  return `${id.replaceAll('-', '_')}_`;
}

function exported(module: unknown): readonly unknown[] {
  if (typeof module !== 'object' || module === null || !('mixins' in module)) throw broken('it exports no "mixins"');
  if (!Array.isArray(module.mixins)) throw broken('its export "mixins" is no list');
  return module.mixins;
}

function parse<Schema extends v.GenericSchema>(schema: Schema, value: unknown, whose: string): v.InferOutput<Schema> {
  const result = v.safeParse(schema, value, { abortPipeEarly: true });
  if (result.success) return result.output;
  const problems = result.issues.map((issue) => {
    const path = v.getDotPath(issue);
    return path === null ? issue.message : `${path}: ${issue.received === 'undefined' ? 'missing' : issue.message}`;
  });
  throw broken(`${whose} is malformed: ${problems.join('; ')}`);
}

function broken(what: string): MailProxyError {
  return new MailProxyError('mixin_broken', { detail: `the enterprise package is present, but ${what}` });
}

function incompatible(id: string, contract: number): MailProxyError {
  return new MailProxyError('mixin_incompatible', {
    detail:
      `mixin ${id} was written for mixin contract ${contract}, this engine speaks contract ${MIXIN_CONTRACT}; ` +
      'install the enterprise package of the same release',
    extra: { mixin: id, mixin_contract: contract, engine_contract: MIXIN_CONTRACT },
  });
}
