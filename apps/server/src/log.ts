// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock, Log, LogLevel, LogThreshold } from '@mail-proxy/core';
import pc from 'picocolors';
import * as v from 'valibot';

export interface LogOptions {
  readonly threshold: LogThreshold;
  readonly clock: Pick<Clock, 'now'>;
  /** Takes one line, its end included. */
  readonly write: (line: string) => void;
  /** For a person at a terminal instead of a machine. */
  readonly pretty: boolean;
  /** Takes the same line as JSON in any case, to keep it. @defaultValue nothing */
  readonly keep?: (line: string) => void;
}

/** Never written, wherever they stand in the fields: the last net below the rule that nobody logs them. */
const SECRETS: ReadonlySet<string> = new Set(['password', 'token', 'api_key', 'apiKey', 'authorization', 'secret']);

/** Causes of causes that are followed. */
const MAX_CAUSES = 5;

/** Make a log that writes one line an entry: `{"level","time","msg",...}` as JSON, or the same for the eye. */
export function createLog({ threshold, clock, write, pretty, keep }: LogOptions): Log {
  const format = pretty ? prettyLine : jsonLine;
  const logWith = (base: object): Log => {
    const entry =
      (name: Exclude<LogLevel, 'silent'>) =>
      (fields: object, message: string): void => {
        if (!threshold.lets(name)) return;
        const entry = [name, new Date(clock.now()).toISOString(), message, { ...base, ...fields }] as const;
        write(format(...entry));
        keep?.(jsonLine(...entry));
      };
    return {
      debug: entry('debug'),
      info: entry('info'),
      warn: entry('warn'),
      error: entry('error'),
      child: (fields) => logWith({ ...base, ...fields }),
    };
  };
  return logWith({});
}

const kept = v.looseObject({
  level: v.picklist(['debug', 'info', 'warn', 'error']),
  time: v.string(),
  msg: v.string(),
});

/** Turn a line that was logged as JSON into one for the eye; what is no such line stays. */
export function prettyOf(line: string): string {
  const parsed = v.safeParse(kept, parseJson(line));
  if (!parsed.success) return `${line}\n`;
  const { level, time, msg, ...fields } = parsed.output;
  return prettyLine(level, time, msg, fields);
}

function parseJson(line: string): unknown {
  try {
    return JSON.parse(line);
  } catch {
    // Such as the last words of Node itself.
    return null;
  }
}

function jsonLine(level: string, time: string, msg: string, fields: object): string {
  return `${JSON.stringify({ level, time, msg, ...fields }, loggable)}\n`;
}

const PAINT = { debug: pc.gray, info: pc.cyan, warn: pc.yellow, error: pc.red };

function prettyLine(level: keyof typeof PAINT, time: string, msg: string, fields: object): string {
  const shown = Object.entries(fields).flatMap(([key, value]) => {
    if (value === undefined || value instanceof Error) return [];
    const text = typeof value === 'string' ? value : JSON.stringify(value, loggable);
    return [pc.dim(`${key}=`) + (SECRETS.has(key) ? '[secret]' : text)];
  });
  const stacks = Object.values(fields).filter((value) => value instanceof Error);
  const lines = stacks.map((error) => `\n    ${stackOf(error).replaceAll('\n', '\n    ')}`);
  return `${pc.dim(time.slice(11, 23))} ${PAINT[level](level.padEnd(5))} ${[msg, ...shown].join(' ')}${lines.join('')}\n`;
}

function loggable(key: string, value: unknown): unknown {
  if (SECRETS.has(key)) return '[secret]';
  if (typeof value === 'bigint') return value.toString();
  if (!(value instanceof Error)) return value;
  return {
    type: value.name,
    message: value.message,
    ...('code' in value ? { code: value.code } : {}),
    stack: stackOf(value),
  };
}

/** The stack with those of its causes. */
function stackOf(error: Error): string {
  const stacks: string[] = [];
  let at: unknown = error;
  for (let depth = 0; depth < MAX_CAUSES && at instanceof Error; depth += 1) {
    stacks.push(at.stack ?? String(at));
    at = at.cause;
  }
  return stacks.join('\ncaused by: ');
}
