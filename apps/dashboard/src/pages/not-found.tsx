// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { Page } from '../ui/page.tsx';

export function NotFound() {
  return (
    <Page title="Nothing here">
      <p>This page does not exist, or your token does not open it. The menu shows those that there are.</p>
    </Page>
  );
}
