/**
 * Types of the API from its description: node tools/gen-api.mjs openapi.json src/api/api.gen.ts [--check].
 *
 * Knows exactly the parts of JSON Schema that the server's description uses and stops at any other, so that
 * nothing becomes `unknown` unnoticed. (The usual generators need TypeScript's old compiler API.)
 */
import { readFile, writeFile } from 'node:fs/promises';

const [source, target, check] = process.argv.slice(2);
const spec = JSON.parse(await readFile(source, 'utf8'));

const KNOWN = new Set([
  '$ref',
  'additionalProperties',
  'allOf',
  'anyOf',
  'const',
  'default',
  'description',
  'enum',
  'example',
  'examples',
  'format',
  'items',
  'maximum',
  'maxItems',
  'maxLength',
  'minimum',
  'minItems',
  'minLength',
  'oneOf',
  'pattern',
  'prefixItems',
  'properties',
  'propertyNames',
  'required',
  'title',
  'type',
]);

function comment(text, indent) {
  if (!text) return '';
  const lines = text.trim().replaceAll('*/', '*\\/').split('\n');
  if (lines.length === 1) return `${indent}/** ${lines[0]} */\n`;
  return `${indent}/**\n${lines.map((line) => `${indent} * ${line}`.trimEnd()).join('\n')}\n${indent} */\n`;
}

function typeOf(schema, indent) {
  if (schema === true || Object.keys(schema).every((key) => key === 'description' || key === 'default'))
    return 'unknown';
  for (const key of Object.keys(schema)) {
    if (!KNOWN.has(key))
      throw new Error(`JSON Schema's \`${key}\` is not known here: ${JSON.stringify(schema)}`);
  }
  if (schema.$ref) return schema.$ref.replace('#/components/schemas/', '');
  const many = schema.oneOf ?? schema.anyOf;
  if (many) return unique(many.map((one) => typeOf(one, indent))).join(' | ');
  if (schema.allOf) return schema.allOf.map((one) => typeOf(one, indent)).join(' & ');
  if (schema.const !== undefined) return JSON.stringify(schema.const);
  if (schema.enum) return schema.enum.map((one) => JSON.stringify(one)).join(' | ');
  if (Array.isArray(schema.type)) {
    return unique(schema.type.map((type) => typeOf({ ...schema, type }, indent))).join(' | ');
  }
  switch (schema.type) {
    case 'null':
    case 'boolean':
    case 'string':
      return schema.type;
    case 'integer':
    case 'number':
      return 'number';
    case 'array':
      if (schema.prefixItems) return `[${schema.prefixItems.map((one) => typeOf(one, indent)).join(', ')}]`;
      return `Array<${typeOf(schema.items ?? true, indent)}>`;
    case 'object':
      return objectOf(schema, indent);
    default:
      throw new Error(`no type: ${JSON.stringify(schema)}`);
  }
}

function objectOf(schema, indent) {
  if (!schema.properties) {
    const value = schema.additionalProperties;
    return `Record<string, ${value && value !== true ? typeOf(value, indent) : 'unknown'}>`;
  }
  const inner = `${indent}  `;
  const required = new Set(schema.required ?? []);
  const fields = Object.entries(schema.properties).map(([name, one]) => {
    const key = /^[A-Za-z_]\w*$/.test(name) ? name : JSON.stringify(name);
    return `${comment(one.description, inner)}${inner}${key}${required.has(name) ? '' : '?'}: ${typeOf(one, inner)};`;
  });
  return `{\n${fields.join('\n')}\n${indent}}`;
}

function unique(list) {
  return [...new Set(list)];
}

const types = Object.entries(spec.components.schemas)
  .sort(([a], [b]) => (a < b ? -1 : 1))
  .map(
    ([name, schema]) => `${comment(schema.description, '')}export type ${name} = ${typeOf(schema, '')};\n`,
  );

const text = `// Made by tools/gen-api.mjs from openapi.json. Do not edit.

${types.join('\n')}
`;

if (check === '--check') {
  if ((await readFile(target, 'utf8')) !== text) {
    console.error(`${target} is not what ${source} says: run \`npm run gen\`.`);
    process.exit(1);
  }
} else {
  await writeFile(target, text);
}
