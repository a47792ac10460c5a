import type { Budget } from './budget.js';

/** What is printed, in order. */
export class Output {
  private readonly parts: string[] = [];
  private length = 0;

  constructor(private readonly budget: Budget) {}

  write(text: string): void {
    this.length += text.length;
    this.budget.spend(text.length / 256);
    if (this.length > 1 << 20) this.budget.text(this.length);
    this.parts.push(text);
  }

  toString(): string {
    return this.parts.join('');
  }
}
