// SPDX-License-Identifier: BUSL-1.1
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { isIP, type LookupFunction } from 'node:net';
import type { ResolvedAddress } from '@mail-proxy/core';
import { createAdapterStore } from './adapter-store.ts';
import { limitedBody } from './limited-body.ts';
import type { ObjectStore } from './object-store.types.ts';

/** Seven days: what a signature of version 4 lasts at most. */
const MAX_PRESIGN_SECONDS = 604_800;

const CONNECT_MS = 10_000;
/** Without a byte either way. */
const SILENCE_MS = 60_000;
/** Idle connections are closed then. */
const IDLE_MS = 30_000;
/** Bytes of an answer that is no object: a few names and a message. */
const MAX_ANSWER_BYTES = 1_048_576;

export interface S3Settings {
  readonly bucket: string;
  readonly prefix: string;
  readonly region: string;
  /** Of the service, without the bucket. Undefined: as the SDK finds it. */
  readonly endpoint?: string | undefined;
  /** Whether the bucket stands in the path, not in the name of the host. */
  readonly pathStyle: boolean;
  /** Undefined: as the SDK finds them in the environment. */
  readonly credentials?: { readonly accessKeyId: string; readonly secretAccessKey: string } | undefined;
}

/** Where a host may be found, which somebody else named. */
export type AddressesOf = (host: string) => Promise<readonly ResolvedAddress[]>;

/** A store that holds connections. */
export interface OpenStore {
  readonly store: ObjectStore;
  /** Cut the connections that nobody uses. */
  close(): void;
}

/** @param addressesOf asked before anything is connected; undefined where hosts are the operator's own */
export async function openS3(settings: S3Settings, addressesOf?: AddressesOf): Promise<OpenStore> {
  const [{ s3 }, { NodeHttpHandler }] = await Promise.all([
    import('files-sdk/s3'),
    import('@smithy/node-http-handler'),
  ]);
  const { bucket, prefix, region, endpoint, pathStyle, credentials } = settings;
  const adapter = s3({
    ...{ bucket, region, forcePathStyle: pathStyle, conditional: false },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(credentials === undefined ? {} : { credentials }),
  });
  const { config, middlewareStack } = adapter.raw;
  // Many servers that speak S3 know none of the checksums that the SDK adds by itself.
  config.requestChecksumCalculation = async () => 'WHEN_REQUIRED';
  config.responseChecksumValidation = async () => 'WHEN_REQUIRED';
  const agents = agentsFor(addressesOf);
  config.requestHandler = new NodeHttpHandler({
    ...agents,
    connectionTimeout: CONNECT_MS,
    socketTimeout: SILENCE_MS,
  });
  if (addressesOf !== undefined) {
    middlewareStack.add(
      (next) => async (args) => {
        // An address is never looked up, so that no agent checks it.
        const { hostname = '' }: { readonly hostname?: string } = Object(args.request);
        const host = hostname.replace(/^\[(.*)\]$/, '$1');
        if (isIP(host) !== 0) await addressesOf(host);
        return await next(args);
      },
      { name: 'checkedAddress', step: 'build' },
    );
  }
  middlewareStack.add(
    (next, { commandName }) =>
      async (args) => {
        const result = await next(args);
        const response: { statusCode?: number; body?: unknown } = Object(result.response);
        const isObject = commandName === 'GetObjectCommand' && (response.statusCode ?? 0) < 300;
        if (!isObject) response.body = limitedBody(response.body, MAX_ANSWER_BYTES);
        return result;
      },
    // Behind what reads the answer.
    { name: 'limitedAnswer', step: 'deserialize', priority: 'low' },
  );
  return {
    store: createAdapterStore(adapter, { prefix, maxPresignSeconds: MAX_PRESIGN_SECONDS }),
    close: () => closeIdle(agents),
  };
}

interface Agents {
  readonly httpAgent: HttpAgent;
  readonly httpsAgent: HttpsAgent;
}

function closeIdle({ httpAgent, httpsAgent }: Agents): void {
  for (const { freeSockets } of [httpAgent, httpsAgent]) {
    for (const socket of Object.values(freeSockets).flat()) socket?.destroy();
  }
}

function agentsFor(addressesOf: AddressesOf | undefined): Agents {
  const options = {
    keepAlive: true,
    timeout: IDLE_MS,
    // As many as are asked for, which is bounded elsewhere: downloads that people leave standing hold up no mail.
    ...(addressesOf === undefined ? {} : { lookup: lookupBy(addressesOf) }),
  };
  return { httpAgent: new HttpAgent(options), httpsAgent: new HttpsAgent(options) };
}

/** What was checked is what is connected to. */
function lookupBy(addressesOf: AddressesOf): LookupFunction {
  return (host, { all }, callback) => {
    addressesOf(host).then(
      (found) => {
        const [first] = found;
        if (all || first === undefined) callback(null, [...found]);
        else callback(null, first.address, first.family);
      },
      (error: NodeJS.ErrnoException) => callback(error, []),
    );
  };
}
