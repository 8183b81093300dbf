/** A place in a configuration file. Lines count from 1; 0 is the file as a whole. */
export interface Place {
  readonly file: string;
  readonly line: number;
}

/** One `name = value` line. */
export interface Relation extends Place {
  readonly value: string;
  /** A `*` after the name: later relations of this name are ignored. */
  readonly final: boolean;
}

/** Something that MIT's parser ignores silently and that its author cannot have meant. */
export interface ProfileWarning extends Place {
  readonly text: string;
}

/** A section or subsection: relations by name, each in the order written, and subsections by name. */
export interface Section {
  readonly relations: Map<string, Relation[]>;
  readonly sections: Map<string, Section>;
  /** A `*` at its header or brace: later sections of this name are ignored. */
  final: boolean;
}

/**
 * Parsed configuration. A path consists of the section, subsections and the relation. Earlier files take precedence.
 */
export interface Profile {
  /** Every relation at `path`, with its file and line. */
  relations(...path: readonly string[]): readonly Relation[];
  /** Every value at `path`. */
  values(...path: readonly string[]): readonly string[];
  /** The value that counts if only one can. */
  first(...path: readonly string[]): string | undefined;
  /** The names of the relations and subsections in the section at `path`. */
  names(...path: readonly string[]): readonly string[];
  /** The file and line of `first(...path)`. */
  where(...path: readonly string[]): Place | undefined;
  /** Problems that `doctor` should show. */
  readonly warnings: readonly ProfileWarning[];
}

/** An empty section, or the root above all sections of a file. */
export function createSection(): Section {
  return { relations: new Map(), sections: new Map(), final: false };
}

/** A profile over the roots of its files, of which the first has precedence. */
export function createProfile(roots: readonly Section[], warnings: readonly ProfileWarning[] = []): Profile {
  const relations = (...path: readonly string[]): readonly Relation[] => findRelations(roots, path);
  return {
    relations,
    values: (...path) => relations(...path).map(relation => relation.value),
    first: (...path) => relations(...path)[0]?.value,
    names: (...path) => findNames(roots, path),
    where: (...path) => relations(...path)[0],
    warnings,
  };
}

function findRelations(roots: readonly Section[], path: readonly string[]): readonly Relation[] {
  const name = path.at(-1);
  if (name === undefined) return [];
  const found: Relation[] = [];
  for (const section of findSections(roots, path.slice(0, -1))) {
    found.push(...(section.relations.get(name) ?? []));
    if (found.at(-1)?.final) break;
  }
  return found;
}

function findNames(roots: readonly Section[], path: readonly string[]): readonly string[] {
  const names = findSections(roots, path).flatMap(({ relations, sections }) => [
    ...relations.keys(),
    ...sections.keys(),
  ]);
  return [...new Set(names)];
}

/** The section at `path` in each root, up to the first one that is final somewhere on the way. */
function findSections(roots: readonly Section[], path: readonly string[]): readonly Section[] {
  const found: Section[] = [];
  for (const root of roots) {
    let final = false;
    let section: Section | undefined = root;
    for (const name of path) {
      section = section?.sections.get(name);
      final ||= section?.final ?? false;
    }
    if (section !== undefined) found.push(section);
    if (final) break;
  }
  return found;
}
