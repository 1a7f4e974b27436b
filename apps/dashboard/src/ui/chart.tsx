// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors
import { effect } from '@preact/signals';
import { useEffect, useRef } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { theme } from '../session/theme.ts';

/** One line of a chart. */
export interface Line {
  readonly label: string;
  /** Name of a custom property of the styles. */
  readonly colour: `--${string}`;
  readonly values: readonly number[];
}

export interface ChartProps {
  /** What it shows, in words, for those who cannot see it. */
  readonly label: string;
  /** Seconds since the epoch, the oldest first. */
  readonly times: readonly number[];
  readonly lines: readonly Line[];
}

const HEIGHT = 220;

/** Values over time. It is drawn anew where the colours change, and is as wide as its place. */
export function Chart({ label, times, lines }: ChartProps) {
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | null>(null);
  const data = useRef<uPlot.AlignedData>([[]]);
  data.current = [[...times], ...lines.map(({ values }) => [...values])];

  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    const draw = (): void => {
      plot.current?.destroy();
      plot.current = new uPlot(optionsOf(lines, element.clientWidth), data.current, element);
      sayLast(plot);
    };
    const resized = new ResizeObserver(() => plot.current?.setSize({ width: element.clientWidth, height: HEIGHT }));
    resized.observe(element);
    const system = matchMedia('(prefers-color-scheme: dark)');
    system.addEventListener('change', draw);
    // Whenever another theme is chosen.
    const stop = effect(() => {
      theme.value;
      draw();
    });
    return () => {
      stop();
      system.removeEventListener('change', draw);
      resized.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);
  useEffect(() => {
    plot.current?.setData(data.current);
    sayLast(plot);
  });

  return <div class="chart" ref={place} role="img" aria-label={label} />;
}

const clock = new Intl.DateTimeFormat(undefined, { hour: '2-digit', minute: '2-digit' });
const clockOf = (seconds: number): string => clock.format(new Date(seconds * 1_000));

/** The legend says the last values, until a moment is pointed at. It is given them once what was drawn is done. */
function sayLast(plot: { readonly current: uPlot | null }): void {
  queueMicrotask(() => {
    const { current } = plot;
    if (current !== null && (current.cursor.left ?? -1) < 0) current.setLegend({ idx: current.data[0].length - 1 });
  });
}

function optionsOf(lines: readonly Line[], width: number): uPlot.Options {
  const axis = { stroke: colourOf('--quiet'), grid: { stroke: colourOf('--line'), width: 1 }, ticks: { show: false } };
  return {
    width,
    height: HEIGHT,
    legend: { live: true },
    cursor: { y: false, points: { show: false } },
    scales: { y: { range: (_plot, _min, max) => [0, Math.max(5, (max ?? 0) * 1.1)] } },
    axes: [
      { ...axis, values: (_plot, times) => times.map(clockOf) },
      { ...axis, size: 44 },
    ],
    series: [
      { label: 'Minute', value: (_plot, at: number | null) => (at === null ? '' : clockOf(at)) },
      ...lines.map(({ label, colour }) => ({
        label,
        stroke: colourOf(colour),
        width: 1.75,
        points: { show: false },
      })),
    ],
  };
}

/** As the theme has it now: what is drawn does not follow by itself. */
function colourOf(property: string): string {
  const probe = document.createElement('span');
  probe.style.color = `var(${property})`;
  document.body.append(probe);
  const { color } = getComputedStyle(probe);
  probe.remove();
  return color;
}
