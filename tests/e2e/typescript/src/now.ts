export function now(): string {
  return new Date(0).toISOString();
}
