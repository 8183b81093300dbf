import type { Outcome } from './bench-report.mjs';

/** An SVG document of the figures that have lines. */
export function chart(outcomes: readonly Outcome[]): string;

/** Text as it may stand in an element or an attribute. */
export function escapeXml(value: string): string;
