// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { CallFailed, type ServerSession } from '../server-session.ts';
import { durationText, localTime } from '../times.ts';
import { type Finding, findings } from './finding.ts';

const DAY_MS = 86_400_000;
/** Certificates that renew themselves do so before this; below the second, somebody has to act now. */
const SOON_MS = 21 * DAY_MS;
const URGENT_MS = 3 * DAY_MS;
/** Relays may have clocks of their own; signatures and the Date of mail are believed within minutes. */
const MAX_SKEW_MS = 60_000;
/** Trying a relay takes up to half a minute. */
const AT_ONCE = 4;

const account = v.looseObject({
  id: v.string(),
  tenant_id: v.string(),
  host: v.string(),
  port: v.number(),
  tls: v.string(),
  has_password: v.boolean(),
  tls_insecure: v.boolean(),
  pause_kind: v.nullable(v.picklist(['failures', 'manual'])),
  paused_until: v.nullable(v.string()),
  pause_reason: v.nullable(v.looseObject({ stage: v.string(), reply: v.string() })),
});
export type CheckedAccount = v.InferOutput<typeof account>;
const accounts = v.looseObject({ items: v.array(account), next: v.nullable(v.string()) });

export const verification = v.looseObject({
  ok: v.boolean(),
  stage: v.nullable(v.string()),
  code: v.nullable(v.number()),
  enhanced: v.nullable(v.string()),
  reply: v.nullable(v.string()),
  duration_ms: v.number(),
  tls: v.nullable(v.looseObject({ version: v.string(), cipher: v.string() })),
  certificate: v.nullish(
    v.looseObject({ subject: v.string(), issuer: v.string(), valid_from: v.string(), valid_to: v.string() }),
  ),
  capabilities: v.nullable(v.looseObject({ size: v.nullable(v.number()), auth_mechanisms: v.array(v.string()) })),
  transcript: v.array(v.string()),
});
export type Verification = v.InferOutput<typeof verification>;

export interface WhichAccounts {
  readonly tenantId: string | undefined;
  /** One alone. */
  readonly accountId: string | undefined;
  /** Others are left out, and that is said. */
  readonly max: number;
}

/** Find the accounts to look at. */
export async function accountsToCheck(
  server: ServerSession,
  { tenantId, accountId, max }: WhichAccounts,
): Promise<{ readonly accounts: readonly CheckedAccount[]; readonly hasMore: boolean }> {
  const tenant_id = tenantId;
  if (accountId !== undefined) {
    const one = await server.get(account, `/v1/accounts/${encodeURIComponent(accountId)}`, { tenant_id });
    return { accounts: [one], hasMore: false };
  }
  const { items, next } = await server.get(accounts, '/v1/accounts', { tenant_id, limit: max });
  return { accounts: items, hasMore: next !== null };
}

/** Try out relays, each as its mail would: the findings of one come as soon as it is tried. */
export async function checkRelays(
  server: ServerSession,
  all: readonly CheckedAccount[],
  { now, tell }: { readonly now: number; readonly tell: (found: readonly Finding[]) => void },
): Promise<void> {
  const waiting = [...all];
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
      tell(await checkRelay(server, next, now));
  };
  await Promise.all(Array.from({ length: AT_ONCE }, work));
}

async function checkRelay(server: ServerSession, of: CheckedAccount, now: number): Promise<readonly Finding[]> {
  const about = findings('relay.reachable', nameOf(of));
  if (of.pause_kind === 'manual') {
    const until = of.paused_until === null ? '' : ` until ${localTime(of.paused_until)}`;
    const why = of.pause_reason?.reply ? `: ${of.pause_reason.reply}` : '';
    const advice = `When its mail is to go: mail-proxy accounts resume ${of.id} --tenant-id ${of.tenant_id}`;
    return [about.warning(`paused by hand${until}${why}`, advice)];
  }
  // To try it would end its pause; that is for somebody who knows.
  if (of.pause_kind === 'failures') {
    const why = of.pause_reason === null ? '' : `: ${of.pause_reason.stage}: ${of.pause_reason.reply}`;
    const advice = `Correct the account, then: mail-proxy verify ${of.id} --tenant-id ${of.tenant_id}`;
    return [
      about.problem(`paused${of.paused_until === null ? '' : ` until ${localTime(of.paused_until)}`}${why}`, advice),
    ];
  }
  try {
    const tried = await server.call(verification, verifyCall(of.id, of.tenant_id));
    return findingsOf(of, tried, now);
  } catch (error) {
    if (!(error instanceof CallFailed)) throw error;
    if (error.result.kind === 'problem' && error.result.status === 403) {
      return [about.skipped('it is not tried: the key lacks the scope accounts:write')];
    }
    return [about.problem(`it cannot be tried: ${error.message}`, "The server's log says more")];
  }
}

/** The call that tries out an account. */
export function verifyCall(accountId: string, tenant_id: string | undefined) {
  const path = `/v1/accounts/${encodeURIComponent(accountId)}/verify`;
  return { method: 'POST', path, body: tenant_id === undefined ? {} : { tenant_id } } as const;
}

function nameOf({ id, tenant_id, host, port }: CheckedAccount): string {
  return `account ${tenant_id}/${id} (${host}:${port})`;
}

/** What to do about a relay that cannot be used, by where it failed. */
export function adviceFor(stage: string | null, id: string, tenantId: string | undefined): string {
  const update = updateOf(id, tenantId);
  switch (stage) {
    case 'connect':
    case 'greeting':
      return `Check host, port and firewalls between the server and the relay: ${update} --host --port`;
    case 'tls':
    case 'starttls':
      return `Check the TLS mode and the name in the certificate: ${update} --tls --tls-servername --tls-ca`;
    case 'auth':
      return `Check user and password: ${update} --user --password`;
    default:
      return 'Look at what was said: mail-proxy verify with --transcript';
  }
}

function updateOf(id: string, tenantId: string | undefined): string {
  return `mail-proxy accounts update ${id}${tenantId === undefined ? '' : ` --tenant-id ${tenantId}`}`;
}

/** What came of trying out a relay. */
export function findingsOf(of: CheckedAccount, tried: Verification, now: number): readonly Finding[] {
  return [...relayFindings(of, tried), ...certificateFindings(of, tried, now), ...clockFindings(of, tried, now)];
}

function relayFindings(of: CheckedAccount, tried: Verification): readonly Finding[] {
  const about = findings('relay.reachable', nameOf(of));
  if (!tried.ok) {
    const reply = [tried.code, tried.enhanced, tried.reply].filter((part) => part !== null).join(' ');
    return [about.problem(`${tried.stage}: ${reply}`, adviceFor(tried.stage, of.id, of.tenant_id))];
  }
  const how = tried.tls === null ? 'in clear' : tried.tls.version;
  const works = about.ok(`answers and lets in, ${how}, in ${durationText(tried.duration_ms)}`);
  const tls = findings('relay.tls', nameOf(of));
  const update = updateOf(of.id, of.tenant_id);
  if (tried.tls === null && of.has_password) {
    return [works, tls.warning('the password travels in clear', `Use TLS: ${update} --tls starttls`)];
  }
  if (tried.tls !== null && of.tls_insecure) {
    return [works, tls.warning('its certificate is not checked', `Give its authority: ${update} --tls-ca`)];
  }
  return [works];
}

function certificateFindings(of: CheckedAccount, { certificate }: Verification, now: number): readonly Finding[] {
  if (certificate === null || certificate === undefined) return [];
  const about = findings('relay.certificate', nameOf(of));
  const left = Date.parse(certificate.valid_to) - now;
  const what = `the certificate of ${certificate.subject} (by ${certificate.issuer})`;
  if (left <= 0) return [about.problem(`${what} ended ${durationText(left)} ago`, 'Tell whoever runs the relay')];
  const message = `${what} is good for ${durationText(left)}`;
  const advice = 'Tell whoever runs the relay to renew it';
  if (left < URGENT_MS) return [about.problem(message, advice)];
  return [left < SOON_MS ? about.warning(message, advice) : about.ok(message)];
}

/** Some relays say in their greeting what time it is. */
function clockFindings(of: CheckedAccount, { transcript }: Verification, now: number): readonly Finding[] {
  const greeting = transcript.find((line) => /\bS: 220[ -]/.test(line)) ?? '';
  const [date] = /\b\d{1,2} [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d [+-]\d{4}\b/.exec(greeting) ?? [];
  if (date === undefined) return [];
  const about = findings('relay.clock', nameOf(of));
  const skew = Date.parse(date) - now;
  if (Math.abs(skew) <= MAX_SKEW_MS) return [about.ok("the time in its greeting is this machine's")];
  const message = `the time in its greeting is ${durationText(skew)} ${skew > 0 ? 'ahead of' : 'behind'} this machine's`;
  return [about.warning(message, 'Find out which of the two is wrong, and run a time service there')];
}
