// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import fc from 'fast-check';
import type { ApiBody, ApiDocument, ApiOperation, ApiParameter } from './json-schema.ts';
import { nastyJson, nastyText } from './nasty.ts';
import { type KnownValues, valuesOf } from './schema-values.ts';

export interface HostileRequest {
  readonly operation: string;
  readonly method: string;
  /** With its query. */
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

export interface HostileOptions {
  readonly document: ApiDocument;
  readonly known: KnownValues;
  /** Of those who call. */
  readonly tokens: readonly string[];
  /** The same gives the same requests. */
  readonly seed: number;
}

/** Characters of a value in a URL; a server takes some 16 KiB of headers, and says so. */
const MAX_ESCAPED = 300;
/** Requests of one operation in a row. */
const IN_A_ROW = 8;

/**
 * Make requests for every operation of a document, without end: valid ones at the bounds of their schemas, such with
 * something wrong in them, and bodies that are no JSON. None leads anywhere but where the known values lead.
 */
export function* hostileRequests({ document, known, tokens, seed }: HostileOptions): Generator<HostileRequest, never> {
  const kinds = Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) =>
      requestsOf({ path, method: method.toUpperCase(), operation, known, tokens }),
    ),
  );
  for (let round = 0; ; round++) {
    for (const [index, kind] of kinds.entries()) {
      yield* fc.sample(kind, { numRuns: IN_A_ROW, seed: seed + round * kinds.length + index });
    }
  }
}

interface Kind {
  readonly path: string;
  readonly method: string;
  readonly operation: ApiOperation;
  readonly known: KnownValues;
  readonly tokens: readonly string[];
}

function requestsOf({ path, method, operation, known, tokens }: Kind): fc.Arbitrary<HostileRequest> {
  const { operationId, parameters = [], requestBody } = operation;
  const json = requestBody?.content['application/json'];
  const body = json === undefined ? fc.constant<Body>({ type: null, body: null }) : bodiesOf(json, known);
  const query = queriesOf(parameters, known);
  return fc
    .record({
      path: pathsOf(path, parameters, known),
      // What stands in both places has to agree.
      query:
        json === undefined
          ? query
          : fc.oneof({ weight: 6, arbitrary: fc.constant('') }, { weight: 1, arbitrary: query }),
      body,
      token: fc.constantFrom(...tokens),
      extra: fc.oneof({ weight: 8, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: extraHeaders }),
    })
    .map(({ path, query, body, token, extra }) => ({
      operation: operationId,
      method,
      path: query === '' ? path : `${path}?${query}`,
      headers: {
        authorization: `Bearer ${token}`,
        ...(body.type === null ? {} : { 'content-type': body.type }),
        ...extra,
      },
      body: body.body,
    }));
}

const extraHeaders: fc.Arbitrary<Record<string, string>> = fc.constantFrom<Record<string, string>[]>(
  { 'idempotency-key': 'the-same' },
  { 'idempotency-key': 'x'.repeat(256) },
  { 'content-encoding': 'gzip' },
  { 'x-request-id': '__proto__' },
  { 'x-request-id': 'x'.repeat(5_000) },
  { 'x-forwarded-for': '127.0.0.1, ::1, nobody' },
  { forwarded: 'for="[::1]:1";by=_x, for=' },
  { traceparent: '00-00000000000000000000000000000000-0000000000000000-ff' },
  { accept: 'application/x-nothing;q=0' },
  { 'if-none-match': '*' },
  { range: 'bytes=-1' },
);

function pathsOf(path: string, parameters: readonly ApiParameter[], known: KnownValues): fc.Arbitrary<string> {
  const places = parameters.filter((each) => each.in === 'path');
  const values = places.map(({ name, schema }) =>
    fc.oneof(
      { weight: 12, arbitrary: valuesOf(schema, name, known).map(escaped) },
      { weight: 2, arbitrary: nastyText.map(escaped) },
      { weight: 1, arbitrary: fc.constantFrom('%', '%ff%fe', '%00', '%2f..%2f', '%ed%a0%80', ';x', '%252e') },
    ),
  );
  return fc
    .tuple(...values)
    .map((texts) => places.reduce((at, { name }, index) => at.replace(`{${name}}`, () => texts[index] ?? ''), path));
}

function queriesOf(parameters: readonly ApiParameter[], known: KnownValues): fc.Arbitrary<string> {
  const pairs = parameters
    .filter((each) => each.in === 'query')
    .map(({ name, schema, required }) => {
      const value = fc.oneof(
        { weight: 8, arbitrary: valuesOf(schema, name, known) },
        ...(Object.hasOwn(known.always, name) ? [] : [{ weight: 1, arbitrary: nastyText }]),
      );
      const pair = value.map((made) => `${name}=${escaped(made)}`);
      return required === true ? pair : fc.oneof(pair, fc.constant(''), fc.constant(''));
    });
  const odd = fc.constantFrom(
    '',
    '',
    '',
    '',
    '',
    '',
    '&',
    '=',
    '__proto__=1',
    'a&a&a',
    'tenant_id=acme',
    '%',
    '%00=%00',
  );
  return fc.tuple(...pairs, odd).map((all) => all.filter((pair) => pair !== '').join('&'));
}

/** In a form that can stand in a URL: lone surrogates cannot. */
function escaped(value: unknown): string {
  const text = typeof value === 'string' ? value : (JSON.stringify(value) ?? '');
  const encoded = encodeURIComponent(text.slice(0, MAX_ESCAPED).toWellFormed());
  // A client would drop these segments before it sends them.
  return /^\.{1,2}$/.test(encoded) || encoded === '' ? `x${encoded}` : encoded;
}

interface Body {
  readonly type: string | null;
  readonly body: string | Uint8Array<ArrayBuffer> | null;
}

function bodiesOf(json: ApiBody, known: KnownValues): fc.Arbitrary<Body> {
  const valid = validOf(json, known);
  const asJson = (body: string | Uint8Array<ArrayBuffer>): Body => ({ type: 'application/json', body });
  const wrong = fc
    .record({
      value: valid,
      path: fc.array(fc.nat(1_000), { maxLength: 4 }),
      json: nastyJson,
    })
    .map(({ value, path, json }) => withRaw(placed(value, path, known), json));
  const text = valid.map((value) => JSON.stringify(value));
  const broken = fc.oneof(
    fc.tuple(text, fc.nat(200)).map(([all, at]) => all.slice(0, at)),
    text.map((all) => `\ufeff${all}`),
    text.map((all) => `${all}${all}`),
    text.map((all) => all.replace('{', '{"id":1,"id":{"id":2},')),
    text.map((all) => new Uint8Array(Buffer.from(all, 'utf16le'))),
    text.map((all) => new Uint8Array(Buffer.from(all.replace('"', '"\u00ff'), 'latin1'))),
    nastyJson,
  );
  const types = fc.constantFrom(
    'text/plain',
    'application/json; charset=utf-16',
    'application/json;;;',
    'multipart/form-data',
    'multipart/form-data; boundary=x',
    `multipart/form-data; boundary=${'y'.repeat(2_000)}`,
    'application/x-www-form-urlencoded',
    'message/rfc822',
    '__proto__',
  );
  return fc.oneof(
    { weight: 10, arbitrary: text.map(asJson) },
    { weight: 10, arbitrary: wrong.map(asJson) },
    { weight: 2, arbitrary: broken.map(asJson) },
    { weight: 1, arbitrary: fc.tuple(text, types).map(([body, type]) => ({ type, body })) },
    { weight: 1, arbitrary: fc.tuple(forms, types).map(([body, type]) => ({ type, body })) },
  );
}

/** As the schema says, or the example with one or two fields of it changed: that gets further. */
function validOf({ schema, example }: ApiBody, known: KnownValues): fc.Arbitrary<unknown> {
  const made = valuesOf(schema, '', known);
  if (example === undefined) return made;
  const properties = schema.properties ?? {};
  const fields = Object.entries(properties).map(([name, inner]) =>
    valuesOf(inner, name, known).map((value) => ({ [name]: value })),
  );
  // What is made for an operator is of the tenant that has everything; what is made is not yet there.
  const tenant = 'tenant_id' in properties ? { tenant_id: 'acme' } : {};
  const id = 'id' in properties ? valuesOf(properties['id'] ?? {}, 'id', known).map((id) => ({ id })) : fc.constant({});
  const led = Object.fromEntries(
    Object.entries(known.always).flatMap(([name, values]) => (name in example ? [[name, values[0]]] : [])),
  );
  const changed = fc
    .tuple(id, fc.oneof(fc.constant({}), ...fields), fc.oneof(fc.constant({}), ...fields))
    .map((changes) => Object.assign({}, example, tenant, led, ...changes));
  return fc.oneof({ weight: 2, arbitrary: changed }, { weight: 1, arbitrary: made });
}

/** Bodies that are half a form, or half a message. */
const forms = fc.constantFrom(
  '',
  '--x\r\n\r\n\r\n--x--\r\n',
  '--x\r\nContent-Disposition: form-data; name="message"\r\n\r\n{"from":"a@example.net"}\r\n--x--\r\n',
  '--x\r\nContent-Disposition: form-data; name="__proto__"; filename="../../a\0"\r\n\r\nb\r\n--x--\r\n',
  '--x\r\nContent-Disposition: form-data; name="file"; filename="a"\r\n\r\nno end',
  `${'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n\r\n'.repeat(2_000)}--x--\r\n`,
  'From: a@example.net\r\nTo: b@example.org\r\nSubject: Hi\r\n\r\nHi\r\n',
  'From: a@example.net\nTo: b@example.org\nContent-Type: multipart/mixed; boundary="\n\n--\n',
  `From: a@example.net\r\nTo: ${'(('.repeat(5_000)}\r\n\r\n`,
  'From: a@example.net\r\nTo: b@example.org\r\n\r\n\0\r\n.\r\n',
);

const RAW = '@@raw@@';

/** Put the mark somewhere into a value: in place of what is there, or beside it. */
function placed(value: unknown, path: readonly number[], known: KnownValues): unknown {
  const [at, ...rest] = path;
  if (at === undefined || typeof value !== 'object' || value === null) return RAW;
  if (Array.isArray(value)) {
    const index = at % (value.length + 1);
    return value.toSpliced(index, 1, placed(value[index], rest, known));
  }
  const keys = Object.keys(value);
  const key = keys[at % (keys.length + 1)];
  if (key === undefined) return { ...value, [at % 2 === 0 ? '__proto__' : 'more']: RAW };
  // Where they lead is not for chance to decide.
  if (Object.hasOwn(known.always, key)) return value;
  return { ...value, [key]: placed(Reflect.get(value, key), rest, known) };
}

function withRaw(value: unknown, json: string): string {
  return JSON.stringify(value).replace(`"${RAW}"`, () => json);
}
