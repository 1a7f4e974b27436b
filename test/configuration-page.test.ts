// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import { type Setting, settings } from '../apps/server/src/env/settings.ts';
import type { Variable } from '../apps/server/src/env/variables.ts';
import { type Block, configurationPage } from '../scripts/pages/configuration-page.ts';
import { BLOCKS } from '../scripts/pages/configuration-texts.ts';

const SETTINGS = settings();
const settingOf = (name: string): Setting => {
  const setting = SETTINGS.find(({ key, variable }) => name === (variable?.name ?? key));
  if (setting === undefined) throw new TypeError(`no setting ${name}`);
  return setting;
};
const pageOf = (block: Block, ...names: readonly string[]): string =>
  configurationPage([block], names.map(settingOf), []);

test('a row has the default as the variable takes it, as people say it, and the key', () => {
  const page = pageOf(
    { GMP_SYNC_INTERVAL: { meaning: '; and then?', isAfterHelp: true }, 'delivery.leaseMs': { meaning: 'a lease' } },
    ...['GMP_SYNC_INTERVAL', 'delivery.leaseMs'],
  );
  expect(page.split('\n').slice(2)).toEqual([
    '| `GMP_SYNC_INTERVAL` | `300` (5 minutes) | seconds after which a tenant is called without news; and then? | `reports.intervalMs` (ms) |',
    '| – | `60000` (1 minute) | a lease | `delivery.leaseMs` |',
    '',
  ]);
});

test('a setting without a text, and a text without a setting, fail by their names', () => {
  const added: Variable = {
    ...{ name: 'GMP_NEW', key: ['new'], summary: 'new', otherwise: null, inFile: null },
    ...{ read: String, write: String },
  };
  const setting = { key: 'new', variable: added, initial: undefined, initialText: null, genroText: null };
  expect(() => configurationPage(BLOCKS, [...SETTINGS, setting], ['GMP_CONFIG_FILE'])).toThrow(
    /^the page on configuration: GMP_NEW has no text$/,
  );
  const fewer = SETTINGS.filter(({ key }) => key !== 'delivery.leaseMs');
  expect(() => configurationPage(BLOCKS, fewer, ['GMP_CONFIG_FILE'])).toThrow(/: delivery\.leaseMs is no setting$/);
});

test.each([
  ['a key that is in no help', { 'delivery.leaseMs': { meaning: '', isAfterHelp: true } }, 'has no text'],
  ['an empty text', { 'delivery.leaseMs': { meaning: '' } }, 'has no text'],
  ['what the help says', { GMP_MAX_SENDS: { meaning: settingOf('GMP_MAX_SENDS').variable?.summary ?? '' } }, 'says'],
  ['words for a default', { 'delivery.leaseMs': { meaning: 'a', otherwise: 'b' } }, 'has words for a default'],
])('refused: %s', (_, block, problem) => {
  const [name = ''] = Object.keys(block);
  expect(() => pageOf(block, name)).toThrow(`the page on configuration: ${name} ${problem}`);
});

test('one setting in two tables fails', () => {
  const block = { 'delivery.leaseMs': { meaning: 'a lease' } };
  expect(() => configurationPage([block, block], [settingOf('delivery.leaseMs')], [])).toThrow('has two texts');
});
