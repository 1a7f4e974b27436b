// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { describeHostile, endsTheWorld, fillForHostile, hostileRequests, sendHostile } from '@mail-proxy/testkit';
import { expect, test } from 'vitest';
import { findMixins } from '../src/mixins.ts';
import { ADMIN_TOKEN, serveApp } from './served-app.case.ts';

/** The long form, on both databases and with stalls measured: `pnpm torture fuzz` */
const COUNT = Number(process.env['GMP_FUZZ_REQUESTS'] ?? 1_200);
const SEED = Number(process.env['GMP_FUZZ_SEED'] ?? 2_026);

const AT_A_TIME = 8;
/** These fail on purpose. */
const ODD = /^odd\./;

test('whatever is sent to an operation, the server answers, and says it is not its own fault', {
  timeout: 600_000,
}, async () => {
  const { mixins } = await findMixins('auto');
  await using app = await serveApp({}, {}, mixins);
  const before = shapeOfObjects();
  const world = await fillForHostile(app.url, ADMIN_TOKEN, 1);
  const requests = hostileRequests({ ...world, seed: SEED });
  const operations = app.engine.operations.map(({ name }) => name);
  const faults: string[] = [];
  const taken = new Set<string>();
  const tried = new Set<string>();
  let sent = 0;
  const send = async (): Promise<void> => {
    while (sent < COUNT) {
      const { value: request } = requests.next();
      if (endsTheWorld(request) || ODD.test(request.operation)) continue;
      sent += 1;
      const { status, fault } = await sendHostile(app.url, request);
      if (fault !== null) faults.push(`${fault}\n  ${describeHostile(request)}`);
      tried.add(request.operation);
      if (status < 400) taken.add(request.operation);
    }
  };
  await Promise.all(Array.from({ length: AT_A_TIME }, send));
  expect(faults).toEqual([]);
  expect(shapeOfObjects()).toEqual(before);
  expect(tried.size).toBe(operations.filter((name) => !ODD.test(name)).length);
  // Most requests are refused; those that were taken went through all of an operation.
  expect(taken.size).toBeGreaterThan(tried.size / 2);
});

/** What all objects have, to see that nobody added to it. */
function shapeOfObjects(): readonly unknown[] {
  return [Object.prototype, Array.prototype, Function.prototype].flatMap((shape) => Reflect.ownKeys(shape));
}
