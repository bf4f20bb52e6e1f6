/** What can be wrong with a change that an operator asks for. */

/**
 * `invalid`: what was asked for is not allowed as such. `not_found`: what it is about does not exist. `conflict`: it does
 * not go together with what is there.
 */
export type AdministrationErrorCode = 'invalid' | 'not_found' | 'conflict';

/** A change that was refused, and changed nothing. The message says what to do and holds no secret. */
export class AdministrationError extends Error {
  override readonly name = 'AdministrationError';
  readonly code: AdministrationErrorCode;

  constructor(code: AdministrationErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
