// One minified bundle per command, made to start fast: Node's own modules load when first used, and the bytecode lies
// beside it for the launchers in bin/. A bundle is a CommonJS module inside the function that Node would put around it.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { build, transform } from 'esbuild';
import { codeCache } from './bytecode.mjs';
import { rehearse } from './rehearsal.mjs';

const target = 'node20.19';

/** Bundles every command that src/cli/commands.ts imports, and krb5kit itself, into `outDir`. */
export async function bundleCommands(root, outDir) {
  const table = readFileSync(join(root, 'src/cli/commands.ts'), 'utf8');
  const files = [...table.matchAll(/import\('\.\/([\w/-]+)\.ts'\)/g)].map(match => match[1]);
  const bundles = await Promise.all([...files, 'krb5kit'].map(file => bundleCommand(root, outDir, file)));
  const rehearsed = await rehearse(outDir);
  for (const { name, source, stamp } of bundles) {
    writeFileSync(join(outDir, `${name}.cache`), codeCache(source, stamp, rehearsed.get(name)));
  }
}

async function bundleCommand(root, outDir, file) {
  const name = file.split('/').at(-1);
  const command = name.replace(/-(\w)/g, (_, letter) => letter.toUpperCase());
  const entry = `
    import { ${command} } from './${file}.ts';
    import { main } from './main.ts';
    export { ${command} };
    export function start(argv) { return main(${command}, argv); }`;
  const { outputFiles } = await build({
    stdin: { contents: entry, resolveDir: join(root, 'src/cli'), loader: 'ts' },
    bundle: true,
    write: false,
    platform: 'node',
    format: 'cjs',
    target,
    supported: { 'dynamic-import': false }, // `require` is what a script compiled by node:vm has
    external: ['keytar', 'node-forge', 'node-forge/*'],
    plugins: [otherCommandsStayApart, childProcessOnDemand],
    logLevel: 'warning',
  });
  const { code } = await transform(loadBuiltinsOnDemand(outputFiles[0].text), {
    minify: true,
    format: 'cjs',
    target,
    charset: 'ascii',
  });
  const stamp = createHash('sha256').update(code).digest('hex');
  const source = `/*${stamp}*/(function(exports,require,module,__filename,__dirname){${code}})`;
  writeFileSync(join(outDir, `${name}.cjs`), source, 'latin1');
  return { name, source, stamp };
}

// A command that looks another up in the table gets the other's bundle, not a copy of its code.
const otherCommandsStayApart = {
  name: 'other-commands-stay-apart',
  setup({ onResolve }) {
    onResolve({ filter: /^\.\/[\w/-]+\.ts$/ }, ({ kind, importer, path }) => {
      if (kind !== 'dynamic-import' || !/[\\/]cli[\\/]commands\.ts$/.test(importer)) return undefined;
      return { external: true, path: `./${path.split('/').at(-1).replace(/\.ts$/, '.cjs')}` };
    });
  },
};

// commander needs node:child_process for subcommands in files of their own only; loading it takes 3.5 ms.
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

// esbuild writes `import { createSocket } from 'node:dgram'` as `var import_node_dgram = require("node:dgram")` and
// every use as `import_node_dgram.createSocket`; the name is unique in the bundle. Turned into a call that requires
// once, a module such as node:crypto (3 ms) or node:net (2 ms) costs nothing until the branch that needs it.
// A namespace import keeps the name its file gave it, which an inner scope may shadow, so it is refused.
function loadBuiltinsOnDemand(code) {
  const loaders = [];
  const statement = /^( *)(?:var )?(import_[\w$]+) = ((?:__toESM\()?require\("node:[\w/]+"\)(?:, 1)?\)?);$/gm;
  const rest = code.replace(statement, (_, indent, name, load) => {
    loaders.push({ name, load });
    return `${indent};`;
  });
  const namespace = /^(?:var )?(\w+) = __toESM\(require\("(node:[\w/]+)"\)/m.exec(rest);
  if (namespace) throw new Error(`import names from ${namespace[2]}, not all of it as ${namespace[1]}`);
  return loaders.reduce(
    (text, { name, load }) =>
      `var loaded_${name}; function load_${name}() { return loaded_${name} ??= ${load}; }\n` +
      text.replaceAll(new RegExp(`\\b${name.replaceAll('$', '\\$')}\\.`, 'g'), `load_${name}().`),
    rest,
  );
}
