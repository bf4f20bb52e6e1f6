/** Keeps what Node says about itself from users who can do nothing about it. */

/** Node 22 calls its built-in SQLite experimental at every start. */
export function hideExperimentalWarnings(): void {
  process.removeAllListeners('warning');
  process.on('warning', (warning) => {
    if (warning.name !== 'ExperimentalWarning') console.warn(warning.stack ?? warning.message);
  });
}
