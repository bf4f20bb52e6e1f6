/** Lets things happen one after the other that must not meet. */
export type InTurn = <Result>(run: () => Result | Promise<Result>) => Promise<Result>;

/** What is run in a turn must not wait for one. */
export function createTurns(): InTurn {
  let last: Promise<unknown> = Promise.resolve();
  return (run) => {
    const turn = last.then(run);
    last = turn.catch(() => {});
    return turn;
  };
}
