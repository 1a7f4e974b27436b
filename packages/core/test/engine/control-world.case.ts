// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Recording, startScriptedPeer } from '@mail-proxy/testkit';
import { type EngineWorld, headerOf, type RelayScript, serveMail } from './engine-world.case.ts';

/** A relay that keeps everybody waiting at one step until it is opened, and notes what it is given in full. */
export interface GatedRelay extends AsyncDisposable {
  readonly port: number;
  /** Somebody waits. */
  readonly reached: Promise<void>;
  /** Let go on who waits, and all who come later. */
  open(): void;
  /** Subjects of what it has in full, in their order. */
  readonly subjects: readonly string[];
  waitFor: Recording<string>['waitFor'];
}

/** @param step where it keeps its clients: before the greeting, before the reply to MAIL, or to the final dot */
export async function startGatedRelay(
  step: 'greeting' | 'MAIL' | 'dot',
  script: Pick<RelayScript, 'onRcpt' | 'extensions'> = {},
): Promise<GatedRelay> {
  const reached = Promise.withResolvers<void>();
  const opened = Promise.withResolvers<void>();
  const subjects = new Recording<string>('message at the relay');
  const gate = async (here: typeof step): Promise<void> => {
    if (here !== step) return;
    reached.resolve();
    await opened.promise;
  };
  const peer = await startScriptedPeer((client) =>
    serveMail(client, {
      ...script,
      beforeGreeting: () => gate('greeting'),
      async onMail() {
        await gate('MAIL');
        return '250 ok';
      },
      async onMessage({ body }) {
        await gate('dot');
        subjects.add(headerOf(body, 'Subject') ?? '');
        return '250 queued';
      },
    }),
  );
  return {
    port: peer.port,
    reached: reached.promise,
    open: () => opened.resolve(),
    subjects: subjects.items,
    waitFor: subjects.waitFor.bind(subjects),
    async [Symbol.asyncDispose]() {
      opened.resolve();
      await peer[Symbol.asyncDispose]();
    },
  };
}

/** Run an operation on one message of the default tenant. */
export function control(
  { engine }: Pick<EngineWorld, 'engine'>,
  action: string,
  id: string,
  fields: Readonly<Record<string, unknown>> = {},
): Promise<unknown> {
  return engine.execute(`messages.${action}`, { message_id: id, tenant_id: 'default', ...fields });
}

/** In so many milliseconds, or so many before now, as it is given. */
export function inMs(ms: number): string {
  return new Date(Date.now() + ms).toISOString();
}
