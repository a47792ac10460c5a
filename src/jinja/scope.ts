import type { Value } from './values.js';

/** Names and their values, inside the scope around it. */
export class Scope {
  private readonly values = new Map<string, Value>();
  /** A template's own scope, whose variables its blocks see. */
  readonly top: Scope;

  constructor(
    private readonly parent?: Scope,
    isTop = false,
  ) {
    this.top = isTop || parent === undefined ? this : parent.top;
  }

  get(name: string): Value | undefined {
    return this.values.get(name) ?? (this.values.has(name) ? null : this.parent?.get(name));
  }

  set(name: string, value: Value): void {
    this.values.set(name, value);
  }
}
