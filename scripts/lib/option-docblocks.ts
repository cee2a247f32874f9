/**
 * The docblocks over described options, read from the syntax of the sources: nothing is run or type-checked. A
 * description is an object literal in a constant; it may spread others (`...LIMITS`, `...only(LIMITS, 'maxPixels')`),
 * take single options of them (`views: SEGMENT_OPTIONS.views`), and hold groups (`group(SMOOTHING_OPTIONS)`).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { filesUnder, root } from './repository.ts';

/** What the docblock over an option says. */
export interface OptionText {
  /** One line, without a full stop at its end. */
  readonly text: string;
  /** Of `@default`, without quotes. */
  readonly default?: string;
  /** The `@default` as it stands there. */
  readonly literal?: string;
  /** Where the option is described. */
  readonly file: string;
  readonly line: number;
}

/** Docblocks of a description by names of options; of an option within a group as `smooth.weight`. */
export type DescriptionTexts = Readonly<Record<string, OptionText>>;

interface Constant {
  readonly file: string;
  readonly source: ts.SourceFile;
  readonly value: ts.Expression;
}

/** Docblocks of every description in the packages whose name ends in `_OPTIONS` or `_FLAGS`. */
export function readDescriptions(): ReadonlyMap<string, DescriptionTexts> {
  const constants = new Map<string, Constant>();
  for (const file of filesUnder('packages', /\.ts$/)) {
    if (!/^packages\/[^/]+\/src\//.test(file)) continue;
    const text = readFileSync(join(root, file), 'utf8');
    if (!/@synseg\/core\/guards|guard\/options|_OPTIONS?\b|_FLAGS/.test(text)) continue;
    const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest, true);
    for (const statement of source.statements) {
      if (!ts.isVariableStatement(statement)) continue;
      for (const { name, initializer } of statement.declarationList.declarations) {
        if (ts.isIdentifier(name) && initializer !== undefined && /^[A-Z0-9_]+$/.test(name.text))
          constants.set(name.text, { file, source, value: initializer });
      }
    }
  }
  const read = (constant: Constant | undefined): Record<string, OptionText> => {
    if (constant === undefined) return {};
    const { value } = constant;
    // A description that is another, or a part of it.
    const referred = referredTo(value);
    if (referred !== undefined) return chosen(read(constants.get(referred)), value);
    const literal = unwrapped(value);
    return ts.isObjectLiteralExpression(literal) ? readLiteral(literal, constant) : {};
  };
  const readLiteral = (literal: ts.ObjectLiteralExpression, constant: Constant): Record<string, OptionText> => {
    const texts: Record<string, OptionText> = {};
    for (const property of literal.properties) {
      if (ts.isSpreadAssignment(property)) Object.assign(texts, read({ ...constant, value: property.expression }));
      if (!ts.isPropertyAssignment(property) && !ts.isShorthandPropertyAssignment(property)) continue;
      const name = property.name.getText(constant.source);
      const value = ts.isPropertyAssignment(property) ? property.initializer : property.name;
      const inherited = ts.isPropertyAccessExpression(value) ? memberOf(value) : undefined;
      const own = textOf(property, constant);
      const text = own.text === '' && inherited !== undefined ? inherited : own;
      texts[name] = text;
      const group = groupIn(ts.isIdentifier(value) ? (constants.get(value.text)?.value ?? value) : value);
      if (group === undefined) continue;
      const within = read({ ...constant, value: group });
      for (const [inner, innerText] of Object.entries(within)) texts[`${name}.${inner}`] = innerText;
    }
    return texts;
  };
  const memberOf = ({ expression, name }: ts.PropertyAccessExpression): OptionText | undefined =>
    ts.isIdentifier(expression) ? read(constants.get(expression.text))[name.text] : undefined;
  return new Map(
    [...constants].filter(([name]) => /_(OPTIONS|FLAGS)$/.test(name)).map(([name, constant]) => [name, read(constant)]),
  );
}

/** Those options that `only(LIMITS, 'maxPixels')` takes, or `without(LIMITS, 'maxPixels')` leaves. */
function chosen(texts: Record<string, OptionText>, value: ts.Expression): Record<string, OptionText> {
  if (!ts.isCallExpression(value) || !ts.isIdentifier(value.expression)) return texts;
  const names = value.arguments.filter(ts.isStringLiteral).map(({ text }) => text);
  const wanted: Readonly<Record<string, boolean>> = { only: true, without: false };
  const named = wanted[value.expression.text];
  if (named === undefined) return texts;
  const entries = Object.entries(texts);
  return Object.fromEntries(entries.filter(([name]) => names.includes(name.split('.')[0] ?? '') === named));
}

/** The constant that an expression is, or is made of by a call: `LIMITS`, `only(LIMITS, 'maxPixels')`. */
function referredTo(expression: ts.Expression): string | undefined {
  const value = unwrapped(expression);
  if (ts.isIdentifier(value)) return value.text;
  const first = ts.isCallExpression(value) ? value.arguments[0] : undefined;
  return first !== undefined && ts.isIdentifier(first) ? first.text : undefined;
}

/** What `group()` is called with, somewhere in an option. */
function groupIn(node: ts.Node): ts.Expression | undefined {
  if (ts.isCallExpression(node) && ts.isIdentifier(node.expression) && node.expression.text.startsWith('group'))
    return node.arguments[0];
  return ts.forEachChild(node, groupIn);
}

function unwrapped(expression: ts.Expression): ts.Expression {
  return ts.isAsExpression(expression) ||
    ts.isSatisfiesExpression(expression) ||
    ts.isParenthesizedExpression(expression)
    ? unwrapped(expression.expression)
    : expression;
}

function textOf(property: ts.Node, { file, source }: Constant): OptionText {
  const docs = ts.getJSDocCommentsAndTags(property).filter(ts.isJSDoc);
  const doc = docs.at(-1);
  const line = source.getLineAndCharacterOfPosition(property.getStart(source)).line + 1;
  const tag = doc?.tags?.find(({ tagName }) => tagName.text === 'default');
  const literal = flat(tag?.comment);
  return {
    text: flat(doc?.comment).replaceAll('`', '').replace(/\.$/, ''),
    ...(literal === '' ? {} : { literal, default: literal.replaceAll('`', '').replace(/^'([^']*)'$/, '$1') }),
    ...{ file, line },
  };
}

function flat(comment: Parameters<typeof ts.getTextOfJSDocComment>[0]): string {
  return (ts.getTextOfJSDocComment(comment) ?? '')
    .replaceAll(/\{@link ([^}]+)\}/g, '$1')
    .replaceAll(/\s+/g, ' ')
    .trim();
}
