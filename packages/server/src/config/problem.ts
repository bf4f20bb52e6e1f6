/** What is wrong with a configuration, told all at once. */

/** The configuration cannot be used. The message lists every problem, each with its place. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** One sentence each, in the order of their places. */
  readonly problems: readonly string[];

  constructor(problems: readonly string[]) {
    super(problems.length === 1 ? problems[0] : `${problems.length} problems in the configuration:\n${list(problems)}`);
    this.problems = problems;
  }
}

function list(problems: readonly string[]): string {
  return problems.map((problem) => `  - ${problem}`).join('\n');
}
