// Judges objects by the CEL rules of a schema, as an API server from 1.25 on does: node rules.mjs < {"schema", "cases": [{"is", "was"?}]}
// prints for each case the messages of the rules that do not hold. With {"expression", "cases": [{...}]} it prints what the expression gives.
import { readFileSync } from 'node:fs';
import { evaluate } from '@marcbachmann/cel-js';

const input = JSON.parse(readFileSync(0, 'utf8'));

function fillDefaults(schema, value) {
  for (const [name, field] of Object.entries(schema.properties ?? {})) {
    if (value[name] === undefined && field.default !== undefined) value[name] = structuredClone(field.default);
    if (value[name] !== null && typeof value[name] === 'object' && !Array.isArray(value[name])) fillDefaults(field, value[name]);
  }
  return value;
}

function broken(schema, is, was) {
  if (is === undefined || is === null) return [];
  const messages = (schema['x-kubernetes-validations'] ?? [])
    .filter(({ rule }) => was !== undefined || !/\boldSelf\b/.test(rule)) // rules about a change are for changes
    .filter(({ rule }) => evaluate(rule, { self: is, oldSelf: was }) !== true)
    .map(({ message }) => message);
  for (const [name, field] of Object.entries(schema.properties ?? {})) messages.push(...broken(field, is[name], was?.[name]));
  if (schema.items && Array.isArray(is)) for (const item of is) messages.push(...broken(schema.items, item));
  return messages;
}

const answer = input.expression
  ? input.cases.map((object) => evaluate(input.expression, object))
  : input.cases.map(({ is, was }) => broken(input.schema, fillDefaults(input.schema, is), was && fillDefaults(input.schema, was)));
console.log(JSON.stringify(answer));
