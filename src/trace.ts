/**
 * Called with each decision in one line of plain text, without secrets, and with its facts; feeds KRB5_TRACE and
 * `tried`.
 */
export type Trace = (line: string, fact?: Fact) => void;

/**
 * The facts of a decision, from which a failure can be explained. Enctypes and padata types are numbers, offsets
 * milliseconds.
 */
export type Fact =
  /** Configuration was read; `from` says what named the files; those in `skipped` do not exist or cannot be read. */
  | {
      readonly kind: 'config';
      readonly files: readonly string[];
      readonly from: string;
      readonly skipped: readonly string[];
    }
  /** A realm was chosen; `found` says why, such as `default_realm, /etc/krb5.conf:2`. */
  | { readonly kind: 'realm'; readonly realm: string; readonly found: string }
  /** DNS was queried; `failure` says why it did not answer. */
  | {
      readonly kind: 'lookup';
      readonly query: string;
      readonly answers: readonly string[];
      readonly failure?: string;
    }
  /** The servers of a realm, best first. */
  | {
      readonly kind: 'servers';
      readonly realm: string;
      readonly service: string;
      readonly servers: readonly { readonly server: string; readonly found?: string | undefined }[];
    }
  /** A request is about to be sent to a realm's servers, which may still have to be found. */
  | { readonly kind: 'exchange'; readonly realm: string }
  /** None of the servers has answered. */
  | { readonly kind: 'unanswered'; readonly realm: string }
  | ({ readonly kind: 'sent'; readonly bytes: number } & AttemptFact)
  | ({ readonly kind: 'answered'; readonly bytes: number } & AttemptFact)
  | ({ readonly kind: 'failed'; readonly reason: string } & AttemptFact)
  | {
      readonly kind: 'request';
      readonly message: 'AS-REQ' | 'TGS-REQ';
      readonly client: string;
      readonly server: string;
      readonly realm: string;
      readonly enctypes: readonly number[];
      readonly fast: boolean;
    }
  /** A KDC answered KRB-ERROR; `offset` is its clock minus ours. */
  | {
      readonly kind: 'kdc-error';
      readonly realm: string;
      readonly number: number;
      readonly name: string;
      readonly text?: string | undefined;
      readonly offset: number;
    }
  /** The padata types that a KDC offers. */
  | { readonly kind: 'offers'; readonly padataTypes: readonly number[] }
  /** The enctypes for which a KDC has keys of the client, and the chosen one; none if none is permitted. */
  | {
      readonly kind: 'hints';
      readonly enctypes: readonly number[];
      readonly enctype?: number | undefined;
      readonly salt?: string | undefined;
      /** Whether the salt is the default one, made of principal and realm. */
      readonly usualSalt?: boolean | undefined;
    }
  | { readonly kind: 'mechanism'; readonly padataType: number; readonly name: string }
  | { readonly kind: 'mechanism-failed'; readonly padataType: number; readonly reason: string }
  /** The client's keys in a keytab; if it has none, the principals whose keys it has. */
  | {
      readonly kind: 'keytab';
      readonly principal: string;
      readonly keys: readonly KeytabFact[];
      readonly others: readonly string[];
    }
  /** The client's key that was used. */
  | {
      readonly kind: 'key';
      readonly source: 'password' | 'keytab';
      readonly enctype: number;
      readonly kvno?: number | undefined;
    }
  /** The key that a reply or a ticket is sealed in, as its sender states. */
  | {
      readonly kind: 'sealed';
      readonly what: string;
      readonly enctype: number;
      readonly kvno?: number | undefined;
    }
  /** The KDC's clock minus ours, when it is followed or refused. */
  | { readonly kind: 'clock'; readonly offset: number }
  | { readonly kind: 'referral'; readonly realm: string };

/** A server that was tried, such as `udp 127.0.0.1:88`. */
interface AttemptFact {
  readonly target: string;
  /** How the server was found, such as `kdc, /etc/krb5.conf:14`. */
  readonly found?: string | undefined;
}

/** A key in a keytab. */
export interface KeytabFact {
  readonly kvno: number;
  readonly enctype: number;
  /** When the key was added to the keytab. */
  readonly time: Date;
}

/** A decision, and when it was made. */
export interface Decision {
  readonly time: Date;
  readonly text: string;
  readonly fact?: Fact;
}

/** More than any exchange makes. */
const MAX_DECISIONS = 1000;

/** A trace that stores the first thousand decisions in `decisions`, and passes all of them to `onward`. */
export function recordDecisions(
  now: () => Date,
  onward?: Trace,
): { readonly decisions: Decision[]; readonly trace: Trace } {
  const decisions: Decision[] = [];
  return {
    decisions,
    trace(text, fact) {
      if (decisions.length < MAX_DECISIONS) decisions.push({ time: now(), text, ...(fact && { fact }) });
      onward?.(text, fact);
    },
  };
}
