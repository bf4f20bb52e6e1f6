/**
 * `npm run bench:micro`: what each step of the way of a request costs by itself, in µs, so that a change can be aimed.
 * Options: `-- --only TEXT` measures steps whose names hold it, `--json FILE` writes all figures, `--folder DIR` says
 * where the database is. Leaves out sockets, the kernel, and what steps cost each other (caches, garbage): bench:overhead
 * has the whole.
 */
import { writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { measureStep, type StepCost } from './measure.js';
import { openScene, type Scene } from './scene.js';
import { GROUPS } from './steps/index.js';

/** Which steps are measured. */
type Chooser = (name: string) => boolean;

async function main(): Promise<void> {
  const options = { only: { type: 'string' }, json: { type: 'string' }, folder: { type: 'string' } } as const;
  const { only, json, folder } = parseArgs({ options }).values;
  const scene = await openScene(folder);
  try {
    const costs = await measureGroups(scene, (name) => only === undefined || name.includes(only));
    if (json !== undefined) await writeFile(json, `${JSON.stringify({ ...describeRun(), costs }, null, 2)}\n`);
  } finally {
    await scene.close();
  }
}

async function measureGroups(scene: Scene, isChosen: Chooser): Promise<StepCost[]> {
  process.stdout.write(`${JSON.stringify(describeRun())}\n`);
  const costs: StepCost[] = [];
  for (const [title, open] of Object.entries(GROUPS)) {
    const steps = (await open(scene)).filter(({ name }) => isChosen(`${title}: ${name}`));
    if (steps.length > 0) process.stdout.write(`\n${title}\n`);
    for (const step of steps) {
      const cost = await measureStep(step);
      costs.push({ ...cost, name: `${title}: ${step.name}` });
      process.stdout.write(`${render(cost)}\n`);
    }
  }
  return costs;
}

function render({ name, medianUs, quartilesUs: [low, high], busyUs }: StepCost): string {
  const spread = `${format(low)} to ${format(high)}`;
  const busy = busyUs === undefined ? '' : `  loop busy ${format(busyUs)}`;
  return `  ${name.padEnd(58)} ${format(medianUs).padStart(9)} µs   ${spread.padEnd(20)}${busy}`.trimEnd();
}

/** Three digits that mean something. */
function format(us: number): string {
  return us >= 100 ? us.toFixed(0) : us.toPrecision(3);
}

function describeRun() {
  return {
    date: new Date().toISOString(),
    node: process.version,
    processor: cpus()[0]?.model,
    processors: cpus().length,
  };
}

await main();
