// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { useEffect } from 'preact/hooks';
import { Route, Router, Switch } from 'wouter-preact';
import { Frame } from './layout/frame.tsx';
import { VISIBLE_PAGES } from './layout/pages.ts';
import { LogIn } from './pages/log-in.tsx';
import { NotFound } from './pages/not-found.tsx';
import { searchNow, useHashLocation } from './routing/hash-location.ts';
import { resumeSession, session } from './session/session.ts';
import { Skeleton } from './ui/list.tsx';

/** Log in first; then the pages that the token opens. */
export function App() {
  useEffect(() => void resumeSession(), []);
  const current = session.value;
  if (current === undefined) return <Skeleton />;
  if (current === null) return <LogIn />;
  const pages = VISIBLE_PAGES.value.flatMap((page) => page.routes);
  // One begins with the first of them.
  const routes = [...pages, ...pages.slice(0, 1).map(([, Page]) => ['/', Page] as const)];
  return (
    <Router hook={useHashLocation} searchHook={searchNow}>
      <Frame>
        <Switch>
          {routes.map(([path, Page]) => (
            <Route key={path} path={path}>
              {(params: Readonly<Record<string, string>>) => <Page key={JSON.stringify(params)} params={params} />}
            </Route>
          ))}
          <Route>
            <NotFound />
          </Route>
        </Switch>
      </Frame>
    </Router>
  );
}
