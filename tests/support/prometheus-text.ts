/** Reads the text format of Prometheus (0.0.4), strictly: fails for whatever a scraper would refuse. */
import assert from 'node:assert/strict';

/** One line: a value with its labels. */
export interface Sample {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly value: number;
}

/** A metric with all its lines. */
export interface Family {
  readonly help: string;
  readonly type: string;
  readonly samples: readonly Sample[];
}

/** Values as Go reads numbers, for which the case of `NaN` makes no difference. */
const SAMPLE = /^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? ([Nn]a[Nn]|[+-]Inf|[+-]?[\d.]+(?:e[+-]?\d+)?)$/;
const LABEL = /([a-zA-Z_]\w*)="((?:[^"\\\n]|\\["\\n])*)"(,|$)/y;

/** The metrics by name. */
export function readPrometheusText(text: string): Map<string, Family> {
  assert.ok(text.endsWith('\n'), 'the last line has no end');
  const families = new Map<string, Family & { samples: Sample[] }>();
  let current = '';
  for (const line of text.split('\n').filter((each) => each !== '')) {
    const [, keyword, name = '', rest = ''] = /^# (HELP|TYPE) (\S+) (.*)$/.exec(line) ?? [];
    if (keyword === 'HELP') {
      assert.ok(!families.has(name), `${name} is there twice`);
      families.set(name, { help: rest, type: '', samples: [] });
      current = name;
    } else if (keyword === 'TYPE') {
      assert.match(rest, /^(?:counter|gauge|histogram|summary|untyped)$/);
      families.set(name, { ...families.get(name)!, type: rest });
    } else {
      const sample = readSample(line);
      assert.match(sample.name, new RegExp(`^${current}(?:_bucket|_sum|_count)?$`), `${line} after ${current}`);
      families.get(current)!.samples.push(sample);
    }
  }
  for (const [name, family] of families) requireWhole(name, family);
  return families;
}

/** The value with exactly these labels; undefined when there is none. */
export function sampleOf(
  families: Map<string, Family>,
  name: string,
  labels: Record<string, string> = {},
): number | undefined {
  const family = families.get(name) ?? families.get(name.replace(/_(?:bucket|sum|count)$/, ''));
  const wanted = JSON.stringify(Object.entries(labels).toSorted());
  return family?.samples.find(
    (sample) => sample.name === name && JSON.stringify(Object.entries(sample.labels).toSorted()) === wanted,
  )?.value;
}

function readSample(line: string): Sample {
  const [, name, labels = '', value] = SAMPLE.exec(line) ?? assert.fail(`no sample: ${line}`);
  return { name: name!, labels: readLabels(labels), value: Number(value!.replace('Inf', 'Infinity')) };
}

function readLabels(text: string): Record<string, string> {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name, value] = LABEL.exec(text) ?? assert.fail(`no labels: ${text}`);
    labels[name!] = value!.replace(/\\(["\\n])/g, (_, escaped) => (escaped === 'n' ? '\n' : escaped));
  }
  return labels;
}

/** Every metric has a type and a help; every histogram counts upwards and ends with all it has seen. */
function requireWhole(name: string, { help, type, samples }: Family): void {
  assert.ok(help !== '' && type !== '', `${name} has no help or no type`);
  const keys = samples.map((sample) => `${sample.name}${JSON.stringify(sample.labels)}`);
  assert.equal(new Set(keys).size, keys.length, `${name} has the same line twice`);
  if (type !== 'histogram') return;
  for (const { labels, value } of samples.filter((sample) => sample.name === `${name}_count`)) {
    const buckets = samples.filter(
      (sample) =>
        sample.name === `${name}_bucket` && Object.entries(labels).every(([label, is]) => sample.labels[label] === is),
    );
    const counts = buckets.map((bucket) => bucket.value);
    assert.deepEqual(
      counts,
      counts.toSorted((one, other) => one - other),
      `${name} does not count upwards`,
    );
    assert.equal(buckets.at(-1)?.labels.le, '+Inf');
    assert.equal(buckets.at(-1)?.value, value);
  }
}
