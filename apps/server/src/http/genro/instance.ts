// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { MailProxyError } from '@mail-proxy/core';
import { instanceInput } from './bounce-input.ts';
import { bounceMailbox, bounceView, putBounceMailbox } from './bounce-mailbox.ts';
import { adminOnly, type Shown } from './call.ts';
import { commandLogRoutes } from './command-log.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { seconds } from './given-fields.ts';

export const instanceRoutes: GenroRoutes = {
  ...commandLogRoutes,
  'GET /status': async (call) => {
    const { sending } = await call.run('instance.status', {});
    return { ok: true, active: sending };
  },
  'GET /instance': async (call) => {
    const instance = await call.run('instance.get', {});
    return { ok: true, ...instanceView(instance), ...bounceView(await bounceMailbox(call)) };
  },
  'PUT /instance': async (call) => {
    adminOnly(call);
    await putBounceMailbox(call, await call.body(instanceInput));
    return { ok: true };
  },
  'POST /instance/reload-bounce': async (call) => {
    adminOnly(call);
    const mailbox = await bounceMailbox(call);
    if (mailbox?.enabled === true) await call.run('mailboxes.check', { mailbox_id: mailbox.pk });
    return { ok: true, enabled: mailbox?.enabled ?? false, message: 'Config reloaded' };
  },
  'POST /instance/upgrade-to-ee': async (call) => {
    const { edition } = await call.run('instance.get', {});
    if (edition === 'enterprise') return { ok: true, edition: 'ee', message: 'Already in Enterprise Edition' };
    const detail = 'Enterprise Edition is not installed: it comes with the package @mail-proxy/enterprise';
    throw new MailProxyError('malformed_request', { detail });
  },
};

function instanceView(instance: Shown) {
  return {
    id: 1,
    name: instance['name'],
    edition: instance['edition'] === 'enterprise' ? 'ee' : 'ce',
    created_at: seconds(instance['created_at']),
  };
}
