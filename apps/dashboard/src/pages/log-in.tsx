// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

import { ApiError } from '@mail-proxy/client';
import { useEffect, useState } from 'preact/hooks';
import { Mark } from '../layout/frame.tsx';
import { ThemeChoice } from '../layout/theme-choice.tsx';
import { farewell, logIn } from '../session/session.ts';
import { Button } from '../ui/button.tsx';
import { ErrorNote } from '../ui/error-note.tsx';
import { TextField } from '../ui/field.tsx';

/** Ask for a token, and who it belongs to. */
export function LogIn() {
  const [token, setToken] = useState('');
  const [error, setError] = useState<unknown>();
  const [isBusy, setBusy] = useState(false);
  useEffect(() => {
    document.title = 'Log in · mail-proxy';
  }, []);
  const submit = async (): Promise<void> => {
    setBusy(true);
    setError(undefined);
    try {
      await logIn(token.trim());
    } catch (failure) {
      const isWrong = failure instanceof ApiError && failure.status === 401;
      setError(isWrong ? new Error('The server does not know this token, or it has ended.') : failure);
      setBusy(false);
    }
  };
  return (
    <main class="log-in">
      <form
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <h1>
          <Mark />
          mail-proxy
        </h1>
        {farewell.value !== null && error === undefined && <p class="note">{farewell.value}</p>}
        {error !== undefined && <ErrorNote error={error} />}
        <TextField
          label="Token"
          type="password"
          value={token}
          onChange={setToken}
          isRequired
          hint="The operator's token, which mail-proxy token prints, or a tenant's API key. It stays in this tab until you log out or close it."
        />
        <Button type="submit" look="primary" isBusy={isBusy}>
          {isBusy ? 'Logging in' : 'Log in'}
        </Button>
        <div class="log-in-foot">
          <a href="./docs">API reference</a>
          <ThemeChoice />
        </div>
      </form>
    </main>
  );
}
