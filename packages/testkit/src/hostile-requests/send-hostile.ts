// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { HostileRequest } from './hostile-requests.ts';

/** What came of a request, and what is wrong with it: null is nothing. */
export interface HostileAnswer {
  readonly status: number;
  readonly fault: string | null;
}

/** Milliseconds after which nobody answers any more. */
const TIMEOUT_MS = 60_000;

/** Send a request: its answer must be whole, of the form that it says it has, and not a failure of the server. */
export async function sendHostile(url: string, request: HostileRequest): Promise<HostileAnswer> {
  const { method, path, headers, body } = request;
  let status = 0;
  try {
    const response = await fetch(url + path, {
      method,
      headers,
      redirect: 'manual',
      signal: AbortSignal.timeout(TIMEOUT_MS),
      ...(body === null ? {} : { body }),
    });
    ({ status } = response);
    const type = response.headers.get('content-type') ?? '';
    return { status, fault: faultOf(status, type, await response.text()) };
  } catch (error) {
    const { cause } = error as { readonly cause?: unknown };
    return { status, fault: `no answer: ${String(error)} ${String(cause ?? '')}` };
  }
}

function faultOf(status: number, type: string, text: string): string | null {
  if (status >= 500) return `answered ${status}: ${text.slice(0, 500)}`;
  // What Node itself refuses, before there is a request.
  if (status === 431 || (status === 400 && type === '')) return null;
  if (!/[/+]json$/.test(type)) return status < 400 ? null : `answered ${status} as ${type}`;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return `answered ${status} with no JSON: ${text.slice(0, 200)}`;
  }
  if (status < 400) return null;
  const { code, detail } = Object(value) as { readonly code?: unknown; readonly detail?: unknown };
  return typeof code === 'string' && typeof detail === 'string' ? null : `answered ${status} without a code`;
}

/** A line to try it again by. */
export function describeHostile({ operation, method, path, headers, body }: HostileRequest): string {
  const { authorization: _, ...shown } = headers;
  const text = body === null ? '' : Buffer.from(body).toString('latin1').slice(0, 600);
  return `${operation}: ${method} ${path.slice(0, 600)} ${JSON.stringify(shown).slice(0, 300)} ${JSON.stringify(text)}`;
}
