/** What is counted: texts of this repository, texts that are given, and what makes tokenizers slow. */
import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { repositoryPath } from '../support/repository.js';

/** The most of each text, in UTF-16 units. */
const UNITS_MAX = 400_000;
/** The length of a piece, in UTF-16 units. */
const PIECE = 4096;

export interface Text {
  readonly name: string;
  readonly text: string;
}

/** Manuals, programs and JSON of this repository, and each .txt file of a folder. */
export function readTexts(folder: string | undefined): Text[] {
  const given = folder === undefined ? [] : readdirSync(folder).filter((file) => file.endsWith('.txt'));
  return [
    { name: 'manuals (en)', text: readFolder('docs', '.md') },
    { name: 'TypeScript', text: readFolder('packages/server/src', '.ts') },
    { name: 'JSON', text: readFileSync(repositoryPath('package-lock.json'), 'utf8').slice(0, UNITS_MAX) },
    ...given.map((file) => ({
      name: basename(file, '.txt'),
      text: readFileSync(join(folder ?? '', file), 'utf8').slice(0, UNITS_MAX),
    })),
  ];
}

export function cut(text: string, length = PIECE): string[] {
  return Array.from({ length: Math.ceil(text.length / length) }, (_, index) =>
    text.slice(index * length, (index + 1) * length),
  );
}

/** 200 KB of each, in UTF-8. */
export function hostileTexts(): Text[] {
  const han = Array.from({ length: 66_667 }, (_, index) => String.fromCharCode(0x4e00 + ((index * 7919) % 20_000)));
  const letters = Array.from({ length: 200_000 }, (_, index) =>
    String.fromCharCode(0x61 + ((index * index * 31 + index) % 26)),
  );
  return [
    { name: 'one letter', text: 'a'.repeat(200_000) },
    { name: 'one sign', text: '='.repeat(200_000) },
    { name: 'blanks', text: ' '.repeat(200_000) },
    { name: 'null characters', text: '\0'.repeat(200_000) },
    { name: 'letters', text: letters.join('') },
    { name: 'Han', text: han.join('') },
    { name: 'one Han character', text: '的'.repeat(66_667) },
    { name: 'joined emoji', text: '👩‍👩‍👧‍👦'.repeat(8000) },
    { name: 'lone surrogates', text: '\ud800'.repeat(66_667) },
    { name: 'combining marks', text: '\u0301'.repeat(100_000) },
  ];
}

function readFolder(folder: string, ending: string): string {
  const root = repositoryPath(folder);
  const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith(ending));
  const text = files.sort().map((file) => readFileSync(join(root, file), 'utf8'));
  return text.join('\n').slice(0, UNITS_MAX);
}
