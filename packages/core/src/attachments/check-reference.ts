// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { rootsOf } from '../config/attachment-roots.ts';
import { isMailProxyError } from '../errors.ts';
import { type DestinationRules, parseDestination } from '../outgoing/destination.ts';
import type { FetchMode } from './fetch-mode.ts';
import { checkAbsolutePath } from './files/contained-path.ts';
import { parseNamedEndpoint } from './named-endpoint.ts';
import { parseStoragePlace } from './storage-place.ts';

/** Where an attachment says that it comes from. */
export interface ReferenceToCheck {
  readonly mode: FetchMode;
  /** Whether the client named the mode, rather than leaving it to be inferred. */
  readonly isExplicit: boolean;
  readonly path: string;
}

export interface ReferenceContext {
  readonly tenantId: string;
  /** Of the configuration. */
  readonly roots: readonly string[];
  /** Of the instance and the tenant. */
  readonly rules: DestinationRules;
  /** Whether the tenant has a `client_base_url`. */
  readonly hasEndpoint: boolean;
  readonly isStorage: (name: string) => boolean;
}

/**
 * Say why an attachment can never be fetched, as far as that can be said without asking anybody, or null. Bytes in the
 * message itself are not looked at.
 */
export function checkReference({ mode, isExplicit, path }: ReferenceToCheck, context: ReferenceContext): string | null {
  switch (mode) {
    case 'base64':
      return null;
    case 'http_url':
      return checkUrl(path, context.rules);
    case 'filesystem':
      return checkFile(path, context);
    case 'endpoint':
      return checkEndpoint(path, isExplicit, context);
    case 'storage':
      return checkStored(path, context.isStorage);
    default:
      return mode satisfies never;
  }
}

function checkUrl(url: string, rules: DestinationRules): string | null {
  try {
    parseDestination(url, rules);
    return null;
  } catch (error) {
    if (!isMailProxyError(error, 'address_not_allowed')) throw error;
    return `expected an http or https URL that may be asked: ${error.message}`;
  }
}

function checkFile(path: string, { roots, tenantId }: ReferenceContext): string | null {
  if (roots.length === 0) return 'expected another fetch_mode: attachments from the file system are not enabled';
  return checkAbsolutePath(path, rootsOf(roots, tenantId));
}

/** Who names another server has to say so: what a tenant's own endpoint is asked for may look alike. */
function checkEndpoint(path: string, isExplicit: boolean, { hasEndpoint, rules }: ReferenceContext): string | null {
  const named = parseNamedEndpoint(path);
  if (named === null) return hasEndpoint ? null : 'expected a tenant with a client_base_url, which is asked for it';
  return isExplicit ? checkUrl(named.url, rules) : 'expected fetch_mode endpoint beside a path that names a server';
}

function checkStored(path: string, isStorage: (name: string) => boolean): string | null {
  const place = parseStoragePlace(path);
  if ('problem' in place) return place.problem;
  return isStorage(place.name) ? null : "expected the name of one of the tenant's storages";
}
