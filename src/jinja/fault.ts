/**
 * What stopped a template. `syntax`: it is not Jinja; `refusal`: it says itself that it will not render this
 * (raise_exception); `limit`: it asks for more than the budget; `unsupported`: it needs a part of Jinja or Python that is left
 * out here; `failure`: anything else that Jinja would raise.
 */
export type FaultKind = 'syntax' | 'refusal' | 'limit' | 'unsupported' | 'failure';

/** A template's own fault. The line (from 1) is that of the tag that was being read or rendered. */
export class TemplateFault extends Error {
  constructor(
    readonly kind: FaultKind,
    message: string,
    public line?: number,
  ) {
    super(message);
  }
}

/** A failure as Python would name it; the line is added where it is known. */
export function failure(message: string): TemplateFault {
  return new TemplateFault('failure', message);
}

export function unsupported(what: string): TemplateFault {
  return new TemplateFault('unsupported', `uses ${what}, which is not supported here`);
}
