#!/usr/bin/env -S node --max-semi-space-size=32 --semi-space-growth-factor=8
/** The `plumb` command: checks the Node version before anything that needs a newer one is loaded. */

const NEEDED = [22, 19] as const;

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
if (major < NEEDED[0] || (major === NEEDED[0] && minor < NEEDED[1])) {
  console.error(`plumb needs Node ${NEEDED.join('.')} or newer; this is Node ${process.versions.node}.`);
  process.exitCode = 1;
} else {
  const { hideExperimentalWarnings } = await import('./hide-warnings.js');
  hideExperimentalWarnings();
  if (process.argv[2] === 'serve') (await import('./young-space.js')).holdYoungSpace();
  letReadersLeave();
  const { runCli } = await import('./program.js');
  process.exitCode = await runCli(process.argv.slice(2));
}

/** Whoever reads the output may stop, as `head` does; whether the command does too, it decides where it writes. */
function letReadersLeave(): void {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
}

export {};
