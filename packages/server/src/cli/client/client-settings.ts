/** `client.yaml`: which endpoint and model a user works with, and which program knows the key. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parse } from 'yaml';
import { CliError, ExitCode } from '../exit-code.js';
import { readBaseUrl } from './base-url.js';
import { configFolder } from './user-folders.js';

export interface ClientSettings {
  readonly baseUrl?: string;
  readonly model?: string;
  /** A program with its arguments, or a line for the shell. It prints the key. */
  readonly apiKeyCommand?: string | readonly string[];
}

const SETTINGS = ['base_url', 'model', 'api_key_command'];

/** Where the file is. */
export function clientSettingsPath(environment: NodeJS.ProcessEnv): string {
  return join(configFolder(environment), 'client.yaml');
}

/** Rejects with a CliError when the file cannot be used; a file that is not there sets nothing. */
export async function readClientSettings(environment: NodeJS.ProcessEnv): Promise<ClientSettings> {
  const path = clientSettingsPath(environment);
  const text = await readFile(path, 'utf8').catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return '';
    throw error;
  });
  return toSettings(parseYaml(text, path), path);
}

function parseYaml(text: string, path: string): Record<string, unknown> {
  try {
    const value: unknown = parse(text) ?? {};
    if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  } catch {
    // The message of the parser repeats lines of the file.
  }
  throw new CliError(`${path} must be YAML with ${SETTINGS.join(', ')}.`, ExitCode.usage);
}

function toSettings(fields: Record<string, unknown>, path: string): ClientSettings {
  const unknown = Object.keys(fields).find((name) => !SETTINGS.includes(name));
  const { base_url: baseUrl, model, api_key_command: command } = fields;
  if (unknown !== undefined) throw bad(path, unknown, `is unknown; there are ${SETTINGS.join(', ')}`);
  if (baseUrl !== undefined && typeof baseUrl !== 'string') throw bad(path, 'base_url', 'must be a text');
  if (model !== undefined && typeof model !== 'string') throw bad(path, 'model', 'must be a text');
  return {
    ...(baseUrl === undefined ? {} : { baseUrl: readBaseUrl(baseUrl, `base_url in ${path}`) }),
    ...(model === undefined ? {} : { model }),
    ...(command === undefined ? {} : { apiKeyCommand: readCommand(command, path) }),
  };
}

function readCommand(command: unknown, path: string): string | readonly string[] {
  if (typeof command === 'string' && command !== '') return command;
  const isList = Array.isArray(command) && command.length > 0 && command.every((part) => typeof part === 'string');
  if (isList) return command as string[];
  throw bad(path, 'api_key_command', 'must be a program with its arguments, such as [pass, show, deepseek]');
}

function bad(path: string, field: string, problem: string): CliError {
  return new CliError(`${path}: ${field} ${problem}.`, ExitCode.usage);
}
