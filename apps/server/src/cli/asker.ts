// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Readable, Writable } from 'node:stream';
import type { CommandContext } from './command-context.ts';
import type { Streams } from './streams.ts';

/** Asks the person at the terminal. Whoever leaves a question with Ctrl-C or Escape gets {@link GivenUp}. */
export interface Asker {
  text(question: Question): Promise<string>;
  /** As {@link Asker.text}, without showing what is typed. */
  secret(question: Question): Promise<string>;
  select(question: { readonly message: string; readonly choices: readonly Choice[] }): Promise<string>;
  /** @returns false where nothing but Enter is pressed */
  confirm(message: string): Promise<boolean>;
}

export interface Question {
  readonly message: string;
  readonly placeholder?: string;
  /** Says what is wrong with an answer; null takes it. @defaultValue anything but nothing is taken */
  readonly problem?: (answer: string) => string | null;
}

export interface Choice {
  readonly value: string;
  readonly label?: string;
  readonly hint?: string;
}

/** Flags that decide whether a command may ask. */
export interface AskFlags {
  readonly json?: true;
  /** False with `--no-input`. */
  readonly input?: boolean;
  readonly yes?: true;
}

type Prompts = typeof import('@clack/prompts');

/** A question was left without an answer. */
export class GivenUp extends Error {
  override readonly name = 'GivenUp';
}

/** Who asks the person at the terminal; null in a pipe, with `--json` and with `--no-input`. */
export function askerOf({ streams }: Pick<CommandContext, 'streams'>, { json, input }: AskFlags): Asker | null {
  const ends = json === true || input === false ? null : terminalOf(streams);
  if (ends === null) return null;
  const asked = async <T>(ask: (prompts: Prompts) => Promise<T>): Promise<Exclude<T, symbol>> => {
    // Most commands ask nothing, and start sooner without it.
    const prompts = await import('@clack/prompts');
    const given = await ask(prompts);
    if (prompts.isCancel(given)) throw new GivenUp();
    // It is a symbol in no other case.
    return given as Exclude<T, symbol>;
  };
  return {
    text: ({ message, placeholder, problem }) =>
      asked(({ text }) =>
        text({ ...ends, message, validate: validateBy(problem), ...(placeholder && { placeholder }) }),
      ),
    secret: ({ message, problem }) =>
      asked(({ password }) => password({ ...ends, message, validate: validateBy(problem) })),
    select: ({ message, choices }) =>
      asked(({ select }) => select({ ...ends, message, options: choices.map(optionOf), maxItems: 12 })),
    confirm: (message) => asked(({ confirm }) => confirm({ ...ends, message, initialValue: false })),
  };
}

/**
 * Ask before something that cannot be taken back. Where nobody can be asked, the command line has said enough.
 *
 * @returns whether it may be done
 */
export async function isConfirmed(
  question: string,
  flags: AskFlags,
  context: Pick<CommandContext, 'streams'>,
): Promise<boolean> {
  if (flags.yes === true) return true;
  return (await askerOf(context, flags)?.confirm(question)) ?? true;
}

/** Questions go to stderr, so that an answer that is piped on stays clean. */
function terminalOf({ stdin, stderr }: Streams): { input: Readable; output: Writable } | null {
  if (stdin.isTTY !== true || stderr.isTTY !== true) return null;
  return stdin instanceof Readable && stderr instanceof Writable ? { input: stdin, output: stderr } : null;
}

function validateBy(problem: Question['problem'] = () => null) {
  return (answer: string | undefined): string | undefined => {
    if (answer === undefined || answer === '') return 'a value is needed here';
    return problem(answer) ?? undefined;
  };
}

function optionOf({ value, label, hint }: Choice) {
  return { value, label: label ?? value, ...(hint === undefined ? {} : { hint }) };
}
