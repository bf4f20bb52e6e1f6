/** Parts that the shapes of several subjects have in common. */
import { Type } from '@plumb/wire/schema';
import type { TSchema } from 'typebox';
import { NAME_CHARACTERS_MAX } from '../../accounts/account.js';
import { LIMIT_MAX, TIER_NAME_CHARACTERS_MAX } from '../../accounts/tier.js';
import { MODEL_NAME_CHARACTERS_MAX } from '../../catalog/model-entry.js';

/** Something that can be taken away. */
export const nullable = <Schema extends TSchema>(schema: Schema) => Type.Union([schema, Type.Null()]);

export const Name = Type.String({ minLength: 1, maxLength: NAME_CHARACTERS_MAX, description: 'a name' });
export const TierName = Type.String({
  minLength: 1,
  maxLength: TIER_NAME_CHARACTERS_MAX,
  description: 'the name of a tier',
});

/** An account, by its id or its name. */
export const AccountReference = Type.String({
  minLength: 1,
  maxLength: NAME_CHARACTERS_MAX,
  description: 'the id or the name of an account',
});

export const TimeText = Type.String({
  minLength: 10,
  maxLength: 40,
  description: 'a day such as 2026-11-25 or a time such as 2026-11-25T12:00:00Z',
});

export const Limit = Type.Integer({ minimum: 0, maximum: LIMIT_MAX });

export const ModelName = Type.String({
  minLength: 1,
  maxLength: MODEL_NAME_CHARACTERS_MAX,
  description: 'a model id',
});

/** A time of an answer. */
export const IsoTime = Type.String({ format: 'date-time' });
/** An amount of an answer, such as `10.00`; exact. */
export const Amount = Type.String({ pattern: '^-?\\d+\\.\\d{2,9}$' });
export const Currency = Type.String({ pattern: '^[A-Z]{3}$' });

/** One page of a list. */
export const listOf = <Schema extends TSchema>(item: Schema, title: string) =>
  Type.Object(
    {
      data: Type.Array(item),
      next: Type.Union([Type.String(), Type.Null()], { description: 'What the next page comes after.' }),
    },
    { title },
  );
