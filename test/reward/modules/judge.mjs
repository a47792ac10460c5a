/** Right where the completion holds the gold answer; says what it is told to say otherwise. */
export default async ({ problem, completion, ...rest }) => {
  if (Object.keys(rest).join() !== 'finish') throw new Error(`given ${Object.keys(rest).join()}`);
  if (completion === 'throw') throw new TypeError('no verdict');
  if (completion === 'one') return 1;
  if (completion === 'null') return null;
  return completion.includes(problem.answer);
};
