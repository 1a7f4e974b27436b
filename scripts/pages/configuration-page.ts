// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Setting } from '../../apps/server/src/env/settings.ts';

/** What the page says of one setting. */
export interface SettingText {
  /** In place of what the help says of the variable, or after that. */
  readonly meaning: string;
  readonly isAfterHelp?: boolean;
  /** What holds where it is not given, where neither the schema nor the variable says it. */
  readonly otherwise?: string;
}

/** A part of the page: prose, or a table of settings, each by its variable, or by its key where it has none. */
export type Block = string | Readonly<Record<string, SettingText>>;

/** By the name of the variable, or the key; null for a variable that sets no key. */
type Settings = ReadonlyMap<string, Setting | null>;

/**
 * The page on configuration.
 *
 * @throws TypeError with the name of each setting that has no text, two, or one for what the code says
 */
export function configurationPage(blocks: readonly Block[], settings: readonly Setting[], others: readonly string[]) {
  const named: Settings = new Map([
    ...others.map((name) => [name, null] as const),
    ...settings.map((setting) => [setting.variable?.name ?? setting.key, setting] as const),
  ]);
  const texts = blocks.flatMap((block) => (typeof block === 'string' ? [] : Object.entries(block)));
  const wrong = problemsOf(texts, named);
  if (wrong.length > 0) throw new TypeError(`the page on configuration: ${wrong.join('; ')}`);
  return `${blocks.map((block) => (typeof block === 'string' ? block : table(block, named))).join('\n\n')}\n`;
}

function problemsOf(texts: readonly (readonly [string, SettingText])[], settings: Settings): readonly string[] {
  const names = texts.map(([name]) => name);
  return [
    ...[...settings.keys()].filter((name) => !names.includes(name)).map((name) => `${name} has no text`),
    ...names.filter((name, at) => names.indexOf(name) !== at).map((name) => `${name} has two texts`),
    ...texts.flatMap(([name, text]) => {
      const setting = settings.get(name);
      const problems = setting === undefined ? ['is no setting'] : problemsOfText(text, setting);
      return problems.map((problem) => `${name} ${problem}`);
    }),
  ];
}

function problemsOfText(text: SettingText, setting: Setting | null): readonly string[] {
  const { variable = null, initialText = null } = setting ?? {};
  const words = text.otherwise ?? variable?.otherwise ?? null;
  const isAgain = !text.isAfterHelp && text.meaning === variable?.summary;
  return [
    ...(meaningOf(text, setting) === '' ? ['has no text'] : []),
    ...(isAgain ? ['says what the help says'] : []),
    ...(words !== null && initialText !== null ? ['has words for a default that the schema has'] : []),
  ];
}

function table(block: Readonly<Record<string, SettingText>>, settings: Settings): string {
  const rows = Object.entries(block).map(([name, text]) => {
    const setting = settings.get(name) ?? null;
    const isKey = setting !== null && setting.variable === null;
    const cells = [isKey ? '–' : code(name), defaultCell(text, setting), meaningOf(text, setting), keyCell(setting)];
    return `| ${cells.join(' | ')} |`;
  });
  return ['| variable | default | meaning | key |', '| --- | --- | --- | --- |', ...rows].join('\n');
}

function meaningOf({ meaning, isAfterHelp = false }: SettingText, setting: Setting | null): string {
  if (!isAfterHelp) return meaning;
  // Only what has a variable is in the help.
  const summary = setting?.variable?.summary;
  return summary === undefined ? '' : `${summary}${meaning}`;
}

function defaultCell({ otherwise }: SettingText, setting: Setting | null): string {
  if (setting === null) return otherwise ?? 'none';
  const { key, variable, initial, initialText, genroText } = setting;
  const size = sizeOf(key, initial);
  const words = otherwise ?? variable?.otherwise ?? 'none';
  const usual = initialText === null ? words : `${code(initialText)}${size === null ? '' : ` (${size})`}`;
  return genroText === null ? usual : `${usual}; ${code(genroText)} with ${code('GMP_COMPAT=genro')}`;
}

function keyCell(setting: Setting | null): string {
  if (setting === null) return '–';
  const inFile = setting.variable?.inFile ?? null;
  return `${code(setting.key)}${inFile === null ? '' : ` (${inFile})`}`;
}

const UNITS_OF_TIME = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
] as const;
const UNITS_OF_SIZE = [
  ['MiB', 1_048_576],
  ['KiB', 1_024],
] as const;

/** A time or a number of bytes as people say it; null for what is no such number, or reads well as it is. */
function sizeOf(key: string, value: unknown): string | null {
  if (typeof value !== 'number' || value === 0) return null;
  if (/bytes$/i.test(key)) return inUnits(value, UNITS_OF_SIZE, () => '');
  const ms = key.endsWith('Seconds') ? value * 1_000 : key.endsWith('Ms') ? value : null;
  return ms === null ? null : inUnits(ms, UNITS_OF_TIME, (count) => (count === 1 ? '' : 's'));
}

function inUnits(value: number, units: readonly (readonly [string, number])[], ending: (count: number) => string) {
  const [name, size] = units.find(([, each]) => value % each === 0) ?? [];
  if (name === undefined || size === undefined) return null;
  const count = value / size;
  return `${count} ${name}${ending(count)}`;
}

function code(text: string): string {
  return `\`${text}\``;
}
