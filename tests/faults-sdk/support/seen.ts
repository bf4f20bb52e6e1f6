/** What a client made of a fault, in the words of the table. */
import { ARGUMENTS, WHOLE } from '../../injected-faults/support/talking-engine.js';

/** What a client saw; a program in another language prints the same. */
export interface Seen {
  /** The content that had come. */
  readonly content: string;
  /** The arguments of the calls that had come. */
  readonly arguments: string;
  readonly finish: string | null;
  /** The class of the error, or its code; null where there was none. */
  readonly error: string | null;
  /** How long it took, in ms. */
  readonly tookMs: number;
}

/** More than any client tries of its own accord; how many they are depends on the time. */
const COUNTED_ATTEMPTS_MAX = 5;

/** A cell of the table. */
export function describeSeen(seen: Seen, attempts: number, timeoutMs: number): string {
  const late = seen.error === null && attempts === 1 && seen.tookMs > timeoutMs ? ', after its time-out' : '';
  return `${whatOf(seen)}${late}${describeAttempts(attempts)}`;
}

function describeAttempts(attempts: number): string {
  if (attempts === 1) return '';
  return attempts <= COUNTED_ATTEMPTS_MAX ? `, ${attempts} tries` : ', tried until its deadline';
}

/** The same cell of a client that tries once. */
export function withoutRetries(cell: string): string {
  return cell.replace(/, (?:\d+ tries|tried until its deadline)$/, '');
}

function whatOf({ content, arguments: called, finish, error }: Seen): string {
  const hasPart = content !== '' || called !== '';
  if (error !== null) return hasPart ? `a part, then \`${error}\`` : `\`${error}\``;
  if (called !== '') return called === ARGUMENTS ? 'the call' : '**a call whose arguments are no JSON, no error**';
  if (finish === 'insufficient_system_resource') return `**a part, no error**, \`finish_reason: ${finish}\``;
  if (content === '') return '**nothing, no error**';
  if (content === WHOLE) return finish === null ? 'the answer, without a finish_reason' : 'the answer';
  if (WHOLE.startsWith(content)) return '**a part, no error**';
  return '**another text, no error**';
}
