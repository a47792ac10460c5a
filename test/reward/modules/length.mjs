/** Right in its own way: the length of the completion; null for an empty one. */
export default ({ completion }) => (completion === '' ? null : completion.length);
