// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: 2026 Mail Proxy authors

/** What a histogram is called, and where its buckets end. */
export interface HistogramSettings {
  readonly name: string;
  readonly help: string;
  /** Upper bounds, rising; what is above the last is counted without one. */
  readonly bounds: readonly number[];
  /** The one label, and every value that it has. @defaultValue none */
  readonly label?: { readonly name: string; readonly values: readonly string[] };
}

/** The observations of one value of the label. */
export class Buckets {
  readonly #bounds: readonly number[];
  /** One more than there are bounds. */
  readonly #counts: number[];
  #sum = 0;

  constructor(bounds: readonly number[]) {
    this.#bounds = bounds;
    this.#counts = new Array<number>(bounds.length + 1).fill(0);
  }

  observe(value: number): void {
    const bounds = this.#bounds;
    let index = 0;
    while (index < bounds.length && value > (bounds[index] ?? 0)) index += 1;
    this.#counts[index] = (this.#counts[index] ?? 0) + 1;
    this.#sum += value;
  }

  /** Lines of the exposition format; `label` is empty or ends with a comma. */
  lines(name: string, label: string): string {
    let text = '';
    let count = 0;
    for (const [index, each] of this.#counts.entries()) {
      count += each;
      text += `${name}_bucket{${label}le="${this.#bounds[index] ?? '+Inf'}"} ${count}\n`;
    }
    const only = label === '' ? '' : `{${label.slice(0, -1)}}`;
    return `${text}${name}_sum${only} ${this.#sum}\n${name}_count${only} ${count}\n`;
  }
}

/**
 * A histogram for what happens with every message: an observation is an addition to an array. That of prom-client makes a
 * key of the labels each time, which takes half a microsecond.
 */
export class Histogram {
  readonly settings: HistogramSettings;
  /** In the order of the label's values; one without a label. Kept by whoever observes. */
  readonly series: readonly Buckets[];

  constructor(settings: HistogramSettings) {
    this.settings = settings;
    this.series = (settings.label?.values ?? ['']).map(() => new Buckets(settings.bounds));
  }

  /** In the exposition format of Prometheus. */
  text(): string {
    const { name, help, label } = this.settings;
    let text = `# HELP ${name} ${help}\n# TYPE ${name} histogram\n`;
    for (const [index, buckets] of this.series.entries()) {
      text += buckets.lines(name, label === undefined ? '' : `${label.name}="${label.values[index]}",`);
    }
    return text;
  }
}
