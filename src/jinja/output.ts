import type { Budget } from './budget.js';

/** What is printed, in order. */
export class Output {
  private readonly parts: string[] = [];
  private length = 0;

  constructor(private readonly budget: Budget) {}

  write(text: string): void {
    this.length += text.length;
    this.budget.text(text.length);
    this.budget.checkText(this.length);
    this.parts.push(text);
  }

  toString(): string {
    return this.parts.join('');
  }
}
