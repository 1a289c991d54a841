// The toolkit's templates: `{$inputs.x}`, `{$prev.name.…}`, `{$request.…}`, `{$function.generic.generateID}`.
import { randomUUID } from "node:crypto";

const FUNCTIONS = { "generic.generateID": () => randomUUID(), "generic.curDate": () => new Date().toUTCString() };

/** The parts of `a.b['c'].d`. */
const parts = (path) => [...path.matchAll(/\[['"]([^'"]+)['"]\]|\[(\d+)\]|([^.[\]]+)/g)].map(([, quoted, number, plain]) => quoted ?? number ?? plain);

const dig = (root, path) => parts(path).reduce((value, part) => value?.[part], root);

/** A text with everything known put in; what is not known stays as it is. */
export function text(source, known) {
  return source.replace(/\{\$([a-zA-Z]+)\.((?:[^{}'"]|'[^']*'|"[^"]*")+)\}/g, (whole, kind, path) => {
    if (kind === "function") return FUNCTIONS[path.trim()]?.() ?? whole;
    const value = dig(known[kind], path.trim());
    if (value === undefined) return whole;
    return typeof value === "object" ? JSON.stringify(value) : String(value);
  });
}

/** The same for everything in a value. */
export function deep(value, known) {
  if (typeof value === "string") return text(value, known);
  if (Array.isArray(value)) return value.map((one) => deep(one, known));
  if (value && typeof value === "object") return Object.fromEntries(Object.entries(value).map(([name, one]) => [name, deep(one, known)]));
  return value;
}

/** Headers that are found however their names are written. */
export function headers(plain) {
  const lower = Object.fromEntries(Object.entries(plain ?? {}).map(([name, value]) => [name.toLowerCase(), value]));
  return new Proxy(plain ?? {}, { get: (target, name) => (typeof name === "string" ? (target[name] ?? lower[name.toLowerCase()]) : target[name]) });
}
