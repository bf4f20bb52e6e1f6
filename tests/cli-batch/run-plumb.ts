/** Runs the real `plumb` program in a process of its own. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { fileURLToPath } from 'node:url';
import { readOutputLine } from '#client/batch/output-line.js';

const PROGRAM = fileURLToPath(new URL('../../../packages/server/dist/cli/main.js', import.meta.url));

export interface Endpoint {
  /** `http://127.0.0.1:port`. */
  readonly url: string;
  readonly key: string | undefined;
}

export interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Running {
  readonly child: ChildProcess;
  /** What it has written on stderr so far. */
  stderr(): string;
  readonly ended: Promise<Ended>;
}

/** Starts it with nothing in its environment but an endpoint. */
export function startProgram(args: readonly string[], { url, key }: Endpoint, folder: string): Running {
  const env = { PATH: process.env.PATH, HOME: folder, PLUMB_BASE_URL: `${url}/v1`, PLUMB_API_KEY: key };
  const child = spawn(process.execPath, [PROGRAM, ...args], { env, cwd: folder, stdio: ['ignore', 'pipe', 'pipe'] });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text;
  });
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text;
  });
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr }));
  return { child, stderr: () => stderr, ended };
}

export function runProgram(args: readonly string[], endpoint: Endpoint, folder: string): Promise<Ended> {
  return startProgram(args, endpoint, folder).ended;
}

export async function testFolder(context: TestContext): Promise<string> {
  const path = await mkdtemp(join(tmpdir(), 'plumb-cli-batch-'));
  context.after(() => rm(path, { recursive: true, force: true }));
  return path;
}

/** Writes lines with the names `r0`, `r1`, … */
export async function writeInput(
  path: string,
  count: number,
  more: Readonly<Record<string, unknown>> = {},
): Promise<void> {
  const lines = Array.from({ length: count }, (_, index) => {
    const messages = [{ role: 'user', content: `Say ${index}.` }];
    const body = { model: 'deepseek-chat', messages, max_tokens: 20, ...more };
    return `${JSON.stringify({ custom_id: `r${index}`, method: 'POST', url: '/v1/chat/completions', body })}\n`;
  });
  await writeFile(path, lines.join(''));
}

/** The names in the text of a result file. Fails where something else than whole results is in it. */
export function idsIn(text: string): string[] {
  if (text !== '' && !text.endsWith('\n')) throw new Error('The last line is torn.');
  return text
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const record = readOutputLine(line);
      if (record === undefined) throw new Error(`This is no result: ${line}`);
      return record.customId;
    });
}
