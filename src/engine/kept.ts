/** Where each row's kept ids begin. */
export function keptOffsets(completions: Int32Array, counts: Int32Array): Int32Array {
  const offsets = new Int32Array(completions.length);
  for (let row = 0; row + 1 < completions.length; row++) {
    let at = offsets[row]!;
    for (let token = completions[row]!; token < completions[row + 1]!; token++) at += counts[token]!;
    offsets[row + 1] = at;
  }
  return offsets;
}
