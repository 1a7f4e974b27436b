// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { globSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';

/** How a store is told whose rows are meant: its first parameter, by its type. */
const BOUND = [
  /^reach: Reach$/,
  /^tenantId: string$/,
  /^owner: KeyOwner$/,
  // A row to be, which says whose it is.
  /^key: New(?:Api|Dkim)Key$/,
  /^storage: NewStorage$/,
  /^key: AccountKey & \{ readonly tenantId: string \}$/,
];

const ROW = 'writes a row that says whose it is';
const OF_TENANT = 'takes what it is told by for a tenant or a row of one';
const OF_TENANT_OR_ALL = 'takes the tenant of a reach, which is null for the operator only';
const ENGINE = 'is the work of the engine, for all tenants; no operation calls it with what a caller says';
const FOUND = 'is given what a store found within a reach';
const COUNTS = 'counts, for the operator';
const AUTH = 'finds out whose the token is';
const INSTANCE = 'touches the instance and no tenant';
const MEMORY = 'touches memory only';

/** Methods that are not, and why no tenant gets at another one's rows by them. */
const UNBOUND: Readonly<Record<string, string>> = {
  'TenantStore.create': ROW,
  'GivenUpStore.record': ROW,
  'ReportCallStore.record': ROW,
  'ReportExceptionStore.keep': ROW,
  'SigningSecretStore.rotate': ROW,
  'CommandLogStore.append': ROW,
  'TenantStore.reportTarget': OF_TENANT,
  'TrafficStore.since': OF_TENANT_OR_ALL,
  'ReportCursorStore.oldestUnacknowledged': OF_TENANT_OR_ALL,
  'TenantStore.attachmentTarget': OF_TENANT,
  'GivenUpStore.giveUp': OF_TENANT,
  'ReportCursorStore.skip': OF_TENANT,
  'ReportCursorStore.moveNextAttempt': OF_TENANT,
  'TenantStore.ensureDefaultTenant': ENGINE,
  'TenantStore.listReportTargets': ENGINE,
  'ReportExceptionStore.tenantsWithDue': ENGINE,
  'ReportCursorStore.tenantsToTell': ENGINE,
  'ReportCursorStore.tenantsToGreet': ENGINE,
  'ReportCursorStore.lag': ENGINE,
  'TrafficStore.write': ENGINE,
  'TrafficStore.forget': ENGINE,
  'AccountPauseStore.list': ENGINE,
  'AccountPauseStore.listOver': ENGINE,
  'AccountPauseStore.takeProbe': ENGINE,
  'AccountStore.relayRow': ENGINE,
  'RefreshTokenStore.current': ENGINE,
  'RefreshTokenStore.replace': ENGINE,
  'ApiKeyStore.markUsed': ENGINE,
  'CapturedMailStore.removeOfGone': ENGINE,
  'CapturedMailStore.removeOlder': ENGINE,
  'CapturedMailStore.tenants': ENGINE,
  'MessageStore.position': FOUND,
  'MessageStore.bounces': FOUND,
  'MessageStore.subjects': FOUND,
  'MessageStore.domainEdge': FOUND,
  'AccountPauseStore.pause': FOUND,
  'AccountPauseStore.pauseByHand': FOUND,
  'AccountPauseStore.endOver': FOUND,
  'AccountPauseStore.resume': FOUND,
  'AccountPauseStore.get': FOUND,
  'MessageStore.counts': COUNTS,
  'ApiKeyStore.identify': AUTH,
  'InstanceStore.ensure': INSTANCE,
  'InstanceStore.get': INSTANCE,
  'InstanceStore.setPaused': INSTANCE,
  'InstanceStore.retentionRan': INSTANCE,
  'EncryptionKeyStore.used': INSTANCE,
  'EncryptionKeyStore.use': INSTANCE,
  'EncryptionKeyStore.forget': INSTANCE,
  'EncryptionKeyStore.tell': INSTANCE,
  'EncryptionKeyStore.holders': INSTANCE,
  'TenantStore.onChange': MEMORY,
  'SuppressionStore.onChange': MEMORY,
  'DkimKeyStore.forget': MEMORY,
  'DkimKeyStore.onChange': MEMORY,
  'ApiKeyStore.forget': MEMORY,
  'ApiKeyStore.onChange': MEMORY,
  'AccountStore.forget': MEMORY,
  'AccountStore.onChange': MEMORY,
};

interface Method {
  readonly name: string;
  readonly first: string;
}

/** The methods of the interfaces of stores, as the sources declare them. */
function methodsOf(source: string): readonly Method[] {
  const plain = source.replaceAll(/\/\*\*[\s\S]*?\*\//g, '').replaceAll(/\/\/.*$/gm, '');
  return [...plain.matchAll(/^export interface (\w+Store)\b[^{]*\{\n([\s\S]*?)^\}/gm)].flatMap(([, store, body = '']) =>
    [...body.matchAll(/^ {2}(?:readonly )?(\w+)(?:: )?\(\s*([^,)]*(?:\{[^}]*\}[^,)]*)?)/gm)].map(
      ([, method, first = '']) => ({
        name: `${store}.${method}`,
        first: first.trim(),
      }),
    ),
  );
}

const FILES = globSync('*/*.store.ts', { cwd: import.meta.dirname });
const METHODS = FILES.flatMap((file) => methodsOf(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')));

test('the interface of every store is found', () => {
  expect(FILES.length).toBeGreaterThan(10);
  for (const file of FILES) {
    expect([file, methodsOf(readFileSync(`${import.meta.dirname}/${file}`, 'utf8')).length > 0]).toEqual([file, true]);
  }
});

test('every method of a store is told whose rows are meant, or it is known why not', () => {
  const free = METHODS.filter(({ first }) => !BOUND.some((form) => form.test(first)));
  expect(
    free.map(({ name, first }) => `${name}(${first})`).filter((one) => !(one.replace(/\(.*/, '') in UNBOUND)),
  ).toEqual([]);
});

test('no reason outlives its method', () => {
  const names = METHODS.filter(({ first }) => !BOUND.some((form) => form.test(first))).map(({ name }) => name);
  expect(Object.keys(UNBOUND).filter((name) => !names.includes(name))).toEqual([]);
});
