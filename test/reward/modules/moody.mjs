/** Does whatever the completion says. */
export default async ({ completion, problem, finish, language }) => {
  if (completion === 'throw') throw new TypeError('no such thing');
  if (completion === 'nan') return NaN;
  if (completion === 'text') return 'good';
  if (completion === 'loop') for (;;);
  if (completion === 'wait') return new Promise(() => {});
  if (completion === 'exit') process.exit(3);
  if (completion === 'later')
    setTimeout(() => {
      throw new Error('from a timer');
    }, 0);
  if (completion === 'later') return new Promise(() => {});
  return problem.id === 'seen' && finish === 'stop' && language.total >= 0 ? 1 : 0.5;
};
