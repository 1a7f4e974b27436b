// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Writes the generated part of the client from an OpenAPI document: its types, the table of its operations, and the
// interface that has a method for each.
import openapiTS, { astToString } from 'openapi-typescript';

const HEAD = `// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
// Generated from docs/reference/openapi.enterprise.json: change the operations, then run the script generate.
`;

/** Of what openapi-typescript writes; the table says which operation is where. */
const USED = ['components', 'operations'];

const LINES = 'application/x-ndjson';
const MAIL = 'message/rfc822';

/** @returns the types of every input and answer, as openapi-typescript writes them */
export async function typesSource(document) {
  const tree = await openapiTS(structuredClone(document), { defaultNonNullable: false, immutable: true, silent: true });
  const used = tree.filter(({ name }) => USED.includes(name?.text));
  return HEAD + astToString(used);
}

/** @returns where each operation is reached, for the run time */
export function operationsSource(document) {
  const rows = operationsOf(document).map(({ name, method, path, operation }) => {
    const route = {
      method: method.toUpperCase(),
      path,
      ...(answerOf(operation) === 'json' ? {} : { answer: answerOf(operation) }),
      ...(takesTenant(operation) ? { takesTenant: true } : {}),
      ...(takesMail(operation) ? { takesMail: true } : {}),
    };
    return `  '${name}': ${JSON.stringify(route)},`;
  });
  return `${HEAD}import type { Route } from '../route.ts';

/** Every operation, with the enterprise edition's. */
export const OPERATIONS = {
${rows.join('\n')}
} as const satisfies Readonly<Record<string, Route>>;
`;
}

/** @returns the interface \`Client\`, with the summary of each operation as its documentation */
export function clientSource(document) {
  const resources = Map.groupBy(operationsOf(document), ({ name }) => name.split('.')[0]);
  const interfaces = [...resources].map(([resource, operations]) => {
    const methods = operations.flatMap(({ name, operation }) => methodsOf(name, operation));
    return `export interface ${pascal(resource)} {\n${methods.join('\n')}\n}\n`;
  });
  const members = [...resources.keys()].map((resource) => `  readonly ${camel(resource)}: ${pascal(resource)};`);
  const used = ['LinesMethod', 'MailMethod', 'Method'].filter((type) => interfaces.join('').includes(`: ${type}<`));
  return `${HEAD}import type { ${used.join(', ')} } from '../methods.ts';

/** A method for each operation, by resource. */
export interface Resources {
${members.join('\n')}
}

${interfaces.join('\n')}`;
}

function methodsOf(name, operation) {
  const verb = camel(name.slice(name.indexOf('.') + 1));
  const type = answerOf(operation) === 'lines' ? 'LinesMethod' : 'Method';
  const needs = operation['x-scope'] === undefined ? '' : ` A key needs the scope ${operation['x-scope']}.`;
  const method = `  /** ${operation.summary}.${needs} */\n  readonly ${verb}: ${type}<'${name}'>;`;
  if (!takesMail(operation)) return [method];
  const ofMail = `  /** As {@link ${pascal(name.split('.')[0])}.${verb}}, of a complete mail. */`;
  return [method, `${ofMail}\n  readonly ${verb}FromMail: MailMethod<'${name}'>;`];
}

function operationsOf(document) {
  return Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ name: operation.operationId, method, path, operation })),
  );
}

function answerOf({ responses }) {
  const types = Object.entries(responses).flatMap(([status, { content = {} }]) =>
    status === 'default' ? [] : Object.keys(content),
  );
  if (types.length === 0) return 'nothing';
  if (types.includes(LINES)) return 'lines';
  return types.includes('application/json') ? 'json' : 'bytes';
}

/** Whether it may say which tenant; in a path it is what is meant, and has to be said. */
function takesTenant({ parameters, requestBody }) {
  const fields = requestBody?.content['application/json']?.schema.properties ?? {};
  return (
    'tenant_id' in fields || parameters.some((parameter) => parameter.name === 'tenant_id' && parameter.in !== 'path')
  );
}

function takesMail({ requestBody }) {
  return requestBody?.content[MAIL] !== undefined;
}

function camel(words) {
  return words.replaceAll(/-(\w)/g, (_, letter) => letter.toUpperCase());
}

function pascal(words) {
  return camel(`-${words}`);
}
