/** PostgreSQL's error codes in words for the operator (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
import { DatabaseError } from 'pg';
import { StoreError, type StoreErrorCode } from '../../store-error.js';

/** How errors call a server and a database on it; without a password. */
export interface ServerName {
  readonly user: string;
  readonly database: string;
  /** `host:port`, or the folder of its unix socket and the port. */
  readonly address: string;
}

interface Explanation {
  readonly code: StoreErrorCode;
  readonly message: string;
}

type Explain = (name: ServerName, reason: string) => Explanation;

const unavailable =
  (message: (name: ServerName, reason: string) => string): Explain =>
  (name, reason) => ({ code: 'unavailable', message: message(name, reason) });

const refused = unavailable(
  ({ user, address }, reason) =>
    `PostgreSQL on ${address} refuses the user ${user} (${reason}): check the user and the password in database.url.`,
);

const interrupted = unavailable(
  ({ address }, reason) =>
    `PostgreSQL on ${address} is starting or stopping, or has ended the connection (${reason}): try again in a moment.`,
);

const inTheWay = unavailable(
  ({ database, address }, reason) =>
    `Another client of the database ${database} on ${address} was in the way (${reason}): try again.`,
);

const failing = unavailable(
  ({ address }, reason) => `PostgreSQL on ${address} cannot read or write (${reason}): its own log says more.`,
);

const damaged: Explain = ({ database, address }, reason) => ({
  code: 'damaged',
  message: `The database ${database} on ${address} is damaged (${reason}). Put a backup in its place.`,
});

/** By error code, else by its first two characters, which are its class. */
const EXPLANATIONS: Readonly<Record<string, Explain>> = {
  '08': interrupted,
  '25006': unavailable(
    ({ database, address }) =>
      `The database ${database} on ${address} is read-only, as a standby is: name the primary in database.url.`,
  ),
  '25P03': interrupted,
  '28': refused,
  '3D000': unavailable(
    ({ database, address }) =>
      `There is no database ${database} on ${address}: create it (createdb ${database}), or correct database.url.`,
  ),
  '40001': inTheWay,
  '40P01': inTheWay,
  '42501': unavailable(
    ({ user, database }, reason) =>
      `The user ${user} may not do what is needed in the database ${database} (${reason}): make it the owner.`,
  ),
  '53100': unavailable(({ address }) => `The disk of PostgreSQL on ${address} is full: make room on it.`),
  '53200': failing,
  '53300': unavailable(
    ({ address }, reason) =>
      `PostgreSQL on ${address} has no connection left (${reason}): raise its max_connections, or lower ` +
      'database.connections of the servers.',
  ),
  '55P03': inTheWay,
  '57014': unavailable(
    ({ address }, reason) =>
      `PostgreSQL on ${address} did not finish a statement in time (${reason}): it is overloaded, or another client ` +
      'holds a lock. Try again.',
  ),
  '57P01': interrupted,
  '57P02': interrupted,
  '57P03': interrupted,
  '57P05': interrupted,
  '58': failing,
  XX001: damaged,
  XX002: damaged,
};

/** Codes after which the server has closed the connection, or will. */
const ENDS_CONNECTION = /^(?:08|25P03|57P)/;

/** Whether it is the last that a server says on a connection. */
export function endsConnection(error: unknown): boolean {
  if (error instanceof DatabaseError) return ENDS_CONNECTION.test(error.code ?? '');
  // What the driver says by itself is about the connection, unless it could not write the statement.
  return error instanceof Error && !(error instanceof TypeError);
}

/** The error of a statement as a StoreError when it is about the database as a whole, else as it is. */
export function explainPostgresError(error: unknown, name: ServerName): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { code = '', message } = error;
  const explanation = (EXPLANATIONS[code] ?? EXPLANATIONS[code.slice(0, 2)])?.(name, message);
  return explanation === undefined ? error : new StoreError(explanation.code, explanation.message, error);
}

/** Why no connection could be made. */
export function explainConnectError(error: unknown, name: ServerName): StoreError {
  const explained = explainPostgresError(error, name);
  if (explained instanceof StoreError) return explained;
  return new StoreError(
    'unavailable',
    `PostgreSQL on ${name.address} cannot be reached (${reasonOf(error)}): check that it runs and listens there, and ` +
      'what database.url says.',
    error,
  );
}

/** A connection that was there is gone, whatever was under way on it. */
export function lostConnection(error: unknown, name: ServerName): StoreError {
  const explained = explainPostgresError(error, name);
  if (explained instanceof StoreError) return explained;
  return new StoreError(
    'unavailable',
    `The connection to PostgreSQL on ${name.address} was lost (${reasonOf(error)}): try again in a moment.`,
    error,
  );
}

/** A host with several addresses gives several errors; their common message is empty. */
function reasonOf(error: unknown): string {
  if (error instanceof AggregateError) return error.errors.map(reasonOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
