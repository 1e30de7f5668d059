/** Fields of the form, from the JSON Schema that the service publishes: a new optimizer or option needs no change here. */

/** @typedef {Record<string, any>} Schema */

/**
 * What a form needs to know of a field.
 *
 * @typedef {{
 *   kind: "fixed" | "choice" | "truth" | "number" | "text" | "numbers" | "object" | "variants" | "list" | "json",
 *   description: string, isOptional: boolean, preset: unknown, isWhole: boolean, takesAxis: boolean,
 *   options: (string | number)[], longest: number | null, fixed: unknown,
 *   schema: Schema
 * }} Field
 *   kind: of the control; fixed: it has one value; variants: objects that a name tells apart; json: anything else;
 *   preset: the default; takesAxis: an axis can stand in place of the number
 */

/** @param {Schema} schema @param {Schema} root with the definitions @returns {Schema} without references */
export function resolved(schema, root) {
  if (!schema.$ref) return schema;
  const { $ref, ...own } = schema;
  const target = root.$defs?.[String($ref).split("/").pop() ?? ""] ?? {};
  return { ...resolved(target, root), ...own };
}

/** @param {Schema} schema @returns {boolean} */
const isNull = (schema) => schema.type === "null";

/** @param {Schema} schema @returns {boolean} whether it describes an axis in place of a number */
const isAxis = (schema) => schema.type === "object" && ("values" in (schema.properties ?? {}) || ("low" in (schema.properties ?? {}) && "high" in schema.properties));

/**
 * @param {Schema} given
 * @param {Schema} root
 * @returns {Field}
 */
export function fieldOf(given, root) {
  const schema = resolved(given, root);
  const members = (schema.anyOf ?? []).map((/** @type {Schema} */ one) => resolved(one, root));
  const own = members.filter((/** @type {Schema} */ one) => !isNull(one) && !isAxis(one));
  const core = own.length === 1 ? { ...own[0], ...described(schema) } : schema;
  return {
    kind: own.length > 1 ? "json" : kindOf(core, root),
    description: schema.description ?? core.description ?? "",
    isOptional: "default" in schema || members.some(isNull),
    preset: schema.default,
    isWhole: core.type === "integer",
    takesAxis: members.some(isAxis),
    options: core.enum ?? [],
    longest: core.maxLength ?? null,
    fixed: core.const,
    schema: core,
  };
}

/** @param {Schema} schema */
const described = (schema) => (schema.description ? { description: schema.description } : {});

/** @param {Schema} schema @param {Schema} root @returns {Field["kind"]} */
function kindOf(schema, root) {
  if ("const" in schema) return "fixed";
  if (schema.oneOf) return schema.discriminator ? "variants" : "json";
  if (schema.enum) return "choice";
  switch (schema.type) {
    case "boolean": return "truth";
    case "integer":
    case "number": return "number";
    case "string": return "text";
    case "object": return schema.properties ? "object" : "json";
    case "array": {
      const item = fieldOf(schema.items ?? {}, root);
      return item.kind === "number" ? "numbers" : item.kind === "text" || item.kind === "choice" ? "list" : "json";
    }
    default: return "json";
  }
}

/**
 * The fields of an object, without those that have one value only.
 *
 * @param {Schema} schema
 * @param {Schema} root
 * @returns {[string, Field][]}
 */
export function fieldsOf(schema, root) {
  const properties = resolved(schema, root).properties ?? {};
  return Object.entries(properties)
    .map(([name, one]) => /** @type {[string, Field]} */ ([name, fieldOf(one, root)]))
    .filter(([, field]) => field.kind !== "fixed");
}

/**
 * The members of a union that a name tells apart, in their order.
 *
 * @param {Schema} schema
 * @param {Schema} root
 * @returns {{ name: string, schema: Schema, description: string }[]}
 */
export function variantsOf(schema, root) {
  const key = schema.discriminator?.propertyName ?? "name";
  return (schema.oneOf ?? []).map((/** @type {Schema} */ one) => {
    const member = resolved(one, root);
    return { name: member.properties?.[key]?.const ?? "", schema: member, description: member.description ?? "" };
  });
}

/** @param {Schema} root @param {...string} path names of properties @returns {Schema} of what stands there */
export function at(root, ...path) {
  let found = root;
  for (const name of path) found = fieldOf(resolved(found, root).properties?.[name] ?? {}, root).schema;
  return found;
}

/** @param {string} name @returns {string} as it is written in the form */
export const worded = (name) => `${name.charAt(0).toUpperCase()}${name.slice(1).replaceAll("_", " ")}`;
