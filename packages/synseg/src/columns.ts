/** A column of a table: by its name, or by its number from 0. */
import { either, integer, text } from '@synseg/core/guards';

export const COLUMN = either('be the name of a field or a column from 0', integer({ least: 0 }), text());
