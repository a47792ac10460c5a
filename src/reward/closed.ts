import { GlossaError } from '../base/error.js';

export function closedError(): GlossaError {
  return new GlossaError('GRADER_CLOSED', 'the grader was closed before this batch was graded');
}
