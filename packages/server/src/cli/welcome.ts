/** What a person sees when the server is up: the base URL, the key if it is new, and calls that are ready to paste. */
import colors from 'picocolors';
import type { FaultSummary } from '../faults/faults.js';
import type { Simulation } from '../platform.js';

export interface Welcome {
  /** `http://host:port`, without a path. */
  readonly url: string;
  /** The first key, shown this once; undefined when there already was one. */
  readonly firstKey: string | undefined;
  readonly models: readonly string[];
  /** What the engine runs, such as `SmolLM2 135M Instruct`. */
  readonly engineModel: string;
  /** Undefined where every engine is real. */
  readonly simulation?: Simulation | undefined;
  /** What is injected on purpose. */
  readonly faults?: FaultSummary;
  /** How this user starts commands: `plumb` or `npm run plumb --`. */
  readonly command: string;
}

/** Stands in the snippets for a key that was shown at an earlier start. */
const KEY_PLACEHOLDER = '$PLUMB_API_KEY';

export function renderWelcome(welcome: Welcome): string {
  const { url, firstKey, models, engineModel, simulation, faults, command } = welcome;
  const baseUrl = `${url}/v1`;
  const model = models[0] ?? 'deepseek-chat';
  return [
    '',
    `${colors.bold('Plumb is ready')} at ${colors.cyan(baseUrl)}`,
    `  models  ${models.join(', ')}  ${colors.dim(`(running ${engineModel})`)}`,
    ...(simulation === undefined ? [] : renderSimulation(simulation)),
    ...renderKey(firstKey, command),
    ...(faults === undefined ? [] : renderFaults(faults)),
    '',
    heading('curl'),
    indent(curlSnippet(baseUrl, firstKey ?? KEY_PLACEHOLDER, model)),
    '',
    heading('Python (pip install openai)'),
    indent(pythonSnippet(baseUrl, firstKey, model)),
    '',
    heading('Node (npm install openai)'),
    indent(nodeSnippet(baseUrl, firstKey, model)),
    '',
    colors.dim('Ctrl-C lets running requests finish and stops the server.'),
    '',
  ].join('\n');
}

function renderSimulation({ preset, timeScale }: Simulation): string[] {
  const time = timeScale === 1 ? '' : `; time goes ${timeScale} times faster, limits and keep-alives included`;
  return [`  ${colors.yellow('SIMULATED')}  answers are made up, at the speed of "${preset}"${time}`];
}

function renderKey(firstKey: string | undefined, command: string): string[] {
  if (firstKey === undefined) {
    return [`  key     ${colors.dim(`the one shown at the first start; another one: ${command} keys create`)}`];
  }
  return [`  key     ${colors.green(firstKey)}`, `          ${colors.dim('shown once: keep it')}`];
}

/** A server that fails on purpose must not be taken for one that fails. */
function renderFaults({ rules, allowsHeader }: FaultSummary): string[] {
  const asked = allowsHeader ? ['whatever requests ask for in x-plumb-fault'] : [];
  const all = [...rules, ...asked];
  return all.length === 0 ? [] : [`  ${colors.yellow('faults')}  injected on purpose: ${all.join(', ')}`];
}

function curlSnippet(baseUrl: string, key: string, model: string): string {
  return [
    `curl ${baseUrl}/chat/completions \\`,
    `  -H "Authorization: Bearer ${key}" \\`,
    '  -H "Content-Type: application/json" \\',
    `  -d '{"model": "${model}", "messages": [{"role": "user", "content": "Hello!"}]}'`,
  ].join('\n');
}

function pythonSnippet(baseUrl: string, key: string | undefined, model: string): string {
  return [
    ...(key === undefined ? ['import os'] : []),
    'from openai import OpenAI',
    `client = OpenAI(base_url="${baseUrl}", api_key=${key === undefined ? 'os.environ["PLUMB_API_KEY"]' : `"${key}"`})`,
    `answer = client.chat.completions.create(model="${model}", messages=[{"role": "user", "content": "Hello!"}])`,
    'print(answer.choices[0].message.content)',
  ].join('\n');
}

function nodeSnippet(baseUrl: string, key: string | undefined, model: string): string {
  return [
    "import OpenAI from 'openai';",
    `const client = new OpenAI({ baseURL: '${baseUrl}', apiKey: ${key === undefined ? 'process.env.PLUMB_API_KEY' : `'${key}'`} });`,
    `const answer = await client.chat.completions.create({ model: '${model}', messages: [{ role: 'user', content: 'Hello!' }] });`,
    'console.log(answer.choices[0].message.content);',
  ].join('\n');
}

function heading(text: string): string {
  return colors.bold(text);
}

function indent(text: string): string {
  return text.replace(/^/gm, '  ');
}
