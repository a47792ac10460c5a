/** Text whose bytes were not UTF-8, in files that hold typed text (Parquet). */
export class InvalidText {
  constructor(readonly invalidAt: number) {}
}
