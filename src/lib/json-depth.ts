const quote = 0x22;
const backslash = 0x5c;
const openBracket = 0x5b;
const closeBracket = 0x5d;
const openBrace = 0x7b;
const closeBrace = 0x7d;

/**
 * Whether a JSON text nests its lists and objects more than `limit` levels deep. Does not recurse, and reads the text before
 * it is parsed: ten million brackets would parse into half a gigabyte. Of what is no JSON it says either.
 */
export function isNestedDeeperThan(text: string, limit: number): boolean {
  // Searched natively, in 0.5 µs for 5 KB; the loop below takes 6.
  if (!hasMoreBracketsThan(text, limit)) return false;
  let depth = 0;
  for (let index = 0; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) index = endOfString(text, index);
    else if (code === openBrace || code === openBracket) depth += 1;
    else if (code === closeBrace || code === closeBracket) depth -= 1;
    if (depth > limit) return true;
  }
  return false;
}

function hasMoreBracketsThan(text: string, limit: number): boolean {
  let found = 0;
  for (const bracket of ["[", "{"])
    for (let at = text.indexOf(bracket); at !== -1; at = text.indexOf(bracket, at + 1)) {
      found += 1;
      if (found > limit) return true;
    }
  return false;
}

function endOfString(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index += 1) {
    const code = text.charCodeAt(index);
    if (code === quote) return index;
    if (code === backslash) index += 1;
  }
  return text.length;
}
