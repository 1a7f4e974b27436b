// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { formatBytes, formatCount } from '../../format/numbers.ts';
import type { PageProps } from '../../layout/page-props.ts';
import { navigate } from '../../routing/hash-location.ts';
import { chooseTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Badge } from '../../ui/badge.tsx';
import { Button } from '../../ui/button.tsx';
import { Dialog } from '../../ui/dialog.tsx';
import { ErrorNote } from '../../ui/error-note.tsx';
import { Facts } from '../../ui/facts.tsx';
import { Skeleton } from '../../ui/list.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { Time } from '../../ui/time.tsx';
import { say } from '../../ui/toasts.tsx';
import { useLoad } from '../../ui/use-load.ts';

/** One tenant: whether its mail is sent, how much waits, how its reports go. */
export function TenantPage({ params }: PageProps) {
  const { api } = useSession();
  const tenant_id = decodeURIComponent(params['id'] ?? '');
  const [isAsked, ask] = useState(false);
  const { value, error, reload } = useLoad(`tenant ${tenant_id}`, async (signal) => {
    const [tenant, usage, reporting] = await Promise.all([
      api.tenants.get({ tenant_id }, { signal }),
      api.tenants.usage({ tenant_id }, { signal }),
      api.tenants.reporting({ tenant_id }, { signal }),
    ]);
    return { tenant, usage, reporting };
  });
  const lookAt = (): void => {
    chooseTenant(tenant_id);
    navigate('/');
  };
  const activate = async (): Promise<void> => {
    await api.tenants.activate({ tenant_id });
    say('Its mail is sent again.');
    reload();
  };
  const suspend = async (): Promise<void> => {
    await api.tenants.suspend({ tenant_id });
    say('Its mail waits.');
    reload();
  };
  return (
    <Page
      title={tenant_id}
      back={{ href: '/tenants', label: 'Tenants' }}
      actions={
        value !== undefined && (
          <>
            <Button onClick={lookAt}>Show its things only</Button>
            {value.tenant.suspended ? (
              <Button look="primary" onClick={activate}>
                Activate
              </Button>
            ) : (
              <Button look="danger" onClick={() => ask(true)}>
                Suspend
              </Button>
            )}
          </>
        )
      }
    >
      {error !== undefined && <ErrorNote error={error} retry={reload} />}
      {value === undefined && error === undefined && <Skeleton rows={6} />}
      {value !== undefined && (
        <div class="halves">
          <Section title="About">
            <Facts
              of={[
                ['Name', value.tenant.name],
                [
                  'State',
                  value.tenant.suspended ? <Badge tone="wait">suspended</Badge> : <Badge tone="good">active</Badge>,
                ],
                ['Since', value.tenant.suspended_at === null ? null : <Time at={value.tenant.suspended_at} />],
                ['Waiting', `${formatCount(value.usage.pending)}${outOf(value.usage.max_pending, formatCount)}`],
                ['Bytes', `${formatBytes(value.usage.bytes)}${outOf(value.usage.max_bytes, formatBytes)}`],
                ['Weight', value.tenant.weight],
                ['In doubt', value.tenant.on_in_doubt],
                ['Added', <Time at={value.tenant.created_at} />],
              ]}
            />
          </Section>
          <Section title="Reports" actions={<a href={`#/reports?tenant=${encodeURIComponent(tenant_id)}`}>Log</a>}>
            <Facts
              of={[
                ['Endpoint', value.tenant.client_base_url ?? 'none'],
                ['Waiting', formatCount(value.reporting.waiting)],
                ['Failures', formatCount(value.reporting.failures)],
                ['Last error', value.reporting.last_error],
              ]}
            />
          </Section>
        </div>
      )}
      {isAsked && (
        <Dialog
          title={`Suspend ${tenant_id}`}
          confirm="Suspend"
          look="danger"
          onConfirm={suspend}
          onClose={() => ask(false)}
        >
          <p>Nothing of this tenant is sent until it is activated. Its mail is accepted and waits.</p>
        </Dialog>
      )}
    </Page>
  );
}

function outOf(most: number | null, format: (value: number) => string): string {
  return most === null ? '' : ` of ${format(most)}`;
}
