/**
 * Compares what the packages export with the reports in `docs/api`, so that a change of the public surface is a change
 * of a file that a reviewer sees. `npm run api` writes them anew.
 *
 * Ours, because api-extractor 7 stops at a constant's type in `@synseg/train` ("Unable to follow symbol") and prints an
 * options type as `OptionsOf<typeof X>`: an option could go without a change of its report. Here types are written out
 * by the compiler, and what is reachable but not exported is written too.
 */
import { existsSync, mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { finish, report, root } from './lib/repository.ts';

interface Manifest {
  readonly name: string;
  readonly exports?: Readonly<Record<string, unknown>>;
}

const folder = 'docs/api';
const write = process.argv.includes('--write');
const FORMAT =
  ts.TypeFormatFlags.NoTruncation |
  ts.TypeFormatFlags.UseAliasDefinedOutsideCurrentScope |
  ts.TypeFormatFlags.OmitParameterModifiers |
  ts.TypeFormatFlags.UseSingleQuotesForStringLiteralType;

/** Writes the surface of a program's modules, one declaration a block. */
class Surface {
  readonly #checker: ts.TypeChecker;
  /** What is reachable from the exports written so far, in the order it was found. */
  readonly #reachable = new Set<ts.Symbol>();
  readonly #seen = new Set<ts.Type>();

  constructor(checker: ts.TypeChecker) {
    this.#checker = checker;
  }

  /** The exports of an entry. */
  entry(source: ts.SourceFile): string[] {
    const module = this.#checker.getSymbolAtLocation(source);
    if (module === undefined) return [];
    return this.#checker
      .getExportsOfModule(module)
      .map((symbol) => [symbol.name, this.#resolved(symbol)] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1))
      .map(([name, symbol]) => this.#declaration(symbol, name));
  }

  /** What the exports speak of without exporting it, given those of all entries. */
  rest(exported: ReadonlySet<ts.Symbol>): string[] {
    const texts = new Map<ts.Symbol, string>();
    // Writing one may reach more: a Set goes on to what is added while it is read.
    for (const symbol of this.#reachable)
      if (!exported.has(symbol)) texts.set(symbol, this.#declaration(symbol, symbol.name));
    return [...texts.values()].sort();
  }

  exportsOf(source: ts.SourceFile): ts.Symbol[] {
    const module = this.#checker.getSymbolAtLocation(source);
    return module === undefined ? [] : this.#checker.getExportsOfModule(module).map((symbol) => this.#resolved(symbol));
  }

  #resolved(symbol: ts.Symbol): ts.Symbol {
    return symbol.flags & ts.SymbolFlags.Alias ? this.#checker.getAliasedSymbol(symbol) : symbol;
  }

  #declaration(symbol: ts.Symbol, name: string): string {
    const declaration = symbol.declarations?.[0];
    if (declaration === undefined) return name;
    if (ts.isClassDeclaration(declaration)) return this.#class(symbol, name, declaration);
    const type =
      symbol.flags & ts.SymbolFlags.Type
        ? this.#checker.getDeclaredTypeOfSymbol(symbol)
        : this.#checker.getTypeOfSymbol(symbol);
    if (symbol.flags & ts.SymbolFlags.Function)
      return type
        .getCallSignatures()
        .map((signature) => `function ${name}${this.#signature(signature)}`)
        .join('\n');
    const head = symbol.flags & ts.SymbolFlags.Type ? `type ${name}${parameters(declaration)}` : `const ${name}`;
    if (!isObject(type)) return `${head} = ${this.#type(type, true)}`;
    return [`${head} {`, ...this.#members(type, declaration), '}'].join('\n');
  }

  #class(symbol: ts.Symbol, name: string, declaration: ts.ClassDeclaration): string {
    const statics = this.#checker.getTypeOfSymbol(symbol);
    const constructors = isHidden(declaration.members.find(ts.isConstructorDeclaration))
      ? []
      : statics.getConstructSignatures().map((signature) => `  constructor${this.#signature(signature)}`);
    const heritage = (declaration.heritageClauses ?? []).map((clause) => ` ${clause.getText().replace(/\s+/g, ' ')}`);
    return [
      `class ${name}${parameters(declaration)}${heritage.join('')} {`,
      ...constructors,
      ...this.#members(statics, declaration).map((line) => `  static${line.slice(1)}`),
      ...this.#members(this.#checker.getDeclaredTypeOfSymbol(symbol), declaration),
      '}',
    ].join('\n');
  }

  /** The members written in this repository, sorted; those of `Error` and the like are left out. */
  #members(type: ts.Type, at: ts.Node): string[] {
    return this.#checker
      .getPropertiesOfType(type)
      .filter((member) => {
        const declaration = member.declarations?.[0];
        return declaration === undefined || (isOurs(declaration) && !isHidden(declaration));
      })
      .filter((member) => member.name !== 'prototype')
      .map((member) => {
        const memberType = this.#checker.getTypeOfSymbolAtLocation(member, at);
        const readonly = isReadonly(member) ? 'readonly ' : '';
        const optional = member.flags & ts.SymbolFlags.Optional ? '?' : '';
        const name = member.name.startsWith('__@')
          ? `[Symbol.${member.name.slice(3).replace(/@\d+$/, '')}]`
          : member.name;
        if (member.flags & ts.SymbolFlags.Method)
          return memberType
            .getCallSignatures()
            .map((one) => `  ${name}${optional}${this.#signature(one)}`)
            .join('\n');
        return `  ${readonly}${name}${optional}: ${this.#type(memberType)}`;
      })
      .sort();
  }

  #signature(signature: ts.Signature): string {
    for (const parameter of signature.parameters) this.#reach(this.#checker.getTypeOfSymbol(parameter));
    this.#reach(signature.getReturnType());
    return this.#checker.signatureToString(signature, undefined, FORMAT);
  }

  #type(type: ts.Type, itself = false): string {
    this.#reach(type, itself);
    return this.#checker.typeToString(type, undefined, FORMAT | (itself ? ts.TypeFormatFlags.InTypeAlias : 0));
  }

  /** Notes the named types of ours that a type is written with. */
  #reach(type: ts.Type, itself = false): void {
    const named = type.aliasSymbol ?? type.getSymbol();
    const declaration = named?.declarations?.[0];
    if (!itself && named !== undefined && declaration !== undefined && isOurs(declaration) && isNamed(declaration)) {
      this.#reachable.add(named);
      for (const argument of type.aliasTypeArguments ?? []) this.#reach(argument);
    } else if (!this.#seen.has(type)) {
      this.#seen.add(type);
      if (type.isUnionOrIntersection()) for (const part of type.types) this.#reach(part);
      for (const signature of type.getCallSignatures()) this.#signature(signature);
      if (declaration !== undefined && isOurs(declaration))
        for (const member of type.getProperties()) this.#reach(this.#checker.getTypeOfSymbol(member));
    }
    if (isReference(type)) for (const argument of this.#checker.getTypeArguments(type)) this.#reach(argument);
  }
}

function isReadonly({ declarations = [], flags }: ts.Symbol): boolean {
  if (flags & ts.SymbolFlags.GetAccessor && !(flags & ts.SymbolFlags.SetAccessor)) return true;
  return declarations.some((one) => (ts.getCombinedModifierFlags(one) & ts.ModifierFlags.Readonly) !== 0);
}

function isOurs(node: ts.Node): boolean {
  return !node.getSourceFile().fileName.includes('node_modules/');
}

function isNamed(node: ts.Node): boolean {
  return ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node) || ts.isClassDeclaration(node);
}

/** Private members, and what a docblock calls internal. */
function isHidden(node: ts.Node | undefined): boolean {
  if (node === undefined) return false;
  const modifiers = ts.getCombinedModifierFlags(node as ts.Declaration);
  const name = ts.getNameOfDeclaration(node as ts.Declaration);
  return (
    (modifiers & ts.ModifierFlags.Private) !== 0 ||
    (name !== undefined && ts.isPrivateIdentifier(name)) ||
    ts.getJSDocTags(node).some((tag) => tag.tagName.text === 'internal')
  );
}

function isObject(type: ts.Type): boolean {
  return (
    (type.isIntersection() || (type.flags & ts.TypeFlags.Object) !== 0) &&
    type.getProperties().some(({ declarations }) => declarations?.some(isOurs)) &&
    type.getCallSignatures().length === 0
  );
}

function isReference(type: ts.Type): type is ts.TypeReference {
  return (
    (type.flags & ts.TypeFlags.Object) !== 0 && ((type as ts.ObjectType).objectFlags & ts.ObjectFlags.Reference) !== 0
  );
}

function parameters(node: ts.Node): string {
  const list = (node as ts.InterfaceDeclaration).typeParameters;
  return list === undefined ? '' : `<${list.map((one) => one.getText().replace(/\s+/g, ' ')).join(', ')}>`;
}

/** The report of a package: a section for each entry, then what they speak of. */
function reportOf(manifest: Manifest, sources: ReadonlyMap<string, ts.SourceFile>, checker: ts.TypeChecker): string {
  const surface = new Surface(checker);
  const sections = [...sources].map(
    ([entry, source]) => `# ${manifest.name}${entry.slice(1)}\n\n${surface.entry(source).join('\n\n')}\n`,
  );
  const rest = surface.rest(new Set([...sources.values()].flatMap((source) => surface.exportsOf(source))));
  return [...sections, ...(rest.length > 0 ? [`# Not exported, but spoken of\n\n${rest.join('\n\n')}\n`] : [])].join(
    '\n',
  );
}

function packagesWithTypes(): { name: string; manifest: Manifest; files: Map<string, string> }[] {
  return readdirSync(join(root, 'packages')).flatMap((name) => {
    const manifest = JSON.parse(readFileSync(join(root, 'packages', name, 'package.json'), 'utf8')) as Manifest;
    const entries = Object.keys(manifest.exports ?? {}).map((entry) => {
      return [entry, join(root, 'packages', name, 'src', `${entry === '.' ? 'index' : entry.slice(2)}.ts`)] as const;
    });
    const files = new Map(entries.filter(([, path]) => existsSync(path)));
    return files.size === 0 ? [] : [{ name, manifest, files }];
  });
}

const { config } = ts.readConfigFile(join(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as {
  config: object;
};
const { options } = ts.parseJsonConfigFileContent(config, ts.sys, root);
const packages = packagesWithTypes();
const program = ts.createProgram(
  packages.flatMap(({ files }) => [...files.values()]),
  options,
);
mkdirSync(join(root, folder), { recursive: true });
for (const { name, manifest, files } of packages) {
  const sources = new Map([...files].map(([entry, path]) => [entry, program.getSourceFile(path) as ts.SourceFile]));
  const text = reportOf(manifest, sources, program.getTypeChecker());
  const path = join(root, folder, `${name}.txt`);
  if (write) writeFileSync(path, text);
  else if (!existsSync(path) || readFileSync(path, 'utf8') !== text)
    report(`${folder}/${name}.txt`, 1, 'must say what the package exports: run "npm run api" and look at the change');
}
finish('api');
