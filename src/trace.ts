/** Told of each decision in one line of plain text, without secrets; feeds KRB5_TRACE and tests. */
export type Trace = (line: string) => void;
