// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import * as v from 'valibot';
import { defineOperation } from '../../operations/operation.ts';
import {
  createdInstanceTokenOutput,
  createInstanceTokenInput,
  instanceTokenOutput,
  instanceTokenPage,
  instanceTokenReference,
  instanceTokenView,
  listInstanceTokensInput,
  rotatedInstanceTokenOutput,
  rotateInstanceTokenInput,
} from './api-key.schema.ts';
import { type ApiKeyServices, createKey, rotateKey } from './key-commands.ts';

/** Tokens of the instance are nobody's but the operator's. */
const OPERATOR = { tenantId: null } as const;

const createInstanceToken = defineOperation({
  name: 'instance-tokens.create',
  summary: 'Add a token for the operator or for metrics; it is shown this once',
  http: { method: 'POST', path: '/v1/instance/tokens', status: 201 },
  access: 'admin',
  audit: true,
  input: createInstanceTokenInput,
  output: createdInstanceTokenOutput,
  run: async (services: ApiKeyServices, input, { principal }) => {
    const command = { principal, owner: OPERATOR };
    const { token, key } = await createKey(services, command, { mode: 'live', ...input });
    return { ...instanceTokenView(key), api_key: token };
  },
});

const listInstanceTokens = defineOperation({
  name: 'instance-tokens.list',
  summary: "List the operator's tokens, revoked ones included, but for that of the configuration",
  http: { method: 'GET', path: '/v1/instance/tokens' },
  access: 'admin',
  audit: false,
  input: listInstanceTokensInput,
  output: instanceTokenPage,
  run: async ({ apiKeys }: ApiKeyServices, input) => {
    const { items, next } = await apiKeys.list(OPERATOR, input);
    return { items: items.map(instanceTokenView), next };
  },
});

const getInstanceToken = defineOperation({
  name: 'instance-tokens.get',
  summary: 'Show a token of the operator',
  http: { method: 'GET', path: '/v1/instance/tokens/{token_id}' },
  access: 'admin',
  audit: false,
  input: instanceTokenReference,
  output: instanceTokenOutput,
  run: async ({ apiKeys }: ApiKeyServices, { token_id }) => instanceTokenView(await apiKeys.get(OPERATOR, token_id)),
});

const rotateInstanceToken = defineOperation({
  name: 'instance-tokens.rotate',
  summary: 'Make a new token in the place of one, which goes on for a while',
  http: { method: 'POST', path: '/v1/instance/tokens/{token_id}/rotate', status: 201 },
  access: 'admin',
  audit: true,
  input: rotateInstanceTokenInput,
  output: rotatedInstanceTokenOutput,
  run: async (services: ApiKeyServices, { token_id: id, overlap_seconds }, { principal }) => {
    const command = { principal, owner: OPERATOR };
    const { drafted, old } = await rotateKey(services, command, { id, overlapMs: overlap_seconds * 1_000 });
    return { ...instanceTokenView(drafted.key), api_key: drafted.token, replaces: instanceTokenView(old) };
  },
});

const revokeInstanceToken = defineOperation({
  name: 'instance-tokens.revoke',
  summary: 'Revoke a token of the operator, at once and on every instance',
  http: { method: 'DELETE', path: '/v1/instance/tokens/{token_id}', status: 204 },
  access: 'admin',
  audit: true,
  input: instanceTokenReference,
  output: v.null(),
  run: async ({ apiKeys, clock }: ApiKeyServices, { token_id }) => {
    await apiKeys.revoke(OPERATOR, token_id, clock.now());
    return null;
  },
});

/** Commands on the tokens of the instance. */
export const instanceTokenOperations = [
  createInstanceToken,
  listInstanceTokens,
  getInstanceToken,
  rotateInstanceToken,
  revokeInstanceToken,
] as const;
