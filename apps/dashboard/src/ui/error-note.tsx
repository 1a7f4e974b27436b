// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { ApiError } from '@mail-proxy/client';
import { messageOf } from '../format/error-words.ts';
import { Button } from './button.tsx';

/** Say in words what went wrong, and offer to try it again. */
export function ErrorNote({ error, retry }: { readonly error: unknown; readonly retry?: () => void }) {
  const problems = error instanceof ApiError ? error.problems : [];
  return (
    <div class="note note-error" role="alert">
      <div>
        <p>{messageOf(error)}</p>
        {problems.length > 0 && (
          <ul>
            {problems.map(({ pointer, message }) => (
              <li key={pointer + message}>
                {pointer === '' ? '' : `${pointer.replace(/^\//, '')}: `}
                {message}
              </li>
            ))}
          </ul>
        )}
      </div>
      {retry !== undefined && <Button onClick={retry}>Try again</Button>}
    </div>
  );
}
