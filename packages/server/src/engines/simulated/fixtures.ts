/** Fixed answers from a file, found by model and last message. */
import { Type } from '@plumb/wire/schema';
import type { Static } from 'typebox';
import { Check, Errors } from 'typebox/schema';
import { parse } from 'yaml';

/** One answer, and what it is the answer to: all that is said has to be so. */
const Fixture = Type.Object(
  {
    /** The id of the model. */
    model: Type.Optional(Type.String()),
    /** The whole last message, or the prompt of a completion. */
    message: Type.Optional(Type.String()),
    /** A part of it. */
    contains: Type.Optional(Type.String()),
    content: Type.Optional(Type.String()),
    reasoning: Type.Optional(Type.String()),
    /** Calls instead of words; their arguments are values, and written as JSON. */
    calls: Type.Optional(
      Type.Array(Type.Object({ name: Type.String(), arguments: Type.Record(Type.String(), Type.Unknown()) })),
    ),
  },
  { additionalProperties: false },
);
export type Fixture = Static<typeof Fixture>;

/** What an answer is looked for by. */
export interface FixtureQuestion {
  readonly model: string;
  /** The text of the last message, or the prompt of a completion. */
  readonly message: string;
}

const FixtureList = Type.Array(Fixture);

/**
 * Reads a list of answers in YAML or JSON. Throws an Error that says what is wrong with it.
 *
 * @param label How messages call the file.
 */
export function readFixtures(text: string, label: string): Fixture[] {
  let value: unknown;
  try {
    value = parse(text);
  } catch (error) {
    throw new Error(`The fixtures ${label} are no YAML: ${(error as Error).message}`, { cause: error });
  }
  if (Check(FixtureList, value)) return value;
  const [, [problem]] = Errors(FixtureList, value);
  const where = problem === undefined ? '' : ` (${problem.instancePath || 'the whole file'} ${problem.message})`;
  throw new Error(`The fixtures ${label} must be a list of answers with ${Object.keys(Fixture.properties)}${where}.`);
}

/** The first answer that fits; undefined when none does. */
export function findFixture(fixtures: readonly Fixture[], question: FixtureQuestion): Fixture | undefined {
  return fixtures.find(
    ({ model = question.model, message = question.message, contains = '' }) =>
      model === question.model && message === question.message && question.message.includes(contains),
  );
}
