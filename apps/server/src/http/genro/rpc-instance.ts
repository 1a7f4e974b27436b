// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { fields, isMailProxyError, MailProxyError } from '@mail-proxy/core';
import * as v from 'valibot';
import { instanceInput } from './bounce-input.ts';
import { bounceMailbox, bounceView, putBounceMailbox } from './bounce-mailbox.ts';
import { adminOnly, type GenroCall, ofTenant, orNull, type Shown } from './call.ts';
import { commandLogPage, commandView } from './command-log.ts';
import { activate, suspend } from './commands.ts';
import type { GenroRoutes } from './genro-routes.types.ts';
import { maybe, seconds, someText, text, timestamp } from './given-fields.ts';
import { instanceRoutes } from './instance.ts';
import { syncStatuses } from './tenants.ts';

/** The fields of `PUT /instance` without what they begin with. */
const bounceConfig = v.object({
  enabled: instanceInput.entries.bounce_enabled,
  imap_host: instanceInput.entries.bounce_imap_host,
  imap_port: instanceInput.entries.bounce_imap_port,
  imap_user: instanceInput.entries.bounce_imap_user,
  imap_password: instanceInput.entries.bounce_imap_password,
  imap_folder: instanceInput.entries.bounce_imap_folder,
  imap_ssl: instanceInput.entries.bounce_imap_ssl,
  poll_interval: instanceInput.entries.bounce_poll_interval,
});
const PREFIX = 'bounce_';

const batch = v.object({ tenant_id: someText, batch_code: maybe(text) });

/** By 0.6's calls, which are the same under other names. */
function asIn(route: keyof typeof instanceRoutes & string) {
  return (call: GenroCall): Promise<unknown> => (instanceRoutes[route] ?? notThere)(call);
}

async function notThere(): Promise<never> {
  throw new MailProxyError('not_found');
}

export const rpcInstanceRoutes: GenroRoutes = {
  'GET /instance/health': async () => ({ status: 'ok' }),
  'GET /instance/status': asIn('GET /status'),
  'GET /instance/get': asIn('GET /instance'),
  // Neither name, token nor edition is a setting of the database.
  'POST /instance/update': async (call) => {
    await call.run('instance.get', {});
    return { ok: true };
  },
  'POST /instance/run_now': async (call) => {
    const { tenant_id } = await call.body(v.object({ tenant_id: maybe(text) }));
    await call.run('instance.run-now', { tenant_id: tenant_id === undefined ? undefined : ofTenant(call, tenant_id) });
    return { ok: true };
  },
  'POST /instance/suspend': async (call) => {
    const { tenant_id, batch_code } = await call.body(batch);
    return suspend(call, ofTenant(call, tenant_id), batch_code || undefined);
  },
  'POST /instance/activate': async (call) => {
    const { tenant_id, batch_code } = await call.body(batch);
    return activate(call, ofTenant(call, tenant_id), batch_code || undefined);
  },
  'GET /instance/get_sync_status': (call) => syncStatuses(call),
  'POST /instance/upgrade_to_ee': asIn('POST /instance/upgrade-to-ee'),
  'POST /instance/reload_bounce': asIn('POST /instance/reload-bounce'),
  'GET /instance/get_bounce_config': async (call) => {
    adminOnly(call);
    return { ok: true, ...bare(bounceView(await bounceMailbox(call))), return_path: null };
  },
  'POST /instance/set_bounce_config': async (call) => {
    adminOnly(call);
    await putBounceMailbox(call, prefixed(await call.body(bounceConfig)));
    return { ok: true, message: 'Bounce configuration updated' };
  },
  'GET /command_log/list': async (call) => (await commandLogPage(call)).map(commandView),
  'GET /command_log/export': async (call) => {
    // Of the same lines without what was answered.
    const { commands } = (await asIn('GET /command-log/export')(call)) as { readonly commands: unknown };
    return commands;
  },
  'POST /command_log/purge': async (call) => {
    const { threshold_ts } = await call.body(v.object({ threshold_ts: timestamp }));
    return { ok: true, ...(await call.run('command-log.purge', { before: threshold_ts })) };
  },
  'POST /storages/add': async (call) => {
    const { tenant_id, ...storage } = await call.body(
      v.object({
        ...{ tenant_id: someText, name: someText, protocol: someText },
        config: maybe(fields.objectOf(v.unknown())),
      }),
    );
    const named = { tenant_id: ofTenant(call, tenant_id), storage_id: storage.name };
    const create = () => call.run('storages.create', { tenant_id, ...storage });
    try {
      return storageRow(await create());
    } catch (error) {
      // There is no change of one: what it opens with is never read back. What cannot be one does not get here.
      if (!isMailProxyError(error, 'duplicate_id')) throw error;
      await orNull(call.run('storages.delete', named));
      return storageRow(await create());
    }
  },
  'GET /storages/get': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    return storageRow(await call.run('storages.get', { tenant_id, storage_id: call.required('name') }));
  },
  'GET /storages/list': async (call) => {
    const tenant_id = ofTenant(call, call.required('tenant_id'));
    const { items } = await call.run<{ items: readonly Shown[] }>('storages.list', { tenant_id, limit: 1_000 });
    return items.map(storageRow);
  },
  'POST /storages/delete': async (call) => {
    const { tenant_id, name } = await call.body(v.object({ tenant_id: someText, name: someText }));
    await call.run('storages.delete', { tenant_id: ofTenant(call, tenant_id), storage_id: name });
    return { ok: true, tenant_id, name };
  },
};

function bare(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name.slice(PREFIX.length), value]));
}

function prefixed(fields: object): object {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [PREFIX + name, value]));
}

/** Without what it is opened with. */
function storageRow({ pk, tenant_id, name, protocol, created_at, updated_at }: Shown): object {
  return { pk, tenant_id, name, protocol, created_at: seconds(created_at), updated_at: seconds(updated_at) };
}
