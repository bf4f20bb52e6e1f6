/** Runs small programs in processes of their own, as other users of the same data folder. */
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';

export interface ProgramResult {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program of this folder to its end. `environment` replaces every `PLUMB_` variable of the test. */
export async function runProgram(
  name: string,
  args: readonly string[],
  options: { cwd?: string; environment?: Record<string, string> } = {},
): Promise<ProgramResult> {
  const child = spawn(process.execPath, [fileURLToPath(new URL(`./${name}`, import.meta.url)), ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    env: { ...withoutPlumbVariables(), ...options.environment },
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
  });
  const [stdout, stderr, code] = await Promise.all([readAll(child, 'stdout'), readAll(child, 'stderr'), exitOf(child)]);
  return { code, stdout, stderr };
}

function withoutPlumbVariables(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith('PLUMB_')));
}

async function readAll(child: ChildProcess, stream: 'stdout' | 'stderr'): Promise<string> {
  let text = '';
  for await (const chunk of child[stream]!.setEncoding('utf8')) text += chunk;
  return text;
}

async function exitOf(child: ChildProcess): Promise<number | null> {
  const [code] = (await once(child, 'exit')) as [number | null];
  return code;
}
