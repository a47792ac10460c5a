/** `org/name` of a model that lies in the hub's cache (`models--org--name`). */
export function hubName(path: string | undefined): string | undefined {
  const [, org, name] = /(?:^|[/\\])models--([^/\\]+?)--([^/\\]+)(?:[/\\]|$)/.exec(path ?? '') ?? [];
  return org === undefined ? undefined : `${org}/${name!}`;
}
