// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { InferOutput } from 'valibot';
import { isMailProxyError, MailProxyError } from '../errors.ts';
import { authorise } from './authorise.ts';
import type { AnyOperation, Idempotency, Operation, Rights } from './operation.ts';
import { isTestKey, type Principal, type Reach, reachOf, reachOfAll, reachOfSandboxes } from './principal.ts';
import { redact } from './redact.ts';
import { invalidInput, validate } from './validate.ts';

/** One line of the command log, before it has a key and a time. */
export interface AuditEntry {
  readonly operation: string;
  readonly tenantId: string | null;
  readonly principal: string;
  /** Where the call came from: an address, `cli`, `embedded`. */
  readonly origin: string;
  /** Id of the request; null where it came otherwise. */
  readonly requestId: string | null;
  /** JSON of the redacted input. */
  readonly input: string;
  /** `ok`, or the code of the error. */
  readonly outcome: string;
}

/** Who calls, and from where. */
export interface Caller {
  readonly principal: Principal;
  readonly origin: string;
  /** Aborts when nobody waits for the answer any more. @defaultValue never */
  readonly signal?: AbortSignal;
  /** For operations that may be repeated; others take no notice of it. */
  readonly idempotency?: Idempotency;
  /** As it stands in the answer and in the log. @defaultValue none */
  readonly requestId?: string;
  /** The trace that the call belongs to, as the header of W3C says it. @defaultValue none */
  readonly traceparent?: string | undefined;
}

/** A caller who was not let in, and why. */
export interface Refusal extends Pick<AuditEntry, 'operation' | 'tenantId' | 'principal' | 'origin' | 'outcome'> {
  readonly reason: string;
}

/** What an execution needs besides the operation and its input. */
export interface Execution<Services> {
  readonly services: Services;
  readonly caller: Caller;
  /** Stores one row of the command log; awaited before the caller has its answer. */
  readonly audit: (entry: AuditEntry) => Promise<void>;
  /** Is told of callers with a token who may not do that. @defaultValue nobody is */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/**
 * Let in who may call the operation, before anything is read of what they send.
 *
 * @throws {MailProxyError} `unauthenticated`, `forbidden`
 */
export function letIn(
  operation: Rights & Pick<AnyOperation, 'name' | 'forTestKeys'>,
  { principal, origin }: Caller,
  onRefused: (refusal: Refusal) => void = () => undefined,
): void {
  try {
    authorise(operation, principal);
  } catch (error) {
    if (isMailProxyError(error) && principal.kind !== 'anonymous') {
      const tenantId = principal.kind === 'tenant' ? principal.tenantId : null;
      const { code: outcome, message: reason } = error;
      onRefused({ operation: operation.name, tenantId, principal: principal.name, origin, outcome, reason });
    }
    throw error;
  }
}

/**
 * The only way to run an operation: validate, authorise, run, write the audit row.
 *
 * @throws {MailProxyError} `unauthenticated`, `forbidden`, `not_found`, `invalid_input`, and what the operation throws
 */
export async function execute<Services, Op extends Operation<Services>>(
  operation: Op,
  input: unknown,
  { services, caller, audit, onRefused }: Execution<Services>,
): Promise<InferOutput<Op['output']>> {
  letIn(operation, caller, onRefused);
  refuseEnterpriseFields(operation, input);
  const parsed = validate(operation.input, input);
  const idempotency = idempotencyOf(operation, caller);
  const reach = reachFor(caller.principal, tenantIdOf(parsed));
  const record = (outcome: string): Promise<void> =>
    operation.audit
      ? audit({
          operation: operation.name,
          tenantId: reach.tenantId,
          principal: caller.principal.name,
          origin: caller.origin,
          requestId: caller.requestId ?? null,
          input: JSON.stringify(redact(operation.input, input)),
          outcome,
        })
      : Promise.resolve();
  let output: InferOutput<Op['output']>;
  try {
    output = await operation.run(services, parsed, {
      principal: caller.principal,
      reach,
      signal: caller.signal,
      idempotency,
      traceparent: caller.traceparent,
    });
  } catch (error) {
    await record(isMailProxyError(error) ? error.code : 'internal');
    throw error;
  }
  try {
    await record('ok');
  } catch (error) {
    await leaveUnread(output);
    throw error;
  }
  return output;
}

/** Let go of what nobody is going to read. */
async function leaveUnread(output: unknown): Promise<void> {
  if (typeof output !== 'object' || output === null || !(Symbol.asyncIterator in output)) return;
  // What has that symbol is iterable: it comes from our own operations.
  await (output as AsyncIterable<unknown>)[Symbol.asyncIterator]().return?.();
}

/** @throws {MailProxyError} `enterprise_required` */
function refuseEnterpriseFields(
  { enterpriseFields = [] }: Pick<AnyOperation, 'enterpriseFields'>,
  input: unknown,
): void {
  if (typeof input !== 'object' || input === null) return;
  const given = enterpriseFields.find((name) => name in input);
  if (given === undefined) return;
  const problems = [{ pointer: `/${given}`, message: 'expected the enterprise edition, which has it' }];
  throw new MailProxyError('enterprise_required', { detail: `${given}: this needs the enterprise edition`, problems });
}

/** @throws {MailProxyError} `invalid_input` where the key is none */
function idempotencyOf({ http }: Pick<AnyOperation, 'http'>, { idempotency }: Caller): Idempotency | null {
  if (idempotency === undefined || http.isRepeatable !== true) return null;
  if (/^[\x21-\x7e]{1,255}$/.test(idempotency.key)) return idempotency;
  throw invalidInput([{ pointer: 'Idempotency-Key', message: 'expected 1 to 255 visible characters of ASCII' }]);
}

/** A tenant that names another one gets the answer for a tenant that does not exist. */
function reachFor(principal: Principal, tenantId: string | undefined): Reach {
  if (principal.kind === 'tenant') {
    if (tenantId !== undefined && tenantId !== principal.tenantId) throw new MailProxyError('not_found');
    return isTestKey(principal) ? reachOfSandboxes(principal.tenantId) : reachOf(principal.tenantId);
  }
  return tenantId === undefined ? reachOfAll() : reachOf(tenantId);
}

function tenantIdOf(input: unknown): string | undefined {
  if (typeof input !== 'object' || input === null || !('tenant_id' in input)) return undefined;
  return typeof input.tenant_id === 'string' ? input.tenant_id : undefined;
}
