// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** Milliseconds of each unit, by the names in which relays write it. */
const UNIT_MS: ReadonlyMap<string, number> = new Map([
  ...['s', 'sec', 'secs', 'second', 'seconds'].map((name) => [name, 1_000] as const),
  ...['m', 'min', 'mins', 'minute', 'minutes'].map((name) => [name, 60_000] as const),
  ...['h', 'hr', 'hrs', 'hour', 'hours'].map((name) => [name, 3_600_000] as const),
  ...['d', 'day', 'days'].map((name) => [name, 86_400_000] as const),
]);

/** Words after which a length of time says when to come back. */
const CUES: ReadonlySet<string> = new Set(
  (
    'again retry retries retrying retried wait waiting back later try resend resubmit reconnect ' +
    'greylist greylisted greylisting graylist graylisted graylisting'
  ).split(' '),
);

/** Words that name a state; only `for` makes the length of time after them the rest of it. */
const STATES: ReadonlySet<string> = new Set(
  'blocked deferred delayed throttled limited rejected refused locked'.split(' '),
);

/** What may stand between a cue and the time. Whatever else stands there, the time is about something else. */
const LINKS: ReadonlySet<string> = new Set(
  (
    'in after for at least about approximately approx around another a an the next please later your this it message ' +
    'mail delivery sending send connection no not before earlier sooner than timeout time interval period active ' +
    'enabled expected to be is again once minimum min of only within , : ; = ( [ < > ~ - / " \' . !'
  ).split(' '),
);

/** Of one sentence; a time further away is about something else. */
const MAX_LINKS = 10;
const MAX_CHARACTERS = 1_000;
/** What asks for longer is no hint: no queue keeps mail so long. */
const MAX_HINT_MS = 2_592_000_000;

interface Duration {
  readonly ms: number;
  /** Index of the token after it. */
  readonly end: number;
}

/**
 * Find in a relay's text how long it asks us to wait: `try again in 300 seconds`, `retry after 60s`,
 * `greylisted for 5 minutes`, `come back in 00:05:00`. Milliseconds, above 0 and at most 30 days; null if it names no
 * time. Of several the first counts. A time that is about something else (`100 messages in 1 hour`) is no hint.
 *
 * Only for replies that are temporary by their code: the text tells when, never whether.
 */
export function retryHintMs(text: string): number | null {
  const tokens =
    text
      .slice(0, MAX_CHARACTERS)
      .toLowerCase()
      .match(/[a-z]+|\d+(?:\.\d+)?|\S/g) ?? [];
  for (const [index, token] of tokens.entries()) {
    const isState = STATES.has(token) && tokens[index + 1] === 'for';
    if (!CUES.has(token) && !isState) continue;
    const found = durationAfterLinks(tokens, index + 1);
    if (found !== null && found > 0 && found <= MAX_HINT_MS) return Math.max(1, Math.round(found));
  }
  return null;
}

function durationAfterLinks(tokens: readonly string[], start: number): number | null {
  for (let at = start; at < tokens.length && at <= start + MAX_LINKS; at += 1) {
    const token = tokens[at] ?? '';
    if (isNumber(token)) return durationAt(tokens, at);
    if (!LINKS.has(token)) return null;
  }
  return null;
}

function durationAt(tokens: readonly string[], at: number): number | null {
  return clockAt(tokens, at) ?? unitsAt(tokens, at) ?? bareSecondsAt(tokens, at);
}

/** `00:05:00`. */
function clockAt(tokens: readonly string[], at: number): number | null {
  const [hours, colon, minutes, secondColon, seconds] = tokens.slice(at, at + 5);
  if (colon !== ':' || secondColon !== ':' || !isNumber(minutes) || !isNumber(seconds)) return null;
  return (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000;
}

/** `5 minutes`, `4m59s`, `1 hour and 30 minutes`, `5-10 minutes`. */
function unitsAt(tokens: readonly string[], at: number): number | null {
  let part = unitAt(tokens, at);
  if (part === null) return null;
  let sum = part.ms;
  while (part !== null) {
    const joint = tokens[part.end];
    part = unitAt(tokens, joint === 'and' || joint === ',' ? part.end + 1 : part.end);
    sum += part?.ms ?? 0;
  }
  return sum;
}

function unitAt(tokens: readonly string[], at: number): Duration | null {
  if (!isNumber(tokens[at])) return null;
  // Of a range the upper end: who comes at the lower one is sent away once more.
  const isRange = (tokens[at + 1] === '-' || tokens[at + 1] === 'to') && isNumber(tokens[at + 2]);
  const number = isRange ? at + 2 : at;
  const unit = tokens[number + 1] === 'more' ? number + 2 : number + 1;
  const unitMs = UNIT_MS.get(tokens[unit] ?? '');
  return unitMs === undefined ? null : { ms: Number(tokens[number]) * unitMs, end: unit + 1 };
}

/** `retry after 120`: seconds, as HTTP has it, where neither a unit nor a date follows. */
function bareSecondsAt(tokens: readonly string[], at: number): number | null {
  const before = tokens[at - 1] ?? '';
  const after = tokens[at + 1];
  const isAnnounced = ['in', 'after', ':', '='].includes(before);
  const isAlone = after === undefined || ['.', ',', ';', ')', '('].includes(after);
  return isAnnounced && isAlone ? Number(tokens[at]) * 1_000 : null;
}

function isNumber(token: string | undefined): boolean {
  return token !== undefined && /^\d/.test(token);
}
