// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { PathOperation } from '../openapi/document.types.ts';

export interface Endpoint {
  readonly method: string;
  readonly path: string;
  readonly operation: PathOperation;
}

/** A call that can be pasted into a shell, with the example's values or the names of the fields in their place. */
export function curlSample({ method, path, operation }: Endpoint): string {
  const lines = [`curl ${method === 'GET' ? '' : `-X ${method} `}"$URL${fill(path, operation)}"`];
  if (operation['x-access'] !== 'public') lines.push('-H "Authorization: Bearer $TOKEN"');
  const body = operation.requestBody?.content['application/json'];
  if (body?.example !== undefined) {
    lines.push("-H 'Content-Type: application/json'", `--data '${quote(JSON.stringify(body.example, null, 2))}'`);
  }
  return lines.join(' \\\n  ');
}

function fill(path: string, { parameters }: PathOperation): string {
  const filled = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const example = parameters.find((parameter) => parameter.name === name)?.example;
    return example === undefined ? name.toUpperCase() : encodeURIComponent(String(example));
  });
  const query = parameters.filter((parameter) => parameter.in === 'query' && parameter.example !== undefined);
  if (query.length === 0) return filled;
  const fields = Object.fromEntries(query.map(({ name, example }) => [name, String(example)]));
  return `${filled}?${new URLSearchParams(fields)}`;
}

/** The same with a file beside the message; null where no files are taken. */
export function formSample({ method, path, operation }: Endpoint): string | null {
  const content = operation.requestBody?.content ?? {};
  if (content['multipart/form-data'] === undefined) return null;
  // -F reads a semicolon in a value as its end.
  const message = quote(JSON.stringify(content['application/json']?.example ?? {}, null, 2));
  return [
    `curl -X ${method} "$URL${fill(path, operation)}"`,
    '-H "Authorization: Bearer $TOKEN"',
    `--form-string 'message=${message}'`,
    '-F file=@invoice.pdf',
  ].join(' \\\n  ');
}

/** The same with a complete message; null where none is taken. */
export function mailSample({ method, path, operation }: Endpoint): string | null {
  if (operation.requestBody?.content['message/rfc822'] === undefined) return null;
  return [
    `curl -X ${method} "$URL${fill(path, operation)}"`,
    '-H "Authorization: Bearer $TOKEN"',
    "-H 'Content-Type: message/rfc822'",
    '--data-binary @mail.eml',
  ].join(' \\\n  ');
}

/** Inside single quotes only a single quote ends the text. */
function quote(text: string): string {
  return text.replaceAll("'", "'\\''");
}
