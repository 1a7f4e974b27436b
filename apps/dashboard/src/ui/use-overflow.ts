// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import type { RefObject } from 'preact';
import { useEffect, useRef, useState } from 'preact/hooks';

/** An element with one child, and whether that child is wider than it at the moment. */
export function useOverflow<Place extends HTMLElement>(): readonly [RefObject<Place | null>, boolean] {
  const place = useRef<Place>(null);
  const [isWider, setWider] = useState(false);
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const resized = new ResizeObserver(() => setWider(element.scrollWidth > element.clientWidth));
    resized.observe(element);
    if (element.firstElementChild !== null) resized.observe(element.firstElementChild);
    return () => resized.disconnect();
  }, []);
  return [place, isWider];
}
