// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useState } from 'preact/hooks';
import { useQuery } from '../../routing/use-query.ts';
import { may } from '../../session/session.ts';
import { chosenTenant } from '../../session/tenant.ts';
import { useSession } from '../../session/use-session.ts';
import { Button } from '../../ui/button.tsx';
import { Page } from '../../ui/page.tsx';
import { Section } from '../../ui/section.tsx';
import { say } from '../../ui/toasts.tsx';
import { CallsList } from './calls-list.tsx';
import { GivenUpList } from './given-up-list.tsx';
import { ReplayDialog } from './replay-dialog.tsx';
import { ReportingState } from './reporting-state.tsx';

/** How a tenant is told what became of its mail, and how it is told again. */
export function ReportsPage() {
  const { api, caller } = useSession();
  const [query] = useQuery();
  const tenantId = caller.tenant_id ?? (query['tenant'] || chosenTenant.value);
  const [isAsked, ask] = useState(false);
  const [round, setRound] = useState(0);
  if (tenantId === '') {
    return (
      <Page title="Reports">
        <div class="section empty">
          <p>Reports go to one tenant at a time. Choose one in the menu, or on the page of tenants.</p>
          <a href="#/tenants">Tenants</a>
        </div>
      </Page>
    );
  }
  const again = (): void => setRound((before) => before + 1);
  const sync = async (): Promise<void> => {
    await api.tenants.sync({ tenant_id: tenantId });
    say('The endpoint is called.');
    again();
  };
  const title = caller.kind === 'admin' ? `Reports to ${tenantId}` : 'Reports';
  return (
    <Page
      title={title}
      actions={
        <>
          <Button onClick={again}>Refresh</Button>
          {may('tenant:write') && <Button onClick={sync}>Call now</Button>}
          {may('events:write') && (
            <Button look="primary" onClick={() => ask(true)}>
              Replay
            </Button>
          )}
        </>
      }
    >
      <ReportingState key={`state ${round}`} tenantId={tenantId} />
      <Section title="Calls" note="The last 100, newest first" isFlush>
        <CallsList key={`calls ${round}`} tenantId={tenantId} />
      </Section>
      {may('events:read') && (
        <Section title="Given up" note="Events that were not taken in time; they can be replayed" isFlush>
          <GivenUpList key={`given up ${round}`} tenantId={tenantId} onReplayed={again} />
        </Section>
      )}
      {isAsked && <ReplayDialog tenantId={tenantId} onClose={() => ask(false)} onDone={again} />}
    </Page>
  );
}
