// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { type Client, createClient } from '@mail-proxy/client';

export interface ApiOptions {
  readonly token: string;
  /** Told when the server does not know the token any more. */
  readonly onRefused: () => void;
}

/** The API of the server that this page came from, below the same path. */
export function createApi({ token, onRefused }: ApiOptions): Client {
  return createClient({
    url: new URL('.', document.baseURI).href,
    token,
    fetch: async (url, init) => {
      const answer = await fetch(url, init);
      if (answer.status === 401) onRefused();
      return answer;
    },
  });
}
