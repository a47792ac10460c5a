/** A fixed pseudo-random number of 32 bits for a symbol at the point `index`: a counter's hash, the same in every run. */
export function draw(name: string, index: number): number {
  let hash = 0x811c9dc5 ^ Math.imul(index + 1, 0x9e3779b9);
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}
