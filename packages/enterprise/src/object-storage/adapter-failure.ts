// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { isMailProxyError, type MailProxyError } from '@mail-proxy/core';
import { StorageFailure, type StorageFailureCode } from './storage-failure.ts';

/** What the SDKs say of an answer: S3's error is named by its code, the others have a field for it. */
interface ProviderError {
  readonly name?: unknown;
  readonly code?: unknown;
  readonly statusCode?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: unknown };
  readonly details?: { readonly errorCode?: unknown };
}

const NO_BUCKET: ReadonlySet<string> = new Set(['NoSuchBucket', 'ContainerNotFound', 'ContainerBeingDeleted']);

/** Errors of the way to a server, by Node's code, and what the S3 client calls a server that does not answer. */
const TIMEOUTS: ReadonlySet<string> = new Set(['ETIMEDOUT', 'ESOCKETTIMEDOUT', 'TimeoutError', 'RequestTimeout']);

/**
 * Of an upload that did not come through: bytes that were damaged on the way, parts that were forgotten, and what S3 says to
 * the second question to complete one, where the answer to the first was lost.
 */
const CUT_SHORT: ReadonlySet<string> = new Set([
  'NoSuchUpload',
  'InvalidPart',
  'IncompleteBody',
  'BadDigest',
  'XAmzContentSHA256Mismatch',
]);

/** Credentials for a time that has passed. S3 answers with 400. */
const ENDED_CREDENTIALS: ReadonlySet<string> = new Set(['ExpiredToken', 'TokenRefreshRequired', 'InvalidToken']);

/** How the SDKs name credentials that cannot be used, none among them. */
const NO_CREDENTIALS: ReadonlySet<string> = new Set(['CredentialsProviderError', 'TokenProviderError']);

/** Whether there is no such object, in a bucket that is there as far as can be told. */
export function isMissingObject(error: unknown): boolean {
  const { code, status } = readError(error);
  return status === 404 && !NO_BUCKET.has(code);
}

/** What an adapter failed of, in our words and without any of the server's, which may quote a secret. */
export function toStorageFailure(error: unknown): unknown {
  if (error instanceof StorageFailure) return error;
  const refused = chainOf(error).find((each) => isMailProxyError(each));
  if (refused !== undefined) return addressFailure(refused);
  const { code, status } = readError(error);
  const [kind, words] = kindOf(code, status);
  return new StorageFailure(kind, status === null && code === '' ? words : `${words}: ${wordOf(code, status)}`, error);
}

function addressFailure(error: MailProxyError): StorageFailure {
  if (error.code === 'address_not_allowed') return new StorageFailure('misconfigured', error.message, error);
  return new StorageFailure(error.code === 'not_found' ? 'not_found' : 'unavailable', error.message, error);
}

function kindOf(code: string, status: number | null): readonly [StorageFailureCode, string] {
  if (NO_BUCKET.has(code)) return ['not_found', 'there is no such bucket or container'];
  if (TIMEOUTS.has(code) || status === 408) return ['timeout', 'the storage does not answer in time'];
  if (NO_CREDENTIALS.has(code)) return ['no_access', 'there are no credentials that can be used'];
  if (CUT_SHORT.has(code)) return ['unavailable', 'the upload was cut short'];
  if (ENDED_CREDENTIALS.has(code)) return ['no_access', 'the storage refuses access'];
  if (status === null) return ['unavailable', 'the storage cannot be reached'];
  if (status === 401 || status === 403) return ['no_access', 'the storage refuses access'];
  if (status === 404) return ['not_found', 'the storage has no such place'];
  // What is asked for, or how, is not what this server takes: so is a region or an endpoint of another bucket.
  if (status >= 300 && status < 500 && status !== 409 && status !== 429) {
    return ['misconfigured', 'the storage does not take the request'];
  }
  return ['unavailable', 'the storage failed'];
}

function wordOf(code: string, status: number | null): string {
  return code === '' ? `status ${status}` : code;
}

/** Of the error or what it was made of: the first code that is a word, and the first status. */
function readError(error: unknown): { readonly code: string; readonly status: number | null } {
  const chain = chainOf(error);
  return {
    code: chain.map(codeOf).find((code) => code !== null) ?? '',
    status: chain.map(statusOf).find((status) => status !== null) ?? null,
  };
}

function codeOf(error: object): string | null {
  const { details, code, name }: ProviderError = error;
  const words = [details?.errorCode, code, name].filter((word) => typeof word === 'string');
  return words.find((word) => /^[A-Za-z][A-Za-z0-9_]{1,63}$/.test(word) && !GENERIC.has(word)) ?? null;
}

function statusOf(error: object): number | null {
  const { $metadata, statusCode, code }: ProviderError = error;
  const found = [$metadata?.httpStatusCode, statusCode, code].find((each) => typeof each === 'number');
  return found ?? null;
}

/** Names that say nothing: those of classes, and what files-sdk makes of all errors. */
const GENERIC: ReadonlySet<string> = new Set([
  ...[
    'Error',
    'FilesError',
    'RestError',
    'ApiError',
    'GaxiosError',
    'AggregateError',
    'UnknownError',
    'Unknown',
    'S3ServiceException',
  ],
  ...['NotFound', 'Unauthorized', 'Conflict', 'Provider', 'REQUEST_SEND_ERROR'],
]);

/** The error and its causes. */
function chainOf(error: unknown): readonly object[] {
  const chain: object[] = [];
  let each = error;
  while (each instanceof Object && !chain.includes(each) && chain.length < 10) {
    chain.push(each);
    each = 'cause' in each ? each.cause : undefined;
  }
  return chain;
}
