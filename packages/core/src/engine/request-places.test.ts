// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { expect, test } from 'vitest';
import type { RefusedFor } from '../observability/load-metrics.ts';
import { tenantPrincipal } from '../operations/principal.ts';
import { RequestPlaces } from './request-places.ts';

function places(maxRequests: number, maxBytes = 1_000) {
  const refused: RefusedFor[] = [];
  const made = new RequestPlaces({ maxRequests, maxBytes, onRefused: (reason) => void refused.push(reason) });
  return { made, refused };
}

const failing = (code: string) => expect.objectContaining({ code, retryAfterMs: expect.any(Number) });

test('what comes beyond the number is refused, until one of those before has ended', () => {
  const { made, refused } = places(2);
  const first = made.take();
  made.take();
  expect(() => made.take()).toThrow(failing('overloaded'));
  first[Symbol.dispose]();
  first[Symbol.dispose]();
  made.take();
  expect(() => made.take()).toThrow(failing('overloaded'));
  expect([made.size, refused]).toEqual([2, ['requests', 'requests']]);
});

test('a tenant has half of them, and what it is refused is its own limit', () => {
  const { made, refused } = places(4);
  const [one, two, three] = [made.take(), made.take(), made.take()];
  one.belongsTo(tenantPrincipal('acme'));
  two.belongsTo(tenantPrincipal('acme'));
  expect(() => three.belongsTo(tenantPrincipal('acme'))).toThrow(failing('rate_limited'));
  three.belongsTo(tenantPrincipal('other'));
  one[Symbol.dispose]();
  made.take().belongsTo(tenantPrincipal('acme'));
  const operator = made.take();
  operator.belongsTo({ kind: 'admin', name: 'admin' });
  expect(refused).toEqual(['tenant']);
});

test('bytes are bounded over all and of a tenant, and are free again with their request', () => {
  const { made, refused } = places(10);
  const [own, others, operator] = [made.take(), made.take(), made.take()];
  own.belongsTo(tenantPrincipal('acme'));
  others.belongsTo(tenantPrincipal('acme'));
  own.add(300);
  own.add(100);
  expect(() => others.add(101)).toThrow(failing('rate_limited'));
  others.add(100);
  expect(() => operator.add(501)).toThrow(failing('overloaded'));
  operator.add(500);
  own[Symbol.dispose]();
  operator.add(400);
  expect(refused).toEqual(['tenant', 'bytes']);
});

test('one that is alone may be larger than all may be together', () => {
  const { made } = places(10);
  const large = made.take();
  large.belongsTo(tenantPrincipal('acme'));
  large.add(900);
  large.add(900);
  expect(() => made.take().add(1)).toThrow(failing('overloaded'));
});
