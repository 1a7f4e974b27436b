// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { givenUp } from '../opening-errors.ts';
import type { OpenSession } from '../pool-lane.ts';
import type { RelayVerification } from '../verify-relay.ts';
import type { SandboxRelay } from './sandbox.types.ts';
import { SandboxSession } from './sandbox-session.ts';

/** Open sandboxes here, and relays as `open` does. */
export function orSandbox(open: OpenSession): OpenSession {
  return async (relay, options) => {
    const { sandbox } = relay;
    if (sandbox === undefined) return open(relay, options);
    if (options.signal?.aborted === true) throw givenUp();
    return new SandboxSession({ ...relay, sandbox }, options);
  };
}

/** What trying out a sandbox tells: there is nothing that could fail. */
export function verifySandbox({ maxBytes }: SandboxRelay): RelayVerification {
  return {
    ok: true,
    capabilities: {
      tls: null,
      certificate: null,
      size: maxBytes,
      pipelining: false,
      eightBitMime: true,
      smtpUtf8: true,
      authMechanisms: [],
    },
    durationMs: 0,
    transcript: ['* a sandbox: nothing leaves this machine'],
  };
}
