/** Which page of a list is asked for: at most `limit` rows, those after the row with the uuid `cursor`. */
export interface PageRequest {
  readonly limit: number;
  readonly cursor?: string | undefined;
}
