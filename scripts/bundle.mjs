// Makes one minified bundle per command, which starts fast: code that only some uses need is in files beside it, Node's
// own modules are loaded on first use, and the launchers in bin/ find bytecode. A bundle is a CommonJS module with the
// function around it that Node would add.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { basename, join, relative } from 'node:path';
import { build, transform } from 'esbuild';
import { codeCache } from './bytecode.mjs';
import launcher from './launcher.cjs';
import { rehearse } from './rehearsal.mjs';

export const target = 'node20.19';

// These commands run for days, and an upgrade may remove their files meanwhile: so all of their code is loaded at the
// start.
const lasting = ['agent', 'k5start', 'kdc', 'krenew', 'run', 'serve'];

/** Bundles every command that src/cli/commands.ts imports, and krb5kit itself, into `outDir`. */
export async function bundleCommands(root, outDir) {
  const table = readFileSync(join(root, 'src/cli/commands.ts'), 'utf8');
  const files = [...table.matchAll(/import\('\.\/([\w/-]+)\.ts'\)/g)].map(match => match[1]);
  const bundles = await Promise.all([...files, 'krb5kit'].map(file => bundleCommand(root, outDir, file)));
  const rehearsed = await rehearse(outDir);
  for (const { name, source, stamp } of bundles.flat()) {
    if (source.length < launcher.worthBytecode && !rehearsed.has(name)) continue;
    writeFileSync(join(outDir, `${name}.cache`), codeCache(source, stamp, rehearsed.get(name)));
  }
}

/**
 * Writes `NAME.cjs` with the code that every use of a command needs, and `NAME-HASH.cjs` with code that it may import
 * later.
 */
async function bundleCommand(root, outDir, file) {
  const name = file.split('/').at(-1);
  const command = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const entry = `
    import { ${command} } from './${file}.ts';
    import { main } from './main.ts';
    export { ${command} };
    export function start(argv) { return main(${command}, argv); }`;
  return bundleEntry(root, outDir, {
    name,
    entry,
    directory: join(root, 'src/cli'),
    splitting: !lasting.includes(name),
    plugins: [
      otherCommandsStayApart,
      childProcessOnDemand,
      ...(lasting.includes(name) ? [] : [leanModules(root)]),
    ],
  });
}

/** Writes the bundle `name` of `entry`, the text of a module in `directory`; resolves to its chunks. */
export async function bundleEntry(root, outDir, { name, entry, directory, splitting, plugins: added }) {
  const options = {
    entryPoints: [{ in: 'command', out: name }],
    absWorkingDir: root,
    outdir: outDir,
    bundle: true,
    write: false,
    metafile: true,
    splitting,
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.cjs' },
    chunkNames: `${name}-[hash]`,
    target,
    external: ['keytar', 'lmdb', 'node-forge', 'node-forge/*', 'yaml'],
    plugins: [commandEntry(entry, directory), ...added],
    logLevel: 'warning',
  };
  const { metafile } = await build(options);
  const own = Object.values(metafile.outputs).find(
    ({ entryPoint }) => entryPoint === 'entry:command',
  ).exports;
  const plugins = [...options.plugins, lateModulesStandOnTheCommand(root, lateModules(metafile))];
  const { outputFiles } = await build({ ...options, plugins });
  const chunks = outputFiles.map(({ path, text }) => ({ name: basename(path, '.cjs'), text }));
  return Promise.all(joinEntry(name, chunks).map(chunk => writeChunk(outDir, chunk, { name, own })));
}

async function writeChunk(outDir, { name, text }, entry) {
  const exporting = name === entry.name ? exportsOfEntry(text, entry) : exportsAsValues(text);
  // A script compiled by node:vm has `require`.
  const common = await transform(exporting, {
    format: 'cjs',
    target,
    supported: { 'dynamic-import': false },
  });
  const { code } = await transform(loadBuiltinsOnDemand(requireOwnAsTheyAre(common.code, entry.name)), {
    minify: true,
    lineLimit: 160, // Node shows the whole line where an error was thrown
    format: 'cjs',
    target,
    charset: 'ascii',
  });
  const stamp = createHash('sha256').update(code).digest('hex');
  const source = `/*${stamp}*/(function(exports,require,module,__filename,__dirname){${code}})`;
  writeFileSync(join(outDir, `${name}.cjs`), source, 'latin1');
  return { name, source, stamp };
}

function commandEntry(contents, resolveDir) {
  return {
    name: 'command-entry',
    setup({ onResolve, onLoad }) {
      onResolve({ filter: /^command$/ }, () => ({ path: 'command', namespace: 'entry' }));
      onLoad({ filter: /.*/, namespace: 'entry' }, () => ({ contents, resolveDir, loader: 'ts' }));
    },
  };
}

/** The modules that are imported dynamically. */
function lateModules({ inputs }) {
  const imports = Object.values(inputs).flatMap(({ imports }) => imports);
  return new Set(
    imports.filter(({ kind, external }) => kind === 'dynamic-import' && !external).map(({ path }) => path),
  );
}

// esbuild puts modules that the same entries reach into one chunk, and each dynamically imported module is an entry to
// it. If all of these import the command, everything else becomes a single chunk.
function lateModulesStandOnTheCommand(root, late) {
  return {
    name: 'late-modules-stand-on-the-command',
    setup({ onLoad }) {
      onLoad({ filter: /\.[jt]s$/ }, ({ path }) => {
        if (!late.has(relative(root, path))) return undefined;
        const contents = `import 'command';\n${readFileSync(path, 'utf8')}`;
        return { contents, loader: path.endsWith('.ts') ? 'ts' : 'js' };
      });
    },
  };
}

/**
 * Gives the entry's chunk the entry's name, and removes chunks that only re-export from it: these belong to modules
 * that are imported dynamically somewhere, but are loaded at the start anyway.
 */
function joinEntry(name, chunks) {
  const whole = passesOn(chunks.find(chunk => chunk.name === name));
  if (whole === undefined) return chunks;
  const joined = chunks.filter(chunk => passesOn(chunk) === whole).map(chunk => `"./${chunk.name}.cjs"`);
  return chunks
    .filter(chunk => passesOn(chunk) !== whole)
    .map(chunk => ({
      name: chunk.name === whole ? name : chunk.name,
      text: [`"./${whole}.cjs"`, ...joined].reduce(
        (text, file) => text.replaceAll(file, `"./${name}.cjs"`),
        chunk.text,
      ),
    }));
}

/** The chunk from which another one re-exports everything, under the same names. */
function passesOn({ text }) {
  return /^import \{\n([\w\s,$]+)\} from "\.\/([\w-]+)\.cjs";\nexport \{\n\1\};\n$/.exec(text)?.[2];
}

// A command that loads another one by the table gets the other's bundle, not a copy of its code.
const otherCommandsStayApart = {
  name: 'other-commands-stay-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/[\w/-]+\.ts$/ }, ({ kind, importer, path }) => {
      if (kind !== 'dynamic-import' || !/[\\/]cli[\\/]commands\.ts$/.test(importer)) return undefined;
      return { external: true, path: `./${path.split('/').at(-1).replace(/\.ts$/, '.cjs')}` };
    });
  },
};

// commander needs node:child_process only for subcommands in their own files; loading it takes 3.5 ms.
const childProcessOnDemand = {
  name: 'child-process-on-demand',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: /^node:child_process$/ }, ({ importer }) =>
      /[\\/]commander[\\/]/.test(importer) ? { path: 'child_process', namespace: 'on-demand' } : undefined,
    );
    onLoad({ filter: /.*/, namespace: 'on-demand' }, () => ({
      contents: `exports.spawn = (...args) => require('node:child_process').spawn(...args);`,
    }));
  },
};

// What every login needs of node:crypto and node:dgram; both are large.
function leanModules(root) {
  const users =
    /[\\/](?:crypto[\\/](?:aes-sha1|cts|ec-edwards25519|mac|pbkdf2|random)|spake[\\/]keys|transport[\\/]udp)\.ts$/;
  return {
    name: 'lean-modules',
    setup({ onResolve }) {
      onResolve({ filter: /^node:(?:crypto|dgram)$/ }, ({ importer, path }) =>
        users.test(importer)
          ? { path: join(root, 'scripts', `lean-${path.slice('node:'.length)}.mjs`) }
          : undefined,
      );
    },
  };
}

// To support import cycles, esbuild exports through getters and copies them twice, which costs kinit 1.5 ms. Chunks
// have no such cycles, and exported variables are never reassigned, so plain values are enough.
function exportsAsValues(text) {
  return text.replace(exportClause, (_, names) => `module.exports = { ${valuesOf(names).join(', ')} };`);
}

// The hundreds of values that other chunks import from the entry's chunk are collected when the first of these is
// loaded: making an object of so many names takes longer than making all their functions.
function exportsOfEntry(text, { name, own }) {
  const values = valuesOf(exportClause.exec(text)[1]);
  const forAll = values.filter(value => own.includes(value.split(':')[0]));
  const exports = `let parts;
    module.exports = { get parts() { return parts ??= { ${values.join(', ')} }; }, ${forAll.join(', ')} };`;
  return withOwnAtHand(text, name, values).replace(exportClause, () => exports);
}

// A module that is imported dynamically, but is in the entry's chunk anyway, is taken from there.
function withOwnAtHand(text, name, values) {
  const local = new Map(values.map(value => [value.split(': ')[0], value.split(': ').at(-1)]));
  const itself = `await import\\("\\./${name}\\.cjs"\\)`;
  return text
    .replaceAll(new RegExp(`\\(${itself}\\)\\.(\\w+)`, 'g'), (_, exported) => local.get(exported))
    .replaceAll(new RegExp(`\\{ (.*) \\} = ${itself}`, 'g'), (_, names) => {
      const wanted = names.split(', ').map(wantedName => wantedName.split(': ')[0]);
      return `{ ${names} } = { ${wanted.map(exported => `${exported}: ${local.get(exported)}`).join(', ')} }`;
    });
}

/** The clause with which esbuild exports all names of a chunk, some `as` others. */
const exportClause = /^export \{\n([^}]*)\n\};$/m;

/** The names of such a clause as the properties of an object. */
function valuesOf(names) {
  return names.split(',').map(name => name.trim().split(' as ').reverse().join(': '));
}

function requireOwnAsTheyAre(code, entryName) {
  return code
    .replace(/__toESM\((require\("\.\/[\w-]+\.cjs"\))\)/g, '$1')
    .replaceAll(`require("./${entryName}.cjs")`, `require("./${entryName}.cjs").parts`);
}

// esbuild writes `import { createSocket } from 'node:dgram'` as `var import_node_dgram = require("node:dgram")` and
// every use as `import_node_dgram.createSocket`; the name is unique in the bundle. It is replaced with a call that
// requires the module once, so that modules such as node:crypto (3 ms) and node:net (2 ms) cost nothing before they are
// used. The call is in parentheses, because `new` would otherwise apply to it. Namespace imports are refused: they keep
// the name from their file, which an inner scope may shadow.
function loadBuiltinsOnDemand(code) {
  const loaders = new Map();
  const imports = [];
  const statement = /^( *)(?:var )?(import_[\w$]+) = ((?:__toESM\()?require\("node:[\w/]+"\)(?:, 1)?\)?);$/gm;
  const rest = code.replace(statement, (_, indent, name, load) => {
    // One loader serves all files that import the module.
    if (!loaders.has(load)) loaders.set(load, name);
    imports.push({ name, loader: loaders.get(load) });
    return `${indent};`;
  });
  const namespace = /^(?:var )?(\w+) = __toESM\(require\("(node:[\w/]+)"\)/m.exec(rest);
  if (namespace) throw new Error(`import names from ${namespace[2]}, not all of it as ${namespace[1]}`);
  const functions = [...loaders].map(
    ([load, name]) => `var loaded_${name}; function load_${name}() { return loaded_${name} ??= ${load}; }\n`,
  );
  return imports.reduce(
    (text, { name, loader }) =>
      text.replaceAll(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\.`, 'g'), `(load_${loader}()).`),
    functions.join('') + rest,
  );
}
