// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { createHash } from 'node:crypto';
import { methodOf } from '@mail-proxy/client';
import { ERRORS } from '@mail-proxy/core';
import { html, raw } from 'hono/html';
import type { OpenApiDocument, Parameter } from '../openapi/document.types.ts';
import { WITH_MAIL } from '../openapi/other-bodies.ts';
import { curlSample, type Endpoint, formSample, mailSample } from './curl-sample.ts';
import { type FieldRow, fieldRows, meaningOf } from './fields.ts';
import { STYLE } from './style.ts';

export interface RenderedPage {
  readonly html: string;
  /** Content-Security-Policy: nothing but the style inside, by its hash. */
  readonly policy: string;
}

type Html = ReturnType<typeof html>;

/** Render the reference of an API as one page that needs no other file and no script. */
export function renderReference(document: OpenApiDocument): RenderedPage {
  const groups = document.tags.map(({ name }) => ({ name, endpoints: endpointsOf(document, name) }));
  const page = html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>mail-proxy API reference</title>
<style>${raw(STYLE)}</style>
</head>
<body>
<div class="layout">
<nav aria-label="Operations">
<a href="#top"><strong>mail-proxy</strong></a>
${groups.map(({ name, endpoints }) => navigation(name, endpoints))}
<h2>More</h2>
<ul><li><a href="#errors">Errors</a></li><li><a href="/openapi.json">openapi.json</a></li></ul>
</nav>
<main id="top">
<h1>mail-proxy API <small>${document.info.version}</small></h1>
<p>${document.info.description}</p>
<p>The samples use two variables of the shell:</p>
<pre>URL=http://127.0.0.1:8000
TOKEN=$(cat data/token)</pre>
<p class="quiet">A tenant's API key goes where the admin token does; X-API-Token takes the same tokens.</p>
${groups.map(({ name, endpoints }) => html`<section><h2 id="${name}">${name}</h2>${endpoints.map(article)}</section>`)}
${errorTable()}
</main>
</div>
</body>
</html>
`;
  const hash = createHash('sha256').update(STYLE).digest('base64');
  return {
    html: String(page),
    policy: `default-src 'none'; style-src 'sha256-${hash}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`,
  };
}

function endpointsOf(document: OpenApiDocument, tag: string): readonly Endpoint[] {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([, operation]) => operation.tags.includes(tag))
      .map(([method, operation]) => ({ method: method.toUpperCase(), path, operation })),
  );
}

function navigation(name: string, endpoints: readonly Endpoint[]): Html {
  const verb = (id: string): string => id.slice(name.length + 1);
  return html`<h2>${name}</h2>
<ul>${endpoints.map(
    ({ operation }) => html`<li><a href="#${operation.operationId}">${verb(operation.operationId)}</a></li>`,
  )}</ul>`;
}

function article(endpoint: Endpoint): Html {
  const { method, path, operation } = endpoint;
  const parameters = (place: Parameter['in'], ofMail = false): readonly FieldRow[] =>
    operation.parameters
      .filter((parameter) => parameter.in === place && (parameter.description === WITH_MAIL) === ofMail)
      .map(({ name, required, description, schema }) => ({
        name,
        isRequired: required,
        meaning: meaningOf(schema) + (description === undefined || ofMail ? '' : `. ${description}`),
      }));
  const { requestBody } = operation;
  const body = requestBody?.content['application/json']?.schema;
  const success = Object.entries(operation.responses).find(([status]) => status !== 'default');
  return html`<article id="${operation.operationId}">
<h3>${operation.summary}</h3>
<div class="route"><span class="method ${method}">${method}</span><code>${path}</code></div>
<p class="quiet">${operation.description} Command line: <code>mail-proxy ${operation.operationId.replace('.', ' ')}</code>${inClient(operation.operationId)}</p>
${fieldList('Path', parameters('path'))}
${fieldList('Query', parameters('query'))}
${fieldList('Header', parameters('header'))}
${body === undefined || '$ref' in body ? '' : fieldList('Body', fieldRows(body))}
<h4>Sample</h4>
<pre>${curlSample(endpoint)}</pre>
${otherBodies(requestBody?.description, [formSample(endpoint), mailSample(endpoint)])}
${fieldList('Query beside a complete message', parameters('query', true))}
${success === undefined ? '' : answer(success[0], success[1])}
</article>`;
}

/** What a mixin adds is not in the client, which calls it by its path. */
function inClient(operation: string): Html | string {
  const method = methodOf(operation);
  return method === null ? '' : html`, TypeScript: <code>client.${method}</code>`;
}

function otherBodies(description: string | undefined, samples: readonly (string | null)[]): Html | string {
  if (description === undefined) return '';
  return html`<h4>Other bodies</h4>
<p class="quiet">${description}</p>
${samples.map((sample) => (sample === null ? '' : html`<pre>${sample}</pre>`))}`;
}

function answer(status: string, response: Endpoint['operation']['responses'][string]): Html | string {
  if ('$ref' in response) return '';
  const [type, { schema } = {}] = Object.entries(response.content ?? {})[0] ?? [];
  if (type === undefined) return html`<p class="quiet">Answers ${status} without a body.</p>`;
  const rows = schema === undefined || '$ref' in schema ? [] : fieldRows(schema);
  if (rows.length === 0) return html`<p class="quiet">Answers ${status} with <code>${type}</code>.</p>`;
  return html`<details><summary>Answer: ${status}, ${response.description.replace(/^\w/, (letter) => letter.toLowerCase())}</summary>
${fieldList(
  '',
  rows.map((row) => ({ ...row, isRequired: false })),
)}</details>`;
}

function fieldList(title: string, rows: readonly FieldRow[]): Html | string {
  if (rows.length === 0) return '';
  return html`${title === '' ? '' : html`<h4>${title}</h4>`}
<ul class="fields">${rows.map(
    ({ name, isRequired, meaning }) =>
      html`<li><span><code>${nameInside(name)}</code>${
        isRequired ? html`<span class="required">required</span>` : ''
      }</span><span class="quiet">${meaning}</span></li>`,
  )}</ul>`;
}

/** What it stands inside of is said more quietly, so that its own name is found. */
function nameInside(name: string): Html {
  const at = name.lastIndexOf('.') + 1;
  return html`${at === 0 ? '' : html`<span class="inside">${name.slice(0, at)}</span>`}${name.slice(at)}`;
}

function errorTable(): Html {
  return html`<section><h2 id="errors">errors</h2>
<p>Every error is <code>application/problem+json</code>. Decide by <code>code</code>; <code>errors</code> names each
field that failed; <code>instance</code> is the request's id, also in the header X-Request-Id and in the log.</p>
<ul class="fields">${Object.entries(ERRORS).map(
    ([code, { status, title }]) =>
      html`<li><span><code>${code}</code></span><span class="quiet">${status}: ${title}</span></li>`,
  )}</ul></section>`;
}
