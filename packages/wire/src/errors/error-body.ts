/** The envelope that every error is sent in. */
import type { Static } from 'typebox';
import { Type } from '../schema/type.js';

/** The envelope of an error; keys are written in this order. Clients read the status and `type`. */
export const ErrorBody = Type.Object(
  {
    error: Type.Object(
      {
        message: Type.String(),
        type: Type.String(),
        param: Type.Union([Type.String(), Type.Null()], { description: 'Always null.' }),
        code: Type.String({ description: '`invalid_request_error` for nearly all errors.' }),
      },
      { title: 'ErrorDetails' },
    ),
  },
  { title: 'ErrorBody' },
);
/** The envelope of an error; keys are written in this order. Clients read the status and `type`. */
export type ErrorBody = Static<typeof ErrorBody>;
