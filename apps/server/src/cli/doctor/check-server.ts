// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { Clock } from '@mail-proxy/core';
import { VERSION } from '@mail-proxy/core';
import * as v from 'valibot';
import { CallFailed, type ServerSession } from '../server-session.ts';
import { durationText } from '../times.ts';
import { type Finding, findings } from './finding.ts';

const SERVER = 'server';
/** The Date of an answer has whole seconds, and the answer takes a moment. */
const MAX_SKEW_MS = 5_000;
const PROBE_TIMEOUT_MS = 10_000;

const instance = v.looseObject({
  version: v.string(),
  edition: v.string(),
  database: v.string(),
  paused: v.boolean(),
  waiting: v.number(),
});
const readiness = v.looseObject({ ready: v.optional(v.boolean()), reasons: v.optional(v.array(v.string()), []) });

/** Whether a server answers, and what time it has. */
export async function checkReach(url: string, clock: Clock): Promise<{ isUp: boolean; found: readonly Finding[] }> {
  const about = findings('server.reachable', SERVER);
  const askedAt = clock.now();
  try {
    const answer = await fetch(`${url}/livez`, { redirect: 'error', signal: AbortSignal.timeout(PROBE_TIMEOUT_MS) });
    await answer.arrayBuffer();
    if (!answer.ok) {
      const advice = 'Something else may listen there: check --url, GMP_URL and what stands before the server';
      return { isUp: false, found: [about.problem(`${url} answers ${answer.status} to /livez`, advice)] };
    }
    const date = Date.parse(answer.headers.get('date') ?? '');
    return { isUp: true, found: [about.ok(`answers at ${url}`), clockFinding(date, askedAt, clock.now())] };
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const why = cause instanceof Error ? ('code' in cause && String(cause.code)) || cause.message : String(cause);
    const advice = 'Start it with mail-proxy serve, or say where it is: --url, or GMP_URL';
    return { isUp: false, found: [about.problem(`${url} does not answer (${why})`, advice)] };
  }
}

/** What the server says of itself. */
export async function checkServer(server: ServerSession): Promise<readonly Finding[]> {
  return [await checkReadiness(server), ...(await checkInstance(server))];
}

/** This machine's clock against the server's, as the Date of an answer tells it. */
function clockFinding(date: number, askedAt: number, answeredAt: number): Finding {
  const about = findings('server.clock', SERVER);
  if (Number.isNaN(date)) return about.skipped('its answers have no Date to compare clocks with');
  // Somewhere between the question and the answer, and cut to its second.
  const skew = date > answeredAt ? date - answeredAt : Math.min(0, date + 1_000 - askedAt);
  if (Math.abs(skew) <= MAX_SKEW_MS) return about.ok("this machine's clock and the server's agree");
  const which = skew > 0 ? 'ahead of' : 'behind';
  return about.warning(
    `the server's clock is ${durationText(skew)} ${which} this machine's`,
    'Run a time service (chrony, systemd-timesyncd) on both; times of retries, limits and signatures depend on it',
  );
}

async function checkReadiness(server: ServerSession): Promise<Finding> {
  const about = findings('server.ready', SERVER);
  try {
    await server.get(readiness, '/readyz');
    return about.ok('ready: its database answers, and the schema is that of its version');
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const parsed = error.result.kind === 'problem' ? v.safeParse(readiness, error.result.problem) : null;
    const reasons = parsed?.success === true ? parsed.output.reasons : [];
    return about.problem(`not ready: ${reasons.join('; ') || error.message}`, "The server's log says more");
  }
}

async function checkInstance(server: ServerSession): Promise<readonly Finding[]> {
  const about = findings('server.instance', SERVER);
  try {
    const { version, edition, database, paused, waiting } = await server.get(instance, '/v1/instance');
    const what = `version ${version}, ${edition} edition, ${database}; ${waiting} ${waiting === 1 ? 'message waits' : 'messages wait'}`;
    const same =
      version === VERSION
        ? about.ok(what)
        : about.warning(`${what}; this program is ${VERSION}`, 'Use the program of the version that serves');
    if (!paused) return [same];
    return [
      same,
      findings('server.paused', SERVER).warning('all sending is paused', 'Go on with: mail-proxy instance resume'),
    ];
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    const { result } = error;
    if (result.kind === 'problem' && result.status === 401) {
      return [
        about.problem(
          'it does not know the token',
          'Set GMP_API_TOKEN, or --data-dir to the folder of its token; what needs a token is skipped',
        ),
      ];
    }
    if (result.kind === 'problem' && result.status === 403) {
      return [about.skipped('what runs there is shown to operators only')];
    }
    return [about.problem(`it does not tell what runs there: ${error.message}`, "The server's log says more")];
  }
}
